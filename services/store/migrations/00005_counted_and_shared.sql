-- +goose Up

-- Before each order it is counted who is free: without reading the documents of
-- all that is open. The states are those of OrderStore.Busy.
CREATE INDEX orders_busy ON orders (contractor, asset) WHERE state IN ('dispatched', 'acknowledged', 'attended');

-- An address that has a thousand calls costs others nothing: each address's
-- calls are read by themselves, in the order in which they are to be sent.
DROP INDEX calls_due;
CREATE INDEX calls_lane ON calls (channel, address, attempts, next_try) WHERE state = 'pending';
