package store

import (
	"crypto/rand"
	"database/sql"
	"slices"
	"strings"

	"plantroom"
)

// tail is the newest row's place in the chain. It is looked up once per
// transaction and never outlives it, so a rollback cannot leave it wrong.
type tail struct {
	seq  int64
	hash plantroom.Hash
}

func (t *tx) ledgerTail(op string) (*tail, error) {
	if t.tail != nil {
		return t.tail, nil
	}
	var last tail
	var hash []byte
	if _, err := t.get(op, "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1", nil, &last.seq, &hash); err != nil {
		return nil, err
	}
	copy(last.hash[:], hash)
	t.tail = &last
	return t.tail, nil
}

// ledgerRows is how many rows one statement appends at most.
const ledgerRows = 8

// appendLedger holds the statement for each number of rows.
var appendLedger = func() (queries [ledgerRows + 1]string) {
	for n := 1; n <= ledgerRows; n++ {
		queries[n] = "INSERT INTO ledger (seq, at, kind, subject, actor, body, salt, prev, hash) VALUES " +
			strings.Repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?), ", n-1) + "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
	}
	return queries
}()

// AppendLedger seals the rows in order behind the newest row, each with a salt
// of its own. Seq, Salt, Prev and Hash of the arguments are not looked at.
func (t *tx) AppendLedger(rows ...plantroom.LedgerRow) error {
	const op = "append to the ledger"
	if err := t.usable(op, true); err != nil {
		return err
	}
	last, err := t.ledgerTail(op)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(rows, ledgerRows) {
		args := make([]any, 0, 9*ledgerRows)
		next := *last
		for _, r := range chunk {
			rand.Read(r.Salt[:]) // never fails
			r.Seal(next.seq+1, next.hash)
			next = tail{r.Seq, r.Hash}
			args = append(args, r.Seq, int64(r.At), r.Kind, r.Subject, r.Actor, string(r.Body), r.Salt[:], r.Prev[:], r.Hash[:])
		}
		if _, err := t.exec(op, appendLedger[len(chunk)], args...); err != nil {
			return err
		}
		*last = next
	}
	return nil
}

const ledgerColumns = "SELECT seq, at, kind, subject, actor, body, salt, prev, hash FROM ledger"

func scanLedger(rows *sql.Rows) (r plantroom.LedgerRow, err error) {
	var body, salt, prev, hash []byte
	err = rows.Scan(&r.Seq, &r.At, &r.Kind, &r.Subject, &r.Actor, &body, &salt, &prev, &hash)
	if len(body) > 0 {
		r.Body = body
	}
	copy(r.Salt[:], salt) // none: of the first form
	copy(r.Prev[:], prev)
	copy(r.Hash[:], hash)
	return r, err
}

// Ledger returns at most limit rows (0: 1,000) behind a sequence number, in order.
func (t *tx) Ledger(after int64, limit int) ([]plantroom.LedgerRow, error) {
	return list(t, "read the ledger", ledgerColumns+" WHERE seq > ? ORDER BY seq LIMIT ?", scanLedger, after, rowLimit(limit))
}

// LedgerOf returns the rows that tell of one order or incident, in order.
func (t *tx) LedgerOf(subject string) ([]plantroom.LedgerRow, error) {
	return list(t, "read the ledger of "+subject, ledgerColumns+" WHERE subject = ? ORDER BY seq", scanLedger, subject)
}
