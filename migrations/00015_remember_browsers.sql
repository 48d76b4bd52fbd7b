-- +goose Up
-- +goose StatementBegin

-- Browsers that have signed in to an account before. Wrong passwords that come from elsewhere
-- do not keep such a browser from trying. It is signed in by a session alone.
CREATE TABLE browsers (
    hash       BLOB    PRIMARY KEY, -- SHA-256 of the token in the browser's cookie
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL -- microseconds
) STRICT;
CREATE INDEX browsers_user ON browsers (user_id);

-- Beside the foreign key, which the sqlite3 shell does not mind.
CREATE TRIGGER users_drop_browsers AFTER DELETE ON users BEGIN
    DELETE FROM browsers WHERE user_id = OLD.id;
END;

-- +goose StatementEnd
