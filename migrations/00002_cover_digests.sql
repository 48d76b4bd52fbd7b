-- +goose Up

-- A digest needs of each record's newest version only whether it is a delete: with the
-- action in the index, the versions themselves need not be read.
DROP INDEX versions_record;
CREATE INDEX versions_record ON versions (kind, record_id, id, action);
