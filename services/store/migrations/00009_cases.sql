-- +goose Up

-- Residents' cases. What tells of people is in doc alone, so that it is gone when
-- doc is written anew without it.
CREATE TABLE cases (
    num         INTEGER PRIMARY KEY, -- case-000042 is 42
    version     INTEGER NOT NULL,
    open        INTEGER NOT NULL, -- 1 until it is closed
    kind        TEXT    NOT NULL,
    responsible TEXT    NOT NULL,
    key         TEXT    NOT NULL, -- '': none was given
    due         INTEGER NOT NULL, -- 0: time alone changes nothing
    doc         TEXT    NOT NULL
) STRICT;
CREATE INDEX cases_due ON cases (due) WHERE due > 0;
CREATE INDEX cases_open ON cases (num) WHERE open = 1;
CREATE UNIQUE INDEX cases_key ON cases (key) WHERE key <> '';
