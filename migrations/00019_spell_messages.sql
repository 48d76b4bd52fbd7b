-- +goose Up
-- +goose StatementBegin

-- Scripts such as Chinese and Thai put no spaces between words, so the table search finds
-- none in them. A message, or the name of its player, that has any of them stands here once
-- more, spelled by the program: each two neighbouring signs of such a script are a word. The
-- triggers need the text to take a message's words out again.
CREATE TABLE search_spelling (
    id         INTEGER PRIMARY KEY, -- of the message
    channel_id INTEGER NOT NULL,
    game       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    message    TEXT    NOT NULL
) STRICT;

CREATE VIRTUAL TABLE search_spelled USING fts5(
    channel_id, game, name, message,
    content = 'search_spelling', content_rowid = 'id', prefix = '1',
    tokenize = 'unicode61 remove_diacritics 2 categories ''L* N* Co Mn Mc'''
);
INSERT INTO search_spelled (search_spelled, rank) VALUES ('automerge', 0);
INSERT INTO search_spelled (search_spelled, rank) VALUES ('crisismerge', 64);

CREATE TRIGGER search_spelling_insert AFTER INSERT ON search_spelling
BEGIN
    INSERT INTO search_spelled (rowid, channel_id, game, name, message)
    VALUES (NEW.id, NEW.channel_id, NEW.game, NEW.name, NEW.message);
END;

CREATE TRIGGER search_spelling_delete AFTER DELETE ON search_spelling
BEGIN
    INSERT INTO search_spelled (search_spelled, rowid, channel_id, game, name, message)
    VALUES ('delete', OLD.id, OLD.channel_id, OLD.game, OLD.name, OLD.message);
END;

-- How far the program has looked for messages to spell, and which it has to look at again
-- because somebody has changed them since.
CREATE TABLE search_through (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    message_id INTEGER NOT NULL
) STRICT;
INSERT INTO search_through (id, message_id) VALUES (1, 0);

CREATE TABLE search_again (
    message_id INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER messages_delete_spelling AFTER DELETE ON messages
BEGIN
    DELETE FROM search_spelling WHERE id = OLD.id;
END;

CREATE TRIGGER messages_update_spelling AFTER UPDATE OF id, channel_id, game, name, message ON messages
BEGIN
    DELETE FROM search_spelling WHERE id = OLD.id;
    INSERT OR IGNORE INTO search_again (message_id) VALUES (NEW.id);
END;

-- +goose StatementEnd
