package store

import (
	"database/sql"

	"plantroom"
)

// PutQuarantine keeps what could not be used and gives it an id; q.ID is not
// looked at. A repeat of the same (gateway, epoch, seq, stage, source) is
// dropped where seq is not 0.
func (t *tx) PutQuarantine(qs ...plantroom.Quarantined) error {
	for _, q := range qs {
		_, err := t.exec("put into quarantine", `INSERT INTO quarantine (gateway, epoch, seq, at, stage, source, reason, raw)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(q.Gateway), int64(q.Epoch), int64(q.Seq), int64(q.At), q.Stage, q.Source, q.Reason, q.Raw)
		if err != nil {
			return err
		}
	}
	return nil
}

// Quarantine returns at most limit (0: 1,000) entries, newest first.
func (t *tx) Quarantine(limit int) ([]plantroom.Quarantined, error) {
	scan := func(rows *sql.Rows) (q plantroom.Quarantined, err error) {
		var epoch, seq int64
		err = rows.Scan(&q.ID, &q.Gateway, &epoch, &seq, &q.At, &q.Stage, &q.Source, &q.Reason, &q.Raw)
		q.Epoch, q.Seq = uint64(epoch), uint64(seq)
		return q, err
	}
	return list(t, "list the quarantine", `SELECT id, gateway, epoch, seq, at, stage, source, reason, raw
		FROM quarantine ORDER BY id DESC LIMIT ?`, scan, rowLimit(limit))
}

// QuarantineCount returns how many entries there are.
func (t *tx) QuarantineCount() (int64, error) {
	var n int64
	_, err := t.get("count the quarantine", "SELECT count(*) FROM quarantine", nil, &n)
	return n, err
}

// QuarantineTallies counts by gateway. It reads an index and no entry.
func (t *tx) QuarantineTallies(since ...plantroom.Instant) ([]plantroom.QuarantineTally, error) {
	text, args := "SELECT gateway, count(*)", make([]any, len(since))
	for i, at := range since {
		text += ", count(CASE WHEN at >= ? THEN 1 END)"
		args[i] = int64(at)
	}
	scan := func(rows *sql.Rows) (q plantroom.QuarantineTally, err error) {
		q.Since = make([]int64, len(since))
		into := []any{&q.Gateway, &q.All}
		for i := range q.Since {
			into = append(into, &q.Since[i])
		}
		return q, rows.Scan(into...)
	}
	return list(t, "count the quarantine by gateway", text+" FROM quarantine GROUP BY gateway ORDER BY gateway", scan, args...)
}

// TrimQuarantine drops the oldest entries until keep are left, and says how
// many went. Repeats of what was dropped are kept again when they come.
func (t *tx) TrimQuarantine(keep int64) (dropped int64, err error) {
	return t.exec("trim the quarantine", `DELETE FROM quarantine WHERE id <=
		(SELECT id FROM quarantine ORDER BY id DESC LIMIT 1 OFFSET ?)`, max(keep, 0))
}
