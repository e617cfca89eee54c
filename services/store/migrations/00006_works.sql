-- +goose Up

-- Planned works: few, and read whole.
CREATE TABLE works (
    id      TEXT    PRIMARY KEY,
    version INTEGER NOT NULL,
    open    INTEGER NOT NULL, -- 1 until they are done or cancelled
    due     INTEGER NOT NULL, -- 0: time alone changes nothing
    begins  INTEGER NOT NULL,
    doc     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX works_open ON works (due) WHERE open = 1;
