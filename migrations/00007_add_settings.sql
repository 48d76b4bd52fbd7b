-- +goose Up
-- +goose StatementBegin

-- What was changed of the settings of serve; flags and environment come before it.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY NOT NULL CHECK (length(key) BETWEEN 1 AND 50), -- the flag's name
    value TEXT NOT NULL CHECK (length(value) <= 1000) -- as the flag takes it
) STRICT;

-- Planned stops, to be announced. Whoever asks adds one; the server that runs on the
-- file tells its sockets, and notes whom.
CREATE TABLE restarts (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    asked_at INTEGER NOT NULL, -- microseconds
    downtime INTEGER NOT NULL CHECK (downtime BETWEEN 1 AND 86400), -- seconds, as it is announced
    again    INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)), -- the server stops, and starts again by itself
    told_at  INTEGER, -- microseconds; NULL: no server has taken it
    told     TEXT CHECK (json_valid(told)), -- array of short names
    CHECK ((told_at IS NULL) = (told IS NULL))
) STRICT;
CREATE INDEX restarts_untold ON restarts (id) WHERE told_at IS NULL;

-- What the check of a backup said, which is a file of that name and size.
CREATE TABLE backups (
    name       TEXT    PRIMARY KEY NOT NULL,
    bytes      INTEGER NOT NULL,
    checked_at INTEGER NOT NULL, -- microseconds
    problem    TEXT    CHECK (problem <> '') -- NULL: none
) STRICT;

CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_subject ON audit (subject COLLATE NOCASE, id);

-- What operators did stays on record, whoever writes here. The last trigger is for
-- INSERT OR REPLACE, which deletes without calling the others.

CREATE TRIGGER audit_keep BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit: what is on record never changes');
END;

CREATE TRIGGER audit_keep_all BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit: what is on record stays there');
END;

CREATE TRIGGER audit_keep_id BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'audit: what is on record never changes');
END;

-- +goose StatementEnd
