-- +goose Up

-- Due calls are shared out between addresses, so where a call goes and how
-- often it was tried have to be known without reading its document.
ALTER TABLE calls ADD COLUMN channel  TEXT    NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN address  TEXT    NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
UPDATE calls SET channel = doc ->> '$.channel', address = doc ->> '$.to', attempts = doc ->> '$.attempts';
DROP INDEX calls_due;
CREATE INDEX calls_due ON calls (next_try, channel, address, attempts) WHERE state = 'pending';
