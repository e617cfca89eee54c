package store

import (
	"context"
	"database/sql"
	"errors"

	"plantroom"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// failure gives a database error its code, its operation and a next step. An
// error that already is a plantroom.Error passes as it is.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *plantroom.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: "given up before it was done", Err: err}
	}
	e := &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: "the database failed", Err: err}
	var se *sqlite.Error
	if errors.As(err, &se) {
		classify(e, se.Code())
	}
	return e
}

// classify fills in code, message and hint for an extended SQLite result code
// (https://sqlite.org/rescode.html); the low byte is the primary code.
func classify(e *plantroom.Error, code int) {
	switch code & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		e.Code, e.Message = plantroom.CodeConflict, "it exists already, or what it refers to does not"
		if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER {
			e.Code, e.Message = plantroom.CodeForbidden, "the ledger only grows"
		}
	case sqlite3.SQLITE_FULL:
		e.Code, e.Message = plantroom.CodeUnavailable, "the disk is full"
		e.Hint = "free space on the database's disk; work goes on by itself after that"
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		e.Code, e.Message = plantroom.CodeUnavailable, "the disk under the database does not work"
		e.Hint = "check disk, mount and permissions; work goes on by itself after that"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		e.Code, e.Message = plantroom.CodeUnavailable, "another program has held the database for more than 5 s"
		e.Hint = "find who else has the file open; it is tried again"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		e.Message = "the database file is damaged or is no database"
		e.Hint = "stop, keep the file, restore the last backup"
	}
}

// clean reports whether after this error the transaction goes on as if the
// statement had never been tried. Anything but a refused row, and a document
// that we cannot read, may have ended the transaction behind our back.
func clean(err error) bool {
	var ours *plantroom.Error
	if errors.Is(err, sql.ErrNoRows) || errors.As(err, &ours) {
		return true
	}
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}
