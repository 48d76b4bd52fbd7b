-- +goose Up
-- +goose StatementBegin

-- What a player tells the hub to register a character. A key is good once, and only for
-- giving its user a name, so it is kept as the page shows it again.
CREATE TABLE registration_keys (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL UNIQUE CHECK (length(key) = 12 AND key NOT GLOB '*[^0-9A-HJKMNP-TV-Z]*'),
    expires_at INTEGER NOT NULL -- microseconds
) STRICT;

-- Players of games who are people of this network.
CREATE TABLE characters (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    game_id     INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 64), -- as the game spells it
    folded      TEXT    NOT NULL, -- the name in lower case, in which names are compared
    state       TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'denied', 'vetoed', 'withdrawn')),
    reason      TEXT    CHECK (length(reason) BETWEEN 1 AND 200), -- of the veto
    created_at  INTEGER NOT NULL, -- microseconds
    approved_at INTEGER, -- microseconds; NULL: the person has not approved it; a veto leaves it
    decided_at  INTEGER, -- microseconds; when the state came to be
    decided_by  TEXT,
    CHECK ((state = 'pending') = (decided_at IS NULL)),
    CHECK ((state = 'vetoed') = (reason IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX characters_held ON characters (game_id, folded) WHERE state IN ('pending', 'approved', 'vetoed');
CREATE INDEX characters_game ON characters (game_id, folded);
CREATE INDEX characters_user ON characters (user_id);

-- What became of characters, for the server that runs on the file: it tells games and
-- players. Only the newest are kept.
CREATE TABLE character_changes (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id INTEGER NOT NULL, -- it may be gone
    user_id INTEGER NOT NULL, -- so may the user
    name    TEXT    NOT NULL,
    was     TEXT, -- state; NULL: it was not there
    state   TEXT, -- NULL: it is gone
    reason  TEXT
) STRICT;

CREATE TRIGGER characters_insert AFTER INSERT ON characters BEGIN
    INSERT INTO character_changes (game_id, user_id, name, state, reason)
    VALUES (NEW.game_id, NEW.user_id, NEW.name, NEW.state, NEW.reason);
END;

CREATE TRIGGER characters_update AFTER UPDATE OF state, reason ON characters
WHEN OLD.state <> NEW.state OR OLD.reason IS NOT NEW.reason
BEGIN
    INSERT INTO character_changes (game_id, user_id, name, was, state, reason)
    VALUES (NEW.game_id, NEW.user_id, NEW.name, OLD.state, NEW.state, NEW.reason);
END;

CREATE TRIGGER characters_delete AFTER DELETE ON characters
WHEN OLD.state IN ('pending', 'approved', 'vetoed')
BEGIN
    INSERT INTO character_changes (game_id, user_id, name, was)
    VALUES (OLD.game_id, OLD.user_id, OLD.name, OLD.state);
END;

-- Beside the foreign keys, which the sqlite3 shell does not mind.
CREATE TRIGGER games_drop_characters AFTER DELETE ON games BEGIN
    DELETE FROM characters WHERE game_id = OLD.id;
END;

CREATE TRIGGER users_drop_characters AFTER DELETE ON users BEGIN
    DELETE FROM characters WHERE user_id = OLD.id;
    DELETE FROM registration_keys WHERE user_id = OLD.id;
END;

-- +goose StatementEnd
