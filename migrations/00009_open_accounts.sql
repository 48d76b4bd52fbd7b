-- +goose Up
-- +goose StatementBegin

-- Players have accounts, too. A CHECK is changed by making the table anew, with the same
-- rows and, even if the last of them was taken away, the same next id. Who is here
-- already is approved.
CREATE TABLE users_before AS SELECT * FROM users;
CREATE TABLE sequence_before AS SELECT seq FROM sqlite_sequence WHERE name = 'users';
DROP TABLE users;
CREATE TABLE users (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    username          TEXT    NOT NULL COLLATE NOCASE UNIQUE
                      CHECK (length(username) BETWEEN 3 AND 50 AND username NOT GLOB '*[^A-Za-z0-9-]*'),
    password_hash     TEXT    NOT NULL, -- argon2id, PHC string
    role              TEXT    NOT NULL DEFAULT 'admin' CHECK (role IN ('admin', 'moderator', 'person')),
    created_at        INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000000), -- microseconds
    password_at       INTEGER NOT NULL DEFAULT 0, -- microseconds; when the password was set
    seen_at           INTEGER, -- microseconds; last login
    totp_secret       TEXT,    -- base32; NULL: a login takes the password alone
    totp_step         INTEGER NOT NULL DEFAULT 0, -- the last one used: no code counts twice
    email             TEXT    COLLATE NOCASE CHECK (length(email) BETWEEN 3 AND 254 AND email GLOB '?*@?*' AND email NOT GLOB '*[ ' || char(9, 10, 13) || ']*'),
    email_verified_at INTEGER, -- microseconds; NULL: nobody has proved to read what is sent there
    approved_at       INTEGER DEFAULT (strftime('%s', 'now') * 1000000), -- microseconds; NULL: waits for an operator
    banned_at         INTEGER, -- microseconds
    banned_reason     TEXT    CHECK (length(banned_reason) BETWEEN 1 AND 200),
    banned_until      INTEGER, -- microseconds; NULL: until somebody lifts the ban
    CHECK (email IS NOT NULL OR email_verified_at IS NULL),
    CHECK ((banned_at IS NULL) = (banned_reason IS NULL)),
    CHECK (banned_at IS NOT NULL OR banned_until IS NULL)
) STRICT;
INSERT INTO users (id, username, password_hash, role, created_at, password_at, seen_at, totp_secret, totp_step, approved_at)
SELECT id, username, password_hash, role, created_at, password_at, seen_at, totp_secret, totp_step, created_at FROM users_before ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'users';
INSERT INTO sqlite_sequence (name, seq) SELECT 'users', seq FROM sequence_before;
DROP TABLE users_before;
DROP TABLE sequence_before;
CREATE UNIQUE INDEX users_verified ON users (email) WHERE email_verified_at IS NOT NULL;
CREATE INDEX users_waiting ON users (id) WHERE approved_at IS NULL;

-- With one of these a person signs up, once.
CREATE TABLE invites (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token
    made_by    TEXT    NOT NULL, -- as in audit
    created_at INTEGER NOT NULL, -- microseconds
    expires_at INTEGER NOT NULL, -- microseconds
    used_at    INTEGER,          -- microseconds; NULL: nobody has used it
    used_by    INTEGER REFERENCES users (id) ON DELETE SET NULL
) STRICT;

-- With one of these a user proves to read what is sent to an address, once.
CREATE TABLE email_links (
    hash       BLOB    PRIMARY KEY NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the token
    user_id    INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    email      TEXT    NOT NULL,
    expires_at INTEGER NOT NULL -- microseconds
) STRICT;

-- Names of accounts that were closed lately: nobody takes them over at once.
CREATE TABLE closed_names (
    hash    BLOB    PRIMARY KEY NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the name in lower case
    free_at INTEGER NOT NULL -- microseconds
) STRICT;

-- What is on record never changes, except that an address can be forgotten: it is personal.
DROP TRIGGER audit_keep;
CREATE TRIGGER audit_keep BEFORE UPDATE ON audit
WHEN NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor OR NEW.action IS NOT OLD.action OR NEW.subject IS NOT OLD.subject
  OR NEW.before_state IS NOT OLD.before_state OR NEW.after_state IS NOT OLD.after_state
  OR NEW.address IS NOT NULL OR OLD.address IS NULL
BEGIN
    SELECT RAISE(ABORT, 'audit: what is on record never changes');
END;

-- +goose StatementEnd
