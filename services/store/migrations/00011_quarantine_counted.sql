-- +goose Up

-- What is set aside is counted by gateway and time, again and again, without
-- reading the raw bytes that came.
CREATE INDEX quarantine_gateway ON quarantine (gateway, at);
