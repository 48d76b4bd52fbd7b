-- +goose Up
-- +goose StatementBegin

-- Who did it from where, and which keys of the subject differ: JSON objects.
ALTER TABLE audit ADD COLUMN address TEXT;      -- of the browser
ALTER TABLE audit ADD COLUMN before_state TEXT; -- NULL: it was not there, or nothing differs
ALTER TABLE audit ADD COLUMN after_state TEXT;  -- NULL: it is gone, or nothing differs

ALTER TABLE users ADD COLUMN password_at INTEGER NOT NULL DEFAULT 0;     -- microseconds; when the password was set
ALTER TABLE users ADD COLUMN seen_at INTEGER;                            -- microseconds; last login
ALTER TABLE users ADD COLUMN totp_secret TEXT;                           -- base32; NULL: a login takes the password alone
ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;       -- the last one used: no code counts twice

-- What stands in for a lost second factor, each once.
CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256
    PRIMARY KEY (user_id, hash)
) STRICT;

-- Browsers that are signed in.
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address    TEXT    NOT NULL,
    agent      TEXT    NOT NULL, -- what the browser calls itself
    created_at INTEGER NOT NULL, -- microseconds
    seen_at    INTEGER NOT NULL, -- microseconds, a minute late at most
    expires_at INTEGER NOT NULL  -- microseconds
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);

-- Links that work once: to make the first admin, or to set a password.
CREATE TABLE links (
    hash       BLOB    PRIMARY KEY NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the token
    user_id    INTEGER UNIQUE REFERENCES users (id) ON DELETE CASCADE,  -- NULL: there is no user yet
    expires_at INTEGER NOT NULL -- microseconds
) STRICT;

ALTER TABLE games ADD COLUMN owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE games ADD COLUMN suspended_reason TEXT CHECK (length(suspended_reason) BETWEEN 1 AND 200);
ALTER TABLE games ADD COLUMN suspended_until INTEGER; -- microseconds; NULL: until somebody ends it
ALTER TABLE applications ADD COLUMN suspended_reason TEXT CHECK (length(suspended_reason) BETWEEN 1 AND 200);
ALTER TABLE applications ADD COLUMN suspended_until INTEGER; -- microseconds
CREATE INDEX games_owner ON games (owner_id) WHERE owner_id IS NOT NULL;

-- What will be removed unless somebody takes it back.
CREATE TABLE removals (
    kind    TEXT    NOT NULL CHECK (kind IN ('game', 'channel', 'application')),
    name    TEXT    NOT NULL,
    due_at  INTEGER NOT NULL, -- microseconds
    actor   TEXT    NOT NULL,
    address TEXT,
    PRIMARY KEY (kind, name)
) STRICT;

-- +goose StatementEnd
