-- The copy of a hub's records. hub_ is the prefix, which can be another. Texts are UTF-8, moments
-- ISO 8601 in UTC, booleans 0 or 1, ids those of the hub.
--
-- Of every record: version is the id of its newest version in the hub's log (0 from a hub without the
-- extension), updated_at when the hub logged that, deleted_at when the record was deleted, else NULL;
-- deleted rows go after 90 days. Records that there are: WHERE deleted_at IS NULL. Only the mirror
-- writes here: what another program changes is found when the mirror connects next, and undone.

CREATE TABLE IF NOT EXISTS hub_sync (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    layout    INTEGER NOT NULL,           -- of these tables
    hub       TEXT NOT NULL DEFAULT '',   -- the address that the records came from
    owner     TEXT NOT NULL DEFAULT '',   -- which run fills the tables; another value ends it
    form      TEXT NOT NULL DEFAULT '' CHECK (form IN ('', 'cursor', 'since', 'records')), -- how the hub gives its records
    cursor    INTEGER NOT NULL DEFAULT 0, -- id of the last version that is in the tables
    since     TEXT,                       -- when the hub logged the last one
    log       TEXT NOT NULL DEFAULT '',   -- UUID of the hub's log; '' from a hub without one
    repairing INTEGER NOT NULL DEFAULT 0 CHECK (repairing IN (0, 1)), -- a full resync is due, or going on
    level_at  TEXT                        -- when the copy last was level with the hub
) STRICT;

INSERT INTO hub_sync (id, layout) VALUES (1, 2) ON CONFLICT DO NOTHING;

-- Of each record that there is, a sum of what the mirror has written: its row, and a game's connections.
CREATE TABLE IF NOT EXISTS hub_checks (
    kind TEXT NOT NULL, -- 'channels'
    id   INTEGER NOT NULL,
    sum  INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS hub_channels (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT,
    hidden      INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    updated_at  TEXT,
    deleted_at  TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS hub_games (
    id                           INTEGER PRIMARY KEY,
    game                         TEXT NOT NULL, -- short name; never changes
    display_name                 TEXT NOT NULL,
    display                      INTEGER NOT NULL,
    description                  TEXT,
    homepage_url                 TEXT,
    tagline                      TEXT,
    user_agent                   TEXT,
    user_agent_url               TEXT,
    redirect_uris                TEXT NOT NULL, -- JSON, a list of texts
    allow_character_registration INTEGER NOT NULL,
    client_id                    TEXT NOT NULL,
    client_secret                TEXT NOT NULL, -- never the secret: 'redacted', or 'sha256:' and the hash
    last_seen_at                 TEXT,          -- as it was when the record was logged
    mssp_last_seen_at            TEXT,
    version                      INTEGER NOT NULL,
    updated_at                   TEXT,
    deleted_at                   TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS hub_games_game ON hub_games (game);

-- The ways to play a game. Those of a deleted game are gone.
CREATE TABLE IF NOT EXISTS hub_connections (
    game_id INTEGER NOT NULL,
    place   INTEGER NOT NULL, -- from 0, in the hub's order
    id      TEXT NOT NULL,    -- UUID
    type    TEXT NOT NULL,    -- 'web', 'telnet' or 'secure telnet'
    url     TEXT,             -- of 'web'
    host    TEXT,             -- of the others
    port    INTEGER,
    PRIMARY KEY (game_id, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS hub_events (
    id          INTEGER PRIMARY KEY,
    game_id     INTEGER NOT NULL,
    title       TEXT NOT NULL,
    description TEXT,
    start_date  TEXT NOT NULL, -- YYYY-MM-DD
    end_date    TEXT NOT NULL,
    version     INTEGER NOT NULL,
    updated_at  TEXT,
    deleted_at  TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS hub_events_game_id ON hub_events (game_id);

CREATE TABLE IF NOT EXISTS hub_achievements (
    id               INTEGER PRIMARY KEY,
    game_id          INTEGER NOT NULL,
    key              TEXT NOT NULL, -- UUID
    title            TEXT NOT NULL,
    description      TEXT,
    points           INTEGER NOT NULL,
    display          INTEGER NOT NULL,
    partial_progress INTEGER NOT NULL,
    total_progress   INTEGER,
    version          INTEGER NOT NULL,
    updated_at       TEXT,
    deleted_at       TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS hub_achievements_game_id ON hub_achievements (game_id);

CREATE TABLE IF NOT EXISTS hub_rules (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL, -- 'player', 'word' or 'pattern'
    subject     TEXT NOT NULL,
    channel     TEXT,          -- NULL: every channel, and tells
    action      TEXT NOT NULL, -- 'warn', 'replace', 'hold', 'drop' or 'mute'
    replacement TEXT,
    reason      TEXT,
    ends_at     TEXT,
    enabled     INTEGER NOT NULL,
    created_by  TEXT,
    created_at  TEXT NOT NULL,
    version     INTEGER NOT NULL,
    updated_at  TEXT,
    deleted_at  TEXT
) STRICT;
