-- +goose Up
-- +goose StatementBegin

-- Who has registered a game may have to wait for an operator. Such a game is suspended, and
-- in no list; whatever ends the suspension approves it. It is no part of the record.
ALTER TABLE games ADD COLUMN waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1));

CREATE INDEX games_waiting ON games (id) WHERE waits;

CREATE TRIGGER games_approve AFTER UPDATE OF suspended ON games
WHEN NEW.waits AND NOT NEW.suspended
BEGIN
    UPDATE games SET waits = 0 WHERE id = NEW.id;
END;

-- +goose StatementEnd
