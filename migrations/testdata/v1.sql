-- The first schema with a row of everything, as the sqlite3 program dumps it.
PRAGMA application_id = 1213354841;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-03-04 05:06:07');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-03-04 05:06:07');
CREATE TABLE channels (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL COLLATE NOCASE UNIQUE
                CHECK (length(name) BETWEEN 3 AND 15 AND name NOT GLOB '*[^A-Za-z_-]*'),
    description TEXT    CHECK (description <> '' AND length(description) <= 2000 AND instr(description, char(13)) = 0),
    hidden      INTEGER NOT NULL DEFAULT 1 CHECK (hidden IN (0, 1)),
    keep_days   INTEGER NOT NULL DEFAULT 30 CHECK (keep_days BETWEEN 0 AND 36500) -- 0: no message is logged
) STRICT;
INSERT INTO channels VALUES(1,'gossip','Chat about anything, with everybody on the network',0,30);
INSERT INTO channels VALUES(2,'testing','For trying things out',0,30);
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
INSERT INTO games VALUES(1,'ExVenture','ExVenture MUD',1,replace('A MUD\nin Elixir, é','\n',char(10)),'https://exventure.example','Play it','ExVenture 1.0','https://ua.example','2.3.0',1,0,1772600767890123,NULL,'f5a7b4d2-2e38-4a52-9d55-3a0b8c6e7f10',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',1772600767890123,X'202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f',1772600700000000,1773200767890123,1770000000000000);
INSERT INTO games VALUES(2,'Bare','Bare',0,NULL,NULL,NULL,NULL,NULL,NULL,1,1,NULL,NULL,'0b7e0c6c-4b0e-4d9f-8a45-6f4f2c1d3e21',NULL,NULL,NULL,NULL,NULL,1770000000000000);
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
INSERT INTO connections VALUES('0e8e1b49-94cc-4ee0-a6c6-8f9f5d1d4b5a',1,'web','https://exventure.example/play',NULL,NULL);
INSERT INTO connections VALUES('1c2d6a58-03ab-44b1-9f7e-2a6d9f3b8c11',1,'secure telnet',NULL,'exventure.example',5556);
CREATE TABLE redirect_uris (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    uri     TEXT    NOT NULL CHECK (length(uri) BETWEEN 1 AND 255),
    UNIQUE (game_id, uri)
) STRICT;
INSERT INTO redirect_uris VALUES(1,1,'https://exventure.example/auth');
CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id     INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    title       TEXT    NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description TEXT    CHECK (description <> '' AND length(description) <= 2000 AND instr(description, char(13)) = 0),
    start_date  TEXT    NOT NULL CHECK (date(start_date) IS start_date), -- YYYY-MM-DD
    end_date    TEXT    NOT NULL CHECK (date(end_date) IS end_date AND end_date >= start_date)
) STRICT;
INSERT INTO events VALUES(1,1,'Fair','Once a year','2026-03-01','2026-03-02');
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
INSERT INTO achievements VALUES(1,1,'3a8cbb8b-3f0e-4d4b-9b0d-0c8f8a6e2d10','Ten dragons','Slay ten',100,1,1,10);
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
INSERT INTO applications VALUES(1,'Site','A site','versions',1,0,NULL,'5d1c9a77-0c7b-49c5-b1a5-6c1f0e8b2d33',X'404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f',NULL,NULL,NULL,NULL,1770000000000000);
CREATE TABLE blocks (
    kind TEXT NOT NULL CHECK (kind IN ('channel', 'name')),
    word TEXT NOT NULL COLLATE NOCASE CHECK (length(word) BETWEEN 1 AND 100),
    PRIMARY KEY (kind, word)
) STRICT;
INSERT INTO blocks VALUES('channel','all');
INSERT INTO blocks VALUES('name','grapevine');
INSERT INTO blocks VALUES('name','gossip');
INSERT INTO blocks VALUES('name','raisin');
INSERT INTO blocks VALUES('name','hearsay');
INSERT INTO blocks VALUES('name','system');
INSERT INTO blocks VALUES('channel','secret');
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT    NOT NULL COLLATE NOCASE UNIQUE
                  CHECK (length(username) BETWEEN 3 AND 50 AND username NOT GLOB '*[^A-Za-z0-9-]*'),
    password_hash TEXT    NOT NULL, -- argon2id, PHC string
    role          TEXT    NOT NULL DEFAULT 'admin' CHECK (role IN ('admin', 'moderator')),
    created_at    INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000000) -- microseconds
) STRICT;
INSERT INTO users VALUES(1,'ann','$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA','admin',1770000000000000);
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL, -- microseconds
    actor   TEXT    NOT NULL, -- "cli:NAME" is the system's user of that name
    action  TEXT    NOT NULL, -- "game edit"
    subject TEXT    NOT NULL  -- the short name, channel name, …
) STRICT;
INSERT INTO audit VALUES(1,1770000000000000,'cli:ann','game add','ExVenture');
CREATE TABLE messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id INTEGER NOT NULL,
    game       TEXT    NOT NULL, -- short name of the sender's game or application
    name       TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    sent_at    INTEGER NOT NULL  -- microseconds
) STRICT;
INSERT INTO messages VALUES(1,1,'ExVenture','Eric','Hello ''world''',1772600767000000);
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
INSERT INTO versions VALUES(1,'channels',1,NULL,'create','{"id":1,"name":"gossip","description":"Chat about anything, with everybody on the network","hidden":false}',NULL,1772600001000003,1772600001000003);
INSERT INTO versions VALUES(2,'channels',2,NULL,'create','{"id":2,"name":"testing","description":"For trying things out","hidden":false}',NULL,1772600002000006,1772600002000006);
INSERT INTO versions VALUES(3,'games',1,NULL,'create','{"id":1,"game":"ExVenture","display_name":"ExVenture MUD","display":true,"description":"A MUD\nin Elixir, é","homepage_url":"https://exventure.example","tagline":"It''s on","user_agent":"ExVenture 1.0","user_agent_url":"https://ua.example","connections":[],"redirect_uris":[],"allow_character_registration":true,"client_id":"f5a7b4d2-2e38-4a52-9d55-3a0b8c6e7f10","client_secret":"redacted","last_seen_at":"2026-03-04T05:06:07Z","mssp_last_seen_at":null}',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',1772600003000009,1772600003000009);
INSERT INTO versions VALUES(4,'games',2,NULL,'create','{"id":2,"game":"Bare","display_name":"Bare","display":false,"description":null,"homepage_url":null,"tagline":null,"user_agent":null,"user_agent_url":null,"connections":[],"redirect_uris":[],"allow_character_registration":true,"client_id":"0b7e0c6c-4b0e-4d9f-8a45-6f4f2c1d3e21","client_secret":"redacted","last_seen_at":null,"mssp_last_seen_at":null}',NULL,1772600004000012,1772600004000012);
INSERT INTO versions VALUES(5,'games',3,NULL,'create','{"id":3,"game":"Gone","display_name":"Gone","display":true,"description":null,"homepage_url":null,"tagline":null,"user_agent":null,"user_agent_url":null,"connections":[],"redirect_uris":[],"allow_character_registration":true,"client_id":"7e1c4a0e-53f1-4c0e-8a0c-5d7e3b1f9a42","client_secret":"redacted","last_seen_at":null,"mssp_last_seen_at":null}',NULL,1772600005000015,1772600005000015);
INSERT INTO versions VALUES(6,'games',1,NULL,'update','{"id":1,"game":"ExVenture","display_name":"ExVenture MUD","display":true,"description":"A MUD\nin Elixir, é","homepage_url":"https://exventure.example","tagline":"It''s on","user_agent":"ExVenture 1.0","user_agent_url":"https://ua.example","connections":[{"id":"0e8e1b49-94cc-4ee0-a6c6-8f9f5d1d4b5a","type":"web","url":"https://exventure.example/play"}],"redirect_uris":[],"allow_character_registration":true,"client_id":"f5a7b4d2-2e38-4a52-9d55-3a0b8c6e7f10","client_secret":"redacted","last_seen_at":"2026-03-04T05:06:07Z","mssp_last_seen_at":null}',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',1772600006000018,1772600003000009);
INSERT INTO versions VALUES(7,'games',1,NULL,'update','{"id":1,"game":"ExVenture","display_name":"ExVenture MUD","display":true,"description":"A MUD\nin Elixir, é","homepage_url":"https://exventure.example","tagline":"It''s on","user_agent":"ExVenture 1.0","user_agent_url":"https://ua.example","connections":[{"id":"0e8e1b49-94cc-4ee0-a6c6-8f9f5d1d4b5a","type":"web","url":"https://exventure.example/play"},{"id":"1c2d6a58-03ab-44b1-9f7e-2a6d9f3b8c11","type":"secure telnet","host":"exventure.example","port":5556}],"redirect_uris":[],"allow_character_registration":true,"client_id":"f5a7b4d2-2e38-4a52-9d55-3a0b8c6e7f10","client_secret":"redacted","last_seen_at":"2026-03-04T05:06:07Z","mssp_last_seen_at":null}',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',1772600007000021,1772600003000009);
INSERT INTO versions VALUES(8,'games',1,NULL,'update','{"id":1,"game":"ExVenture","display_name":"ExVenture MUD","display":true,"description":"A MUD\nin Elixir, é","homepage_url":"https://exventure.example","tagline":"It''s on","user_agent":"ExVenture 1.0","user_agent_url":"https://ua.example","connections":[{"id":"0e8e1b49-94cc-4ee0-a6c6-8f9f5d1d4b5a","type":"web","url":"https://exventure.example/play"},{"id":"1c2d6a58-03ab-44b1-9f7e-2a6d9f3b8c11","type":"secure telnet","host":"exventure.example","port":5556}],"redirect_uris":["https://exventure.example/auth"],"allow_character_registration":true,"client_id":"f5a7b4d2-2e38-4a52-9d55-3a0b8c6e7f10","client_secret":"redacted","last_seen_at":"2026-03-04T05:06:07Z","mssp_last_seen_at":null}',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',1772600008000024,1772600003000009);
INSERT INTO versions VALUES(9,'events',1,1,'create','{"id":1,"game_id":1,"title":"Fair","description":"Once a year","start_date":"2026-03-01","end_date":"2026-03-02"}',NULL,1772600009000027,1772600009000027);
INSERT INTO versions VALUES(10,'events',2,3,'create','{"id":2,"game_id":3,"title":"Never","description":null,"start_date":"2026-03-01","end_date":"2026-03-01"}',NULL,1772600010000030,1772600010000030);
INSERT INTO versions VALUES(11,'achievements',1,1,'create','{"id":1,"game_id":1,"key":"3a8cbb8b-3f0e-4d4b-9b0d-0c8f8a6e2d10","title":"Ten dragons","description":"Slay ten","points":100,"display":true,"partial_progress":true,"total_progress":10}',NULL,1772600011000033,1772600011000033);
INSERT INTO versions VALUES(13,'channels',3,NULL,'delete','{"id":3,"name":"fresh","description":null,"hidden":true}',NULL,1772600013000039,1772600013000039);
INSERT INTO versions VALUES(14,'events',2,3,'delete','{"id":2,"game_id":3,"title":"Never","description":null,"start_date":"2026-03-01","end_date":"2026-03-01"}',NULL,1772600014000042,1772600010000030);
INSERT INTO versions VALUES(15,'games',3,NULL,'delete','{"id":3,"game":"Gone","display_name":"Gone","display":true,"description":null,"homepage_url":null,"tagline":null,"user_agent":null,"user_agent_url":null,"connections":[],"redirect_uris":[],"allow_character_registration":true,"client_id":"7e1c4a0e-53f1-4c0e-8a0c-5d7e3b1f9a42","client_secret":"redacted","last_seen_at":null,"mssp_last_seen_at":null}',NULL,1772600015000045,1772600005000015);
INSERT INTO versions VALUES(16,'games',1,NULL,'update','{"id":1,"game":"ExVenture","display_name":"ExVenture MUD","display":true,"description":"A MUD\nin Elixir, é","homepage_url":"https://exventure.example","tagline":"Play it","user_agent":"ExVenture 1.0","user_agent_url":"https://ua.example","connections":[{"id":"0e8e1b49-94cc-4ee0-a6c6-8f9f5d1d4b5a","type":"web","url":"https://exventure.example/play"},{"id":"1c2d6a58-03ab-44b1-9f7e-2a6d9f3b8c11","type":"secure telnet","host":"exventure.example","port":5556}],"redirect_uris":["https://exventure.example/auth"],"allow_character_registration":true,"client_id":"f5a7b4d2-2e38-4a52-9d55-3a0b8c6e7f10","client_secret":"redacted","last_seen_at":"2026-03-04T05:06:07Z","mssp_last_seen_at":null}',X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',1772600016000048,1772600003000009);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',2);
INSERT INTO sqlite_sequence VALUES('versions',16);
INSERT INTO sqlite_sequence VALUES('channels',3);
INSERT INTO sqlite_sequence VALUES('games',3);
INSERT INTO sqlite_sequence VALUES('redirect_uris',1);
INSERT INTO sqlite_sequence VALUES('events',2);
INSERT INTO sqlite_sequence VALUES('achievements',1);
INSERT INTO sqlite_sequence VALUES('applications',1);
INSERT INTO sqlite_sequence VALUES('users',1);
INSERT INTO sqlite_sequence VALUES('audit',1);
INSERT INTO sqlite_sequence VALUES('messages',2);
CREATE INDEX games_suspended ON games (id) WHERE suspended;
CREATE INDEX connections_game ON connections (game_id);
CREATE INDEX events_game ON events (game_id);
CREATE INDEX achievements_game ON achievements (game_id, title);
CREATE INDEX messages_channel ON messages (channel_id, id);
CREATE INDEX versions_record ON versions (kind, record_id, id);
CREATE INDEX versions_game ON versions (game_id, id) WHERE game_id IS NOT NULL;
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
CREATE VIEW records AS
SELECT 'channels' AS kind, id, game_id, secret_hash, payload FROM channel_records
UNION ALL SELECT 'games', id, game_id, secret_hash, payload FROM game_records
UNION ALL SELECT 'events', id, game_id, secret_hash, payload FROM event_records
UNION ALL SELECT 'achievements', id, game_id, secret_hash, payload FROM achievement_records;
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
COMMIT;
