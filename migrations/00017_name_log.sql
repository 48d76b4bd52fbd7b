-- +goose Up
-- +goose StatementBegin

-- Whose log the table versions is: a UUID that is made with the file and that backups keep. Only a
-- restore makes another, because the ids of its log and of the old file's go on separately.
CREATE TABLE log (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT    NOT NULL
) STRICT;

INSERT INTO log VALUES (1, lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
    || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))));

CREATE TRIGGER log_keep_row BEFORE DELETE ON log BEGIN
    SELECT RAISE(ABORT, 'log: the UUID of the log never changes');
END;

CREATE TRIGGER log_keep_uuid BEFORE UPDATE ON log BEGIN
    SELECT RAISE(ABORT, 'log: the UUID of the log never changes');
END;

-- +goose StatementEnd
