-- +goose Up
-- +goose StatementBegin

-- Booleans are 0 and 1. Times are INTEGER microseconds since 1970, UTC. Ids are
-- never used twice (AUTOINCREMENT): applications remember them.
--
-- Whoever writes here, be it this program or the sqlite3 shell, the triggers log
-- it. They use nothing that an SQLite of 2022 does not have.

PRAGMA application_id = 1213354841; -- "HRSY"

CREATE TABLE channels (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL COLLATE NOCASE UNIQUE
                CHECK (length(name) BETWEEN 3 AND 15 AND name NOT GLOB '*[^A-Za-z_-]*'),
    description TEXT    CHECK (description <> '' AND length(description) <= 2000 AND instr(description, char(13)) = 0),
    hidden      INTEGER NOT NULL DEFAULT 1 CHECK (hidden IN (0, 1)),
    keep_days   INTEGER NOT NULL DEFAULT 30 CHECK (keep_days BETWEEN 0 AND 36500) -- 0: no message is logged
) STRICT;

CREATE TABLE games (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    short_name         TEXT    NOT NULL COLLATE NOCASE UNIQUE
                       CHECK (length(short_name) BETWEEN 1 AND 15 AND short_name NOT GLOB '*[^A-Za-z0-9]*'),
    name               TEXT    NOT NULL COLLATE NOCASE UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    display            INTEGER NOT NULL DEFAULT 1 CHECK (display IN (0, 1)),
    description        TEXT    CHECK (description <> '' AND length(description) <= 2000 AND instr(description, char(13)) = 0),
    homepage_url       TEXT    CHECK (length(homepage_url) BETWEEN 1 AND 255),
    tagline            TEXT    CHECK (length(tagline) BETWEEN 1 AND 200),
    user_agent         TEXT    CHECK (length(user_agent) BETWEEN 1 AND 255),
    user_agent_url     TEXT    CHECK (length(user_agent_url) BETWEEN 1 AND 255),
    version            TEXT    CHECK (length(version) BETWEEN 1 AND 255),
    allow_character_registration INTEGER NOT NULL DEFAULT 1 CHECK (allow_character_registration IN (0, 1)),
    suspended          INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)),
    last_seen_at       INTEGER, -- microseconds
    mssp_last_seen_at  INTEGER, -- microseconds
    client_id          TEXT    NOT NULL UNIQUE DEFAULT (lower(
                           hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
                           || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    secret_hash        BLOB    CHECK (length(secret_hash) = 32), -- SHA-256; NULL: nobody can authenticate
    secret_used_at     INTEGER, -- microseconds
    old_secret_hash    BLOB    CHECK (length(old_secret_hash) = 32), -- the one before the last rotation
    old_secret_used_at INTEGER, -- microseconds
    old_secret_ends_at INTEGER, -- microseconds; from then on the old one is refused
    created_at         INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000000) -- microseconds
) STRICT;

CREATE INDEX games_suspended ON games (id) WHERE suspended;

CREATE TABLE connections (
    id      TEXT    PRIMARY KEY NOT NULL DEFAULT (lower(
                hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
                || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    game_id INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    type    TEXT    NOT NULL CHECK (type IN ('web', 'telnet', 'secure telnet')),
    url     TEXT    CHECK (length(url) BETWEEN 1 AND 255),
    host    TEXT    CHECK (length(host) BETWEEN 1 AND 255),
    port    INTEGER CHECK (port BETWEEN 1 AND 65535),
    CHECK (CASE type WHEN 'web' THEN url IS NOT NULL AND host IS NULL AND port IS NULL
                     ELSE url IS NULL AND host IS NOT NULL AND port IS NOT NULL END)
) STRICT;
CREATE INDEX connections_game ON connections (game_id);

CREATE TABLE redirect_uris (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    uri     TEXT    NOT NULL CHECK (length(uri) BETWEEN 1 AND 255),
    UNIQUE (game_id, uri)
) STRICT;

CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id     INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    title       TEXT    NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description TEXT    CHECK (description <> '' AND length(description) <= 2000 AND instr(description, char(13)) = 0),
    start_date  TEXT    NOT NULL CHECK (date(start_date) IS start_date), -- YYYY-MM-DD
    end_date    TEXT    NOT NULL CHECK (date(end_date) IS end_date AND end_date >= start_date)
) STRICT;
CREATE INDEX events_game ON events (game_id);

CREATE TABLE achievements (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id          INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    key              TEXT    NOT NULL UNIQUE DEFAULT (lower(
                         hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
                         || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    title            TEXT    NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description      TEXT    CHECK (length(description) <= 1000),
    points           INTEGER NOT NULL DEFAULT 0 CHECK (points BETWEEN 0 AND 100),
    display          INTEGER NOT NULL DEFAULT 1 CHECK (display IN (0, 1)),
    partial_progress INTEGER NOT NULL DEFAULT 0 CHECK (partial_progress IN (0, 1)),
    total_progress   INTEGER,
    CHECK (NOT partial_progress OR coalesce(total_progress, 0) >= 1)
) STRICT;
CREATE INDEX achievements_game ON achievements (game_id, title);

CREATE TABLE applications (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    short_name         TEXT    NOT NULL COLLATE NOCASE UNIQUE
                       CHECK (length(short_name) BETWEEN 1 AND 15 AND short_name NOT GLOB '*[^A-Za-z0-9]*'),
    name               TEXT    NOT NULL COLLATE NOCASE UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    sync_form          TEXT    NOT NULL DEFAULT 'records' CHECK (sync_form IN ('records', 'versions')),
    credentials        INTEGER NOT NULL DEFAULT 0 CHECK (credentials IN (0, 1)), -- may see the hashes of secrets
    suspended          INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)),
    last_seen_at       INTEGER, -- microseconds
    client_id          TEXT    NOT NULL UNIQUE DEFAULT (lower(
                           hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
                           || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
    secret_hash        BLOB    CHECK (length(secret_hash) = 32),
    secret_used_at     INTEGER, -- microseconds
    old_secret_hash    BLOB    CHECK (length(old_secret_hash) = 32),
    old_secret_used_at INTEGER, -- microseconds
    old_secret_ends_at INTEGER, -- microseconds
    created_at         INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000000) -- microseconds
) STRICT;

-- Words that are no name: of a channel, or of a game or application.
CREATE TABLE blocks (
    kind TEXT NOT NULL CHECK (kind IN ('channel', 'name')),
    word TEXT NOT NULL COLLATE NOCASE CHECK (length(word) BETWEEN 1 AND 100),
    PRIMARY KEY (kind, word)
) STRICT;

-- People who may run the hub from a browser.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT    NOT NULL COLLATE NOCASE UNIQUE
                  CHECK (length(username) BETWEEN 3 AND 50 AND username NOT GLOB '*[^A-Za-z0-9-]*'),
    password_hash TEXT    NOT NULL, -- argon2id, PHC string
    role          TEXT    NOT NULL DEFAULT 'admin' CHECK (role IN ('admin', 'moderator')),
    created_at    INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000000) -- microseconds
) STRICT;

-- What operators did.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL, -- microseconds
    actor   TEXT    NOT NULL, -- "cli:NAME" is the system's user of that name
    action  TEXT    NOT NULL, -- "game edit"
    subject TEXT    NOT NULL  -- the short name, channel name, …
) STRICT;

-- The chat log. Its order is the order of delivery.
CREATE TABLE messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id INTEGER NOT NULL,
    game       TEXT    NOT NULL, -- short name of the sender's game or application
    name       TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    sent_at    INTEGER NOT NULL  -- microseconds
) STRICT;
CREATE INDEX messages_channel ON messages (channel_id, id);

-- The log of records: what applications are fed from.
CREATE TABLE versions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL CHECK (kind IN ('channels', 'games', 'events', 'achievements')),
    record_id   INTEGER NOT NULL,
    game_id     INTEGER, -- of events and achievements
    action      TEXT    NOT NULL CHECK (action IN ('create', 'update', 'delete')),
    payload     TEXT    NOT NULL, -- the record as JSON; after a delete its last state
    secret_hash BLOB,             -- of games, for applications with the scope credentials
    logged_at   INTEGER NOT NULL UNIQUE, -- microseconds, strictly increasing
    created_at  INTEGER NOT NULL  -- microseconds; when the record's first version was logged
) STRICT;
CREATE INDEX versions_record ON versions (kind, record_id, id);
CREATE INDEX versions_game ON versions (game_id, id) WHERE game_id IS NOT NULL;

-- The instant of the next version: now, but later than the last one.
CREATE VIEW clock AS
SELECT max(strftime('%s', 'now') * 1000000 + substr(strftime('%f', 'now'), 4, 3) * 1000,
           coalesce((SELECT max(logged_at) FROM versions), 0) + 1) AS now;

CREATE VIEW channel_records AS
SELECT id, NULL AS game_id, NULL AS secret_hash,
       json_object('id', id, 'name', name, 'description', description,
                   'hidden', json(CASE hidden WHEN 0 THEN 'false' ELSE 'true' END)) AS payload
FROM channels;

CREATE VIEW game_records AS
SELECT id, NULL AS game_id, secret_hash,
       json_object('id', id, 'game', short_name, 'display_name', name,
                   'display', json(CASE display WHEN 0 THEN 'false' ELSE 'true' END),
                   'description', description, 'homepage_url', homepage_url, 'tagline', tagline,
                   'user_agent', user_agent, 'user_agent_url', user_agent_url,
                   'connections', json((
                       SELECT json_group_array(json(CASE type
                           WHEN 'web' THEN json_object('id', id, 'type', type, 'url', url)
                           ELSE json_object('id', id, 'type', type, 'host', host, 'port', port) END))
                       FROM (SELECT * FROM connections WHERE game_id = games.id ORDER BY rowid))),
                   'redirect_uris', json((
                       SELECT json_group_array(uri)
                       FROM (SELECT uri FROM redirect_uris WHERE game_id = games.id ORDER BY id))),
                   'allow_character_registration', json(CASE allow_character_registration WHEN 0 THEN 'false' ELSE 'true' END),
                   'client_id', client_id, 'client_secret', 'redacted',
                   'last_seen_at', strftime('%Y-%m-%dT%H:%M:%SZ', last_seen_at / 1000000, 'unixepoch'),
                   'mssp_last_seen_at', strftime('%Y-%m-%dT%H:%M:%SZ', mssp_last_seen_at / 1000000, 'unixepoch')) AS payload
FROM games;

CREATE VIEW event_records AS
SELECT id, game_id, NULL AS secret_hash,
       json_object('id', id, 'game_id', game_id, 'title', title, 'description', description,
                   'start_date', start_date, 'end_date', end_date) AS payload
FROM events;

CREATE VIEW achievement_records AS
SELECT id, game_id, NULL AS secret_hash,
       json_object('id', id, 'game_id', game_id, 'key', key, 'title', title, 'description', description, 'points', points,
                   'display', json(CASE display WHEN 0 THEN 'false' ELSE 'true' END),
                   'partial_progress', json(CASE partial_progress WHEN 0 THEN 'false' ELSE 'true' END),
                   'total_progress', total_progress) AS payload
FROM achievements;

-- Every record as it is now.
CREATE VIEW records AS
SELECT 'channels' AS kind, id, game_id, secret_hash, payload FROM channel_records
UNION ALL SELECT 'games', id, game_id, secret_hash, payload FROM game_records
UNION ALL SELECT 'events', id, game_id, secret_hash, payload FROM event_records
UNION ALL SELECT 'achievements', id, game_id, secret_hash, payload FROM achievement_records;

-- An INSERT into this view logs the present state of a record.
CREATE VIEW log_entry AS SELECT kind, record_id, action FROM versions WHERE 0;

CREATE TRIGGER log_entry_insert INSTEAD OF INSERT ON log_entry BEGIN
    INSERT INTO versions (kind, record_id, game_id, action, payload, secret_hash, logged_at, created_at)
    SELECT NEW.kind, r.id, r.game_id, NEW.action, r.payload, r.secret_hash, clock.now,
           CASE NEW.action WHEN 'create' THEN clock.now ELSE coalesce(
               (SELECT created_at FROM versions WHERE kind = NEW.kind AND record_id = NEW.record_id ORDER BY id DESC LIMIT 1),
               clock.now) END
    FROM records AS r, clock
    WHERE r.kind = NEW.kind AND r.id = NEW.record_id;
END;

-- What is logged, and when. A change that changes nothing, or only last_seen_at,
-- version or suspended, is none. Names are compared with their letter case.

CREATE TRIGGER channels_insert AFTER INSERT ON channels BEGIN
    INSERT INTO log_entry VALUES ('channels', NEW.id, 'create');
END;

CREATE TRIGGER channels_update AFTER UPDATE OF name, description, hidden ON channels
WHEN OLD.name COLLATE BINARY IS NOT NEW.name
  OR OLD.description IS NOT NEW.description
  OR OLD.hidden IS NOT NEW.hidden
BEGIN
    INSERT INTO log_entry VALUES ('channels', NEW.id, 'update');
END;

CREATE TRIGGER channels_keep_id BEFORE UPDATE OF id ON channels WHEN OLD.id IS NOT NEW.id BEGIN
    SELECT RAISE(ABORT, 'channels: id never changes; add another record instead');
END;

CREATE TRIGGER channels_delete BEFORE DELETE ON channels BEGIN
    INSERT INTO log_entry VALUES ('channels', OLD.id, 'delete');
END;

CREATE TRIGGER events_insert AFTER INSERT ON events BEGIN
    INSERT INTO log_entry VALUES ('events', NEW.id, 'create');
END;

CREATE TRIGGER events_update AFTER UPDATE OF game_id, title, description, start_date, end_date ON events
WHEN OLD.game_id IS NOT NEW.game_id
  OR OLD.title IS NOT NEW.title
  OR OLD.description IS NOT NEW.description
  OR OLD.start_date IS NOT NEW.start_date
  OR OLD.end_date IS NOT NEW.end_date
BEGIN
    INSERT INTO log_entry VALUES ('events', NEW.id, 'update');
END;

CREATE TRIGGER events_keep_id BEFORE UPDATE OF id ON events WHEN OLD.id IS NOT NEW.id BEGIN
    SELECT RAISE(ABORT, 'events: id never changes; add another record instead');
END;

CREATE TRIGGER events_delete BEFORE DELETE ON events BEGIN
    INSERT INTO log_entry VALUES ('events', OLD.id, 'delete');
END;

CREATE TRIGGER achievements_insert AFTER INSERT ON achievements BEGIN
    INSERT INTO log_entry VALUES ('achievements', NEW.id, 'create');
END;

CREATE TRIGGER achievements_update AFTER UPDATE OF game_id, key, title, description, points, display, partial_progress, total_progress ON achievements
WHEN OLD.game_id IS NOT NEW.game_id
  OR OLD.key IS NOT NEW.key
  OR OLD.title IS NOT NEW.title
  OR OLD.description IS NOT NEW.description
  OR OLD.points IS NOT NEW.points
  OR OLD.display IS NOT NEW.display
  OR OLD.partial_progress IS NOT NEW.partial_progress
  OR OLD.total_progress IS NOT NEW.total_progress
BEGIN
    INSERT INTO log_entry VALUES ('achievements', NEW.id, 'update');
END;

CREATE TRIGGER achievements_keep_id BEFORE UPDATE OF id ON achievements WHEN OLD.id IS NOT NEW.id BEGIN
    SELECT RAISE(ABORT, 'achievements: id never changes; add another record instead');
END;

CREATE TRIGGER achievements_delete BEFORE DELETE ON achievements BEGIN
    INSERT INTO log_entry VALUES ('achievements', OLD.id, 'delete');
END;

CREATE TRIGGER games_insert AFTER INSERT ON games BEGIN
    INSERT INTO log_entry VALUES ('games', NEW.id, 'create');
END;

CREATE TRIGGER games_update AFTER UPDATE OF name, display, description, homepage_url, tagline, user_agent, user_agent_url, allow_character_registration, client_id, secret_hash, mssp_last_seen_at ON games
WHEN OLD.name COLLATE BINARY IS NOT NEW.name
  OR OLD.display IS NOT NEW.display
  OR OLD.description IS NOT NEW.description
  OR OLD.homepage_url IS NOT NEW.homepage_url
  OR OLD.tagline IS NOT NEW.tagline
  OR OLD.user_agent IS NOT NEW.user_agent
  OR OLD.user_agent_url IS NOT NEW.user_agent_url
  OR OLD.allow_character_registration IS NOT NEW.allow_character_registration
  OR OLD.client_id IS NOT NEW.client_id
  OR OLD.secret_hash IS NOT NEW.secret_hash
  OR OLD.mssp_last_seen_at IS NOT NEW.mssp_last_seen_at
BEGIN
    INSERT INTO log_entry VALUES ('games', NEW.id, 'update');
END;

CREATE TRIGGER games_keep_id BEFORE UPDATE OF id ON games WHEN OLD.id IS NOT NEW.id BEGIN
    SELECT RAISE(ABORT, 'games: id never changes; add another record instead');
END;

-- The shell has foreign_keys off, so this does not lean on them.
CREATE TRIGGER games_delete BEFORE DELETE ON games BEGIN
    DELETE FROM events WHERE game_id = OLD.id;
    DELETE FROM achievements WHERE game_id = OLD.id;
    INSERT INTO log_entry VALUES ('games', OLD.id, 'delete');
END;

CREATE TRIGGER games_deleted AFTER DELETE ON games BEGIN
    DELETE FROM connections WHERE game_id = OLD.id;
    DELETE FROM redirect_uris WHERE game_id = OLD.id;
END;

CREATE TRIGGER connections_insert AFTER INSERT ON connections BEGIN
    INSERT INTO log_entry VALUES ('games', NEW.game_id, 'update');
END;

CREATE TRIGGER connections_update AFTER UPDATE ON connections
WHEN OLD.id IS NOT NEW.id OR OLD.game_id IS NOT NEW.game_id OR OLD.type IS NOT NEW.type OR OLD.url IS NOT NEW.url OR OLD.host IS NOT NEW.host OR OLD.port IS NOT NEW.port
BEGIN
    INSERT INTO log_entry SELECT 'games', OLD.game_id, 'update' WHERE OLD.game_id IS NOT NEW.game_id;
    INSERT INTO log_entry VALUES ('games', NEW.game_id, 'update');
END;

CREATE TRIGGER connections_delete AFTER DELETE ON connections BEGIN
    INSERT INTO log_entry VALUES ('games', OLD.game_id, 'update');
END;

CREATE TRIGGER redirect_uris_insert AFTER INSERT ON redirect_uris BEGIN
    INSERT INTO log_entry VALUES ('games', NEW.game_id, 'update');
END;

CREATE TRIGGER redirect_uris_update AFTER UPDATE ON redirect_uris
WHEN OLD.game_id IS NOT NEW.game_id OR OLD.uri IS NOT NEW.uri
BEGIN
    INSERT INTO log_entry SELECT 'games', OLD.game_id, 'update' WHERE OLD.game_id IS NOT NEW.game_id;
    INSERT INTO log_entry VALUES ('games', NEW.game_id, 'update');
END;

CREATE TRIGGER redirect_uris_delete AFTER DELETE ON redirect_uris BEGIN
    INSERT INTO log_entry VALUES ('games', OLD.game_id, 'update');
END;

-- A short name is one over games and applications, and for ever: clients know it.

CREATE TRIGGER games_short_name BEFORE INSERT ON games
WHEN EXISTS (SELECT 1 FROM applications WHERE short_name = NEW.short_name)
BEGIN
    SELECT RAISE(ABORT, 'games: short_name is taken among applications; choose another');
END;

CREATE TRIGGER games_keep_short_name BEFORE UPDATE OF short_name ON games
WHEN OLD.short_name COLLATE BINARY IS NOT NEW.short_name
BEGIN
    SELECT RAISE(ABORT, 'games: short_name never changes; add another record instead');
END;

CREATE TRIGGER applications_short_name BEFORE INSERT ON applications
WHEN EXISTS (SELECT 1 FROM games WHERE short_name = NEW.short_name)
BEGIN
    SELECT RAISE(ABORT, 'applications: short_name is taken among games; choose another');
END;

CREATE TRIGGER applications_keep_short_name BEFORE UPDATE OF short_name ON applications
WHEN OLD.short_name COLLATE BINARY IS NOT NEW.short_name
BEGIN
    SELECT RAISE(ABORT, 'applications: short_name never changes; add another record instead');
END;

-- What a new hub begins with.
INSERT INTO channels (name, description, hidden) VALUES
    ('gossip', 'Chat about anything, with everybody on the network', 0),
    ('testing', 'For trying things out', 0);
INSERT INTO blocks (kind, word) VALUES
    ('channel', 'all'),
    ('name', 'grapevine'), ('name', 'gossip'), ('name', 'raisin'), ('name', 'hearsay'), ('name', 'system');

-- +goose StatementEnd
