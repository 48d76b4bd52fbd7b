-- +goose Up
-- +goose StatementBegin

-- Names are compared by a key (Unicode case folding and NFKC), which no function of SQLite
-- computes. The column folded has it once whoever opens the file has computed it.
ALTER TABLE characters ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0 CHECK (keyed IN (0, 1)); -- 1: folded is the key
CREATE INDEX characters_unkeyed ON characters (id) WHERE NOT keyed;

-- +goose StatementEnd
