-- +goose Up

-- How much went on, in rows of a minute, of five and of an hour, each kept for its time.
-- A row holds sums, so it can be added to; where nothing was looked at there is none.
-- It is WITHOUT ROWID, so that the update hook passes it by: nobody waits for it.
CREATE TABLE samples (
    span         INTEGER NOT NULL CHECK (span IN (60, 300, 3600)), -- seconds
    at           INTEGER NOT NULL CHECK (at % (span * 1000000) = 0), -- microseconds; when the span begins
    samples      INTEGER NOT NULL, -- how often it was looked
    games        INTEGER NOT NULL, -- that were online; sums over the samples, here and below
    players      INTEGER NOT NULL,
    sockets      INTEGER NOT NULL,
    games_most   INTEGER NOT NULL, -- at once
    players_most INTEGER NOT NULL,
    sockets_most INTEGER NOT NULL,
    messages     INTEGER NOT NULL, -- said in channels
    lag_most     INTEGER NOT NULL, -- microseconds that an application was behind
    PRIMARY KEY (span, at)
) WITHOUT ROWID, STRICT;
