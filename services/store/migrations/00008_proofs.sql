-- +goose Up

-- Which order has which file of proof. The bytes are in no table.
CREATE TABLE proofs (
    n        INTEGER PRIMARY KEY, -- in the order in which they came
    order_id TEXT    NOT NULL,
    sum      BLOB    NOT NULL,    -- SHA-256 of the file
    size     INTEGER NOT NULL,    -- bytes
    doc      TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX proofs_order ON proofs (order_id, sum);
CREATE INDEX proofs_sum ON proofs (sum, size);
