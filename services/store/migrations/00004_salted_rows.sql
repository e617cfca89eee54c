-- +goose Up

-- Rows from here on are hashed over a commitment to each of their fields, so
-- that a part of the ledger can be handed on with fields left out. Rows that are
-- there already have no salt, and keep the form and the hash that they have.
ALTER TABLE ledger ADD COLUMN salt BLOB NOT NULL DEFAULT x'';
