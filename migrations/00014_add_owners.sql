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

-- Games whose owners give them to somebody else, who has still to accept.
CREATE TABLE transfers (
    game_id    INTEGER PRIMARY KEY REFERENCES games (id) ON DELETE CASCADE,
    to_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    made_by    TEXT    CHECK (length(made_by) <= 100), -- as in audit
    created_at INTEGER NOT NULL -- microseconds
) STRICT;
CREATE INDEX transfers_to ON transfers (to_id);

CREATE TRIGGER games_transfer AFTER UPDATE OF owner_id ON games
WHEN OLD.owner_id IS NOT NEW.owner_id
BEGIN
    DELETE FROM transfers WHERE game_id = NEW.id;
END;

-- Beside the foreign keys, which the sqlite3 shell does not mind.
CREATE TRIGGER games_drop_transfers AFTER DELETE ON games BEGIN
    DELETE FROM transfers WHERE game_id = OLD.id;
END;

CREATE TRIGGER users_drop_transfers AFTER DELETE ON users BEGIN
    DELETE FROM transfers WHERE to_id = OLD.id;
END;

-- +goose StatementEnd
