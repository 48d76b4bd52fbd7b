-- +goose Up
-- +goose StatementBegin

-- What is not to be said, or not by whom. A rule with an end stays as a memory of it.
CREATE TABLE rules (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL CHECK (kind IN ('player', 'word', 'pattern')),
    subject     TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 200), -- NAME@GAME, *@GAME or NAME@*; a word; RE2
    channel     TEXT    CHECK (length(channel) BETWEEN 3 AND 15),           -- NULL: every channel, and tells
    action      TEXT    NOT NULL CHECK (action IN ('warn', 'replace', 'hold', 'drop', 'mute')),
    replacement TEXT    CHECK (length(replacement) BETWEEN 1 AND 100),
    reason      TEXT    CHECK (length(reason) BETWEEN 1 AND 200),
    ends_at     INTEGER, -- microseconds; from then on it does nothing
    enabled     INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_by  TEXT    CHECK (length(created_by) <= 100), -- as in audit
    created_at  INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000000), -- microseconds
    CHECK ((action = 'replace') = (replacement IS NOT NULL)),
    CHECK (kind <> 'player' OR action <> 'replace' AND subject GLOB '?*@?*')
) STRICT;

-- Messages that wait for a person to look at them, and what was decided.
CREATE TABLE held (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id  INTEGER NOT NULL,
    application INTEGER NOT NULL CHECK (application IN (0, 1)), -- whether the sender is one, or a game
    sender_id   INTEGER NOT NULL, -- of the game or application: its sockets do not get the message
    game        TEXT    NOT NULL, -- its short name
    name        TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    rule_id     INTEGER NOT NULL, -- that holds it
    held_at     INTEGER NOT NULL, -- microseconds
    decision    TEXT    CHECK (decision IN ('approve', 'reject')), -- NULL: it waits
    decided_by  TEXT,             -- as in audit
    decided_at  INTEGER,          -- microseconds
    delivered   INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1)), -- the server has done what was decided
    CHECK ((decision IS NULL) = (decided_at IS NULL))
) STRICT;
CREATE INDEX held_waiting ON held (id) WHERE decision IS NULL;
CREATE INDEX held_approved ON held (id) WHERE decision = 'approve' AND NOT delivered;

-- A message can be hidden from history, and shown again. The index still counts a
-- channel's messages without reading them.
ALTER TABLE messages ADD COLUMN hidden_at INTEGER; -- microseconds; NULL: it is not
ALTER TABLE messages ADD COLUMN hidden_by TEXT;    -- as in audit
DROP INDEX messages_channel;
CREATE INDEX messages_channel ON messages (channel_id, id, hidden_at);

-- The log takes another kind of record. A CHECK is changed by making the table anew,
-- with the same rows and, even if the last of them was taken away, the same next id.
CREATE TABLE versions_before AS SELECT * FROM versions;
CREATE TABLE sequence_before AS SELECT seq FROM sqlite_sequence WHERE name = 'versions';
DROP TABLE versions;
CREATE TABLE versions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL CHECK (kind IN ('channels', 'games', 'events', 'achievements', 'rules')),
    record_id   INTEGER NOT NULL,
    game_id     INTEGER, -- of events and achievements
    action      TEXT    NOT NULL CHECK (action IN ('create', 'update', 'delete')),
    payload     TEXT    NOT NULL, -- the record as JSON; after a delete its last state
    secret_hash BLOB,             -- of games, for applications with the scope credentials
    logged_at   INTEGER NOT NULL UNIQUE, -- microseconds, strictly increasing
    created_at  INTEGER NOT NULL  -- microseconds; when the record's first version was logged
) STRICT;
INSERT INTO versions (id, kind, record_id, game_id, action, payload, secret_hash, logged_at, created_at)
SELECT id, kind, record_id, game_id, action, payload, secret_hash, logged_at, created_at FROM versions_before ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'versions';
INSERT INTO sqlite_sequence (name, seq) SELECT 'versions', seq FROM sequence_before;
DROP TABLE versions_before;
DROP TABLE sequence_before;
CREATE INDEX versions_record ON versions (kind, record_id, id, action);
CREATE INDEX versions_game ON versions (game_id, id) WHERE game_id IS NOT NULL;

CREATE VIEW rule_records AS
SELECT id, NULL AS game_id, NULL AS secret_hash,
       json_object('id', id, 'kind', kind, 'subject', subject, 'channel', channel, 'action', action,
                   'replacement', replacement, 'reason', reason,
                   'ends_at', strftime('%Y-%m-%dT%H:%M:%SZ', ends_at / 1000000, 'unixepoch'),
                   'enabled', json(CASE enabled WHEN 0 THEN 'false' ELSE 'true' END),
                   'created_by', created_by,
                   'created_at', strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000000, 'unixepoch')) AS payload
FROM rules;

DROP VIEW records;
CREATE VIEW records AS
SELECT 'channels' AS kind, id, game_id, secret_hash, payload FROM channel_records
UNION ALL SELECT 'games', id, game_id, secret_hash, payload FROM game_records
UNION ALL SELECT 'events', id, game_id, secret_hash, payload FROM event_records
UNION ALL SELECT 'achievements', id, game_id, secret_hash, payload FROM achievement_records
UNION ALL SELECT 'rules', id, game_id, secret_hash, payload FROM rule_records;

CREATE TRIGGER rules_insert AFTER INSERT ON rules BEGIN
    INSERT INTO log_entry VALUES ('rules', NEW.id, 'create');
END;

CREATE TRIGGER rules_update AFTER UPDATE OF kind, subject, channel, action, replacement, reason, ends_at, enabled, created_by, created_at ON rules
WHEN OLD.kind IS NOT NEW.kind
  OR OLD.subject IS NOT NEW.subject
  OR OLD.channel IS NOT NEW.channel
  OR OLD.action IS NOT NEW.action
  OR OLD.replacement IS NOT NEW.replacement
  OR OLD.reason IS NOT NEW.reason
  OR OLD.ends_at IS NOT NEW.ends_at
  OR OLD.enabled IS NOT NEW.enabled
  OR OLD.created_by IS NOT NEW.created_by
  OR OLD.created_at IS NOT NEW.created_at
BEGIN
    INSERT INTO log_entry VALUES ('rules', NEW.id, 'update');
END;

CREATE TRIGGER rules_keep_id BEFORE UPDATE OF id ON rules WHEN OLD.id IS NOT NEW.id BEGIN
    SELECT RAISE(ABORT, 'rules: id never changes; add another record instead');
END;

CREATE TRIGGER rules_delete BEFORE DELETE ON rules BEGIN
    INSERT INTO log_entry VALUES ('rules', OLD.id, 'delete');
END;

-- +goose StatementEnd
