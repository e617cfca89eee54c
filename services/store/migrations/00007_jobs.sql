-- +goose Up

-- What tells when a contractor's technicians will be free is read before each
-- order, and out of an index alone: the documents of what is open are long. Those
-- of orders that were written before this had their times to the millisecond.
ALTER TABLE orders ADD COLUMN contract   TEXT    NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN dispatched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN attended   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN eta        INTEGER NOT NULL DEFAULT 0;
UPDATE orders SET
    contract   = coalesce(json_extract(doc, '$.contract'), ''),
    dispatched = coalesce(CAST(unixepoch(json_extract(doc, '$.dispatched'), 'subsec') * 1000 AS INTEGER) * 1000000, 0),
    attended   = coalesce(CAST(unixepoch(json_extract(doc, '$.attended'), 'subsec') * 1000 AS INTEGER) * 1000000, 0),
    eta        = coalesce(CAST(unixepoch(json_extract(doc, '$.eta'), 'subsec') * 1000 AS INTEGER) * 1000000, 0)
WHERE open = 1;
CREATE INDEX orders_jobs ON orders (contractor, num, asset, state, contract, dispatched, attended, eta)
    WHERE open = 1 AND state IN ('dispatched', 'acknowledged', 'attended');
