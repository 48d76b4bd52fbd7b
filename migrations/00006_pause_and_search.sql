-- +goose Up
-- +goose StatementBegin

-- What operators do to calm a channel down. It is no part of the record that applications get.
ALTER TABLE channels ADD COLUMN paused_until INTEGER; -- microseconds; NULL: nobody has paused it; year 9999: until somebody ends it
ALTER TABLE channels ADD COLUMN slow_seconds INTEGER NOT NULL DEFAULT 0 CHECK (slow_seconds BETWEEN 0 AND 3600); -- between two messages of a player

-- The words of the chat log. Those of the newest messages may be missing for a while: the
-- program adds them when it has time. It keeps no texts, and reads none of messages.
CREATE VIRTUAL TABLE search USING fts5(
    channel_id, game, name, message,
    content = 'messages', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);

-- The program merges in small steps; SQLite would do it in the middle of a transaction.
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('crisismerge', 64);

-- Whoever takes a message out of the log or changes it, its words go with it. Only what
-- was added may be taken out.
CREATE TRIGGER messages_delete AFTER DELETE ON messages
WHEN EXISTS (SELECT 1 FROM search_docsize WHERE id = OLD.id)
BEGIN
    INSERT INTO search (search, rowid, channel_id, game, name, message)
    VALUES ('delete', OLD.id, OLD.channel_id, OLD.game, OLD.name, OLD.message);
END;

CREATE TRIGGER messages_update AFTER UPDATE OF id, channel_id, game, name, message ON messages
WHEN EXISTS (SELECT 1 FROM search_docsize WHERE id = OLD.id)
BEGIN
    INSERT INTO search (search, rowid, channel_id, game, name, message)
    VALUES ('delete', OLD.id, OLD.channel_id, OLD.game, OLD.name, OLD.message);
    INSERT INTO search (rowid, channel_id, game, name, message)
    VALUES (NEW.id, NEW.channel_id, NEW.game, NEW.name, NEW.message);
END;

-- +goose StatementEnd
