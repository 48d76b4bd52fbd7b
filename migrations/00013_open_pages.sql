-- +goose Up
-- +goose StatementBegin

-- What the public pages show of games and channels. Neither is part of a record.
ALTER TABLE games ADD COLUMN hide_players INTEGER NOT NULL DEFAULT 0 CHECK (hide_players IN (0, 1));
ALTER TABLE channels ADD COLUMN readable INTEGER NOT NULL DEFAULT 0 CHECK (readable IN (0, 1)); -- by anybody, in a browser

UPDATE channels SET readable = 1 WHERE NOT hidden;

CREATE INDEX events_end ON events (end_date);

-- +goose StatementEnd
