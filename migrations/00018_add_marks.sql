-- +goose Up
-- +goose StatementBegin

-- A command that has changed something leaves a mark behind the change. The server takes it away
-- when it has followed the file up to there.
CREATE TABLE marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

-- +goose StatementEnd
