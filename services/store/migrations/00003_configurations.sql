-- +goose Up

-- What gateways were sent, and what they have answered.
CREATE TABLE configurations (
    gateway  TEXT    NOT NULL,
    serial   INTEGER NOT NULL,
    sum      BLOB    NOT NULL,
    message  BLOB,             -- of a gateway's newest one only
    who      TEXT    NOT NULL,
    issued   INTEGER NOT NULL,
    outcome  TEXT    NOT NULL, -- '': not answered yet
    detail   TEXT    NOT NULL,
    answered INTEGER NOT NULL,
    PRIMARY KEY (gateway, serial)
) STRICT, WITHOUT ROWID;
