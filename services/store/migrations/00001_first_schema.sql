-- +goose Up

-- 'PLRM': tells our files from other programs' SQLite files.
PRAGMA application_id = 1347179085;

CREATE TABLE progress (
    gateway TEXT    NOT NULL,
    epoch   INTEGER NOT NULL, -- uint64 as two's complement
    seen    INTEGER NOT NULL,
    stored  INTEGER NOT NULL,
    heard   INTEGER NOT NULL,
    latest  BLOB,
    PRIMARY KEY (gateway, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
    gateway TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    UNIQUE (gateway, epoch, first)
) STRICT;

CREATE TABLE detections (
    rule  TEXT NOT NULL,
    asset TEXT NOT NULL,
    state BLOB,
    PRIMARY KEY (rule, asset)
) STRICT, WITHOUT ROWID;

CREATE TABLE incidents (
    id      TEXT    NOT NULL UNIQUE,
    rule    TEXT    NOT NULL,
    asset   TEXT    NOT NULL,
    domain  TEXT    NOT NULL,
    episode INTEGER NOT NULL,
    open    INTEGER NOT NULL, -- 1 until closed
    doc     TEXT    NOT NULL,
    UNIQUE (asset, rule, episode)
) STRICT;
CREATE UNIQUE INDEX incidents_open ON incidents (asset, rule) WHERE open = 1;
CREATE INDEX incidents_episode ON incidents (episode);

CREATE TABLE orders (
    num        INTEGER PRIMARY KEY, -- wo-000042 is 42
    version    INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    open       INTEGER NOT NULL, -- 1 until the state is final
    asset      TEXT    NOT NULL,
    domain     TEXT    NOT NULL,
    building   TEXT    NOT NULL,
    contractor TEXT    NOT NULL,
    rule       TEXT    NOT NULL,
    raised     INTEGER NOT NULL,
    due        INTEGER NOT NULL, -- 0: time alone changes nothing
    doc        TEXT    NOT NULL
) STRICT;
-- One index for what is open and for what is due, because each index costs every
-- transaction a page.
CREATE INDEX orders_live ON orders (due) WHERE open = 1 OR due > 0;
CREATE INDEX orders_asset ON orders (asset);
CREATE INDEX orders_raised ON orders (raised);

-- One order per incident, ever: its present one and those before a reopen.
CREATE TABLE order_incidents (
    incident TEXT    PRIMARY KEY,
    num      INTEGER NOT NULL REFERENCES orders (num)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    prev    BLOB    NOT NULL,
    hash    BLOB    NOT NULL
) STRICT;
CREATE INDEX ledger_subject ON ledger (subject);

-- +goose StatementBegin
CREATE TRIGGER ledger_next BEFORE INSERT ON ledger
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger)
BEGIN SELECT raise(ABORT, 'the ledger only grows, by one row at its end'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT raise(ABORT, 'a ledger row cannot be changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT raise(ABORT, 'a ledger row cannot be deleted'); END;
-- +goose StatementEnd

CREATE TABLE calls (
    seq      INTEGER PRIMARY KEY, -- the order of writing
    id       TEXT    NOT NULL UNIQUE,
    order_id TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    next_try INTEGER NOT NULL,
    doc      TEXT    NOT NULL
) STRICT;
CREATE INDEX calls_due ON calls (next_try) WHERE state = 'pending';
CREATE INDEX calls_order ON calls (order_id);
CREATE INDEX calls_dead ON calls (seq) WHERE state = 'dead';

CREATE TABLE quarantine (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    seq     INTEGER NOT NULL, -- 0: the whole message
    at      INTEGER NOT NULL,
    stage   TEXT    NOT NULL,
    source  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    raw     BLOB
) STRICT;
CREATE UNIQUE INDEX quarantine_once ON quarantine (gateway, epoch, seq, stage, source) WHERE seq <> 0;
