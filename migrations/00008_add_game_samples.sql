-- +goose Up
-- +goose StatementBegin

-- How many players each game had while it was online, in rows of a quarter of an hour, of
-- two hours and of a day, each kept for its time. A row holds sums, so it can be added to;
-- where the game was not online there is none. Like samples it passes the update hook by.
CREATE TABLE game_samples (
    game_id      INTEGER NOT NULL,
    span         INTEGER NOT NULL CHECK (span IN (900, 7200, 86400)), -- seconds
    at           INTEGER NOT NULL CHECK (at % (span * 1000000) = 0), -- microseconds; when the span begins
    samples      INTEGER NOT NULL, -- how often it was looked
    players      INTEGER NOT NULL, -- sum over the samples
    players_most INTEGER NOT NULL, -- at once
    PRIMARY KEY (game_id, span, at)
) WITHOUT ROWID, STRICT;

-- Not by a foreign key: the sqlite3 shell does not mind those.
CREATE TRIGGER games_drop_samples AFTER DELETE ON games BEGIN
    DELETE FROM game_samples WHERE game_id = OLD.id;
END;

-- +goose StatementEnd
