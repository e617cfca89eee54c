-- +goose Up

-- Open orders are read in pages by their number, by state too. By the index of what
-- is due each page read all of them.
CREATE INDEX orders_open ON orders (num, state) WHERE open = 1;
