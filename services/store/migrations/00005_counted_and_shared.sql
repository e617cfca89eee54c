-- +goose Up

-- Before each order it is counted who is free, and at each start it is looked
-- for whom nobody waits: without reading the documents of all that is open.
CREATE INDEX orders_held ON orders (contractor, state, asset) WHERE open = 1;

-- An address that has a thousand calls costs others nothing: each address's
-- calls are read by themselves, in the order in which they are to be sent.
DROP INDEX calls_due;
CREATE INDEX calls_lane ON calls (channel, address, attempts, next_try) WHERE state = 'pending';
