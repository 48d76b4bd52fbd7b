-- +goose Up
-- +goose StatementBegin

-- Whom a game does not want to hear. It is the game's own affair: no record, so no
-- application gets it.
CREATE TABLE ignores (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id    INTEGER NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64), -- of a player; *: all
    game       TEXT    NOT NULL COLLATE NOCASE CHECK (game = '*' OR length(game) BETWEEN 1 AND 15 AND game NOT GLOB '*[^A-Za-z0-9]*'), -- short name; *: all
    created_by TEXT    CHECK (length(created_by) <= 100), -- as in audit
    created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000000), -- microseconds
    UNIQUE (game_id, name, game),
    CHECK (name <> '*' OR game <> '*')
) STRICT;

-- The sqlite3 shell does not mind foreign keys.
CREATE TRIGGER games_drop_ignores AFTER DELETE ON games BEGIN
    DELETE FROM ignores WHERE game_id = OLD.id;
END;

-- +goose StatementEnd
