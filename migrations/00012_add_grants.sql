-- +goose Up
-- +goose StatementBegin

-- Login at games' sites (OAuth 2.0). The client is the game, with its own credentials.

-- Whom sites know a user as, for ever; the row's number is nobody's business.
CREATE TABLE subjects (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    uid     TEXT    NOT NULL UNIQUE CHECK (length(uid) = 36) -- UUID
) STRICT;

-- What users let games' sites know of them, until they take it back.
CREATE TABLE grants (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    game_id      INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    scope        TEXT    NOT NULL CHECK (scope IN ('profile', 'email', 'profile email')), -- all that was ever approved
    created_at   INTEGER NOT NULL, -- microseconds
    last_used_at INTEGER,          -- microseconds, a minute late at most; NULL: no code was exchanged
    UNIQUE (user_id, game_id)
) STRICT;
CREATE INDEX grants_game ON grants (game_id);

-- One login each: the code begins it, refresh tokens prolong it, and without its row
-- nothing that came of the code is good.
CREATE TABLE grant_codes (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    grant_id        INTEGER NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    hash            BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the code
    redirect_uri    TEXT    NOT NULL CHECK (length(redirect_uri) BETWEEN 1 AND 255),
    scope           TEXT    NOT NULL CHECK (scope IN ('profile', 'email', 'profile email')),
    challenge       TEXT    CHECK (length(challenge) = 43), -- S256; NULL: none, the secret is needed
    created_at      INTEGER NOT NULL, -- microseconds
    expires_at      INTEGER NOT NULL, -- microseconds
    used_at         INTEGER,          -- microseconds
    with_secret     INTEGER NOT NULL DEFAULT 0 CHECK (with_secret IN (0, 1)), -- used with the secret: then refreshing takes it too
    family_hash     BLOB    UNIQUE CHECK (length(family_hash) = 32), -- SHA-256 of what its refresh tokens share
    refresh_hash    BLOB    CHECK (length(refresh_hash) = 32),       -- SHA-256 of the one that is good
    refresh_ends_at INTEGER,          -- microseconds
    CHECK ((used_at IS NULL) = (family_hash IS NULL) AND (used_at IS NULL) = (refresh_hash IS NULL)
        AND (used_at IS NULL) = (refresh_ends_at IS NULL))
) STRICT;
CREATE INDEX grant_codes_grant ON grant_codes (grant_id);

-- Access tokens.
CREATE TABLE grant_tokens (
    hash       BLOB    PRIMARY KEY NOT NULL CHECK (length(hash) = 32), -- SHA-256
    code_id    INTEGER NOT NULL REFERENCES grant_codes (id) ON DELETE CASCADE,
    scope      TEXT    NOT NULL CHECK (scope IN ('profile', 'email', 'profile email')),
    expires_at INTEGER NOT NULL -- microseconds
) STRICT;
CREATE INDEX grant_tokens_code ON grant_tokens (code_id);

-- +goose StatementEnd
