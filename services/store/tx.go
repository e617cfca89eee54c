package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"plantroom"
)

var _ plantroom.Tx = (*tx)(nil)

// tx is one transaction on one connection. Its methods are spread over the
// files by what they store.
type tx struct {
	ctx   context.Context // of the statements
	c     *conn
	write bool
	ended bool
	// broken is the first error after which SQLite may have rolled back by
	// itself. From there on every statement is refused: it would otherwise
	// run, and commit, outside any transaction.
	broken   error
	tail     *tail // of the ledger, once it has been looked up
	numbered int64 // the highest order number that NextOrderID has given
}

// end ends a View, also when f panics.
func (t *tx) end() {
	if t.ended {
		return
	}
	t.ended = true
	// The only error a ROLLBACK has is that SQLite was quicker.
	_ = t.c.run("ROLLBACK")
}

// usable reports why a statement cannot run, nil where it can.
func (t *tx) usable(op string, write bool) error {
	switch {
	case t.ended:
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: "the transaction has ended"}
	case t.broken != nil:
		return t.broken
	case write && !t.write:
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: "a View cannot write", Hint: "use Update"}
	}
	return nil
}

// fail gives an error its code and remembers one that ends the transaction.
func (t *tx) fail(op string, err error) error {
	e := failure(op, err)
	if !clean(err) {
		t.broken = e
	}
	return e
}

// exec writes and returns the number of rows that changed.
func (t *tx) exec(op, query string, args ...any) (int64, error) {
	if err := t.usable(op, true); err != nil {
		return 0, err
	}
	st, err := t.c.prepare(query)
	if err != nil {
		return 0, t.fail(op, err)
	}
	res, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, t.fail(op, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, t.fail(op, err)
	}
	return n, nil
}

// get reads one row into dest and reports whether there is one.
func (t *tx) get(op, query string, args []any, dest ...any) (bool, error) {
	if err := t.usable(op, false); err != nil {
		return false, err
	}
	st, err := t.c.prepare(query)
	if err != nil {
		return false, t.fail(op, err)
	}
	switch err := st.QueryRowContext(t.ctx, args...).Scan(dest...); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, t.fail(op, err)
	}
	return true, nil
}

// list reads all rows of a query. The rows are read to the end before it
// returns, so a statement is never in use twice.
func list[T any](t *tx, op, query string, scan func(*sql.Rows) (T, error), args ...any) ([]T, error) {
	if err := t.usable(op, false); err != nil {
		return nil, err
	}
	st, err := t.c.prepare(query)
	if err != nil {
		return nil, t.fail(op, err)
	}
	rows, err := st.QueryContext(t.ctx, args...)
	if err != nil {
		return nil, t.fail(op, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, t.fail(op, err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, t.fail(op, err)
	}
	return out, nil
}

// encode writes a document.
func encode(op string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "it cannot be written as JSON", Err: err}
	}
	return string(b), nil
}

// decode reads a document that this package has written.
func decode[T any](doc []byte) (T, error) {
	var v T
	if err := json.Unmarshal(doc, &v); err != nil {
		return v, &plantroom.Error{Code: plantroom.CodeInternal, Op: "read from the store",
			Message: fmt.Sprintf("a stored %T cannot be understood", v),
			Hint:    "restore the last backup; the ledger tells what has happened since", Err: err}
	}
	return v, nil
}

// scanDoc reads a row that is one document.
func scanDoc[T any](rows *sql.Rows) (T, error) {
	var doc sql.RawBytes
	if err := rows.Scan(&doc); err != nil {
		var none T
		return none, err
	}
	return decode[T](doc)
}

// one reads a single document, or fails with CodeNotFound.
func one[T any](t *tx, op, query string, what any, args ...any) (T, error) {
	var doc []byte
	found, err := t.get(op, query, args, &doc)
	if err == nil && !found {
		err = notFound(op, what)
	}
	if err != nil {
		var none T
		return none, err
	}
	return decode[T](doc)
}

func notFound(op string, what any) error {
	return &plantroom.Error{Code: plantroom.CodeNotFound, Op: op, Message: fmt.Sprintf("there is no %v", what)}
}

func conflict(op, format string, args ...any) error {
	return &plantroom.Error{Code: plantroom.CodeConflict, Op: op, Message: fmt.Sprintf(format, args...)}
}

// rowLimit turns "0: 1,000" into a number.
func rowLimit(n int) int {
	if n <= 0 {
		return 1000
	}
	return n
}

// flag stores a truth value.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
