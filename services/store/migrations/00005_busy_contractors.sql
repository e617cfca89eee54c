-- +goose Up

-- Before each order it is counted who is free: without reading the documents of
-- all that is open. The states are those of OrderStore.Busy.
CREATE INDEX orders_busy ON orders (contractor, asset) WHERE state IN ('dispatched', 'acknowledged', 'attended');
