package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plantroom"
)

func mustOpen(t *testing.T, path string) *SQLite {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw opens a file beside the package, as another program would.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func wantRefusal(t *testing.T, err error, code plantroom.Code, words ...string) {
	t.Helper()
	if plantroom.CodeOf(err) != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestOpenTakesAnyFileName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "50% of a #1 ? name&x=y.db")
	s := mustOpen(t, path)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the database is not where it was to be: %v", err)
	}
	if err := s.Backup(t.Context(), path+".backup ?"); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesNewerSchemaAndLeavesItAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.db")
	if err := mustOpen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	mustExec(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, path)
	_, err := Open(t.Context(), path)
	wantRefusal(t, err, plantroom.CodeInvalid, "open store", path, "schema 999", "newer", "backup")
	if !bytes.Equal(readFile(t, path), before) {
		t.Error("the refused file was changed")
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path) // no connection is open here
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	dir := t.TempDir()
	t.Run("another program's database", func(t *testing.T) {
		path := filepath.Join(dir, "other.db")
		db := raw(t, path)
		mustExec(t, db, "CREATE TABLE t (x)")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		before := readFile(t, path)
		_, err := Open(t.Context(), path)
		wantRefusal(t, err, plantroom.CodeInvalid, path, "another program's")
		if !bytes.Equal(readFile(t, path), before) {
			t.Error("the refused file was changed")
		}
	})
	t.Run("no database at all", func(t *testing.T) {
		path := filepath.Join(dir, "notes.txt")
		if err := os.WriteFile(path, bytes.Repeat([]byte("shopping list\n"), 100), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), path)
		wantRefusal(t, err, plantroom.CodeInternal, "open store", "no database")
	})
	t.Run("a directory that is not there", func(t *testing.T) {
		_, err := Open(t.Context(), filepath.Join(dir, "none", "x.db"))
		wantRefusal(t, err, plantroom.CodeUnavailable, filepath.Join(dir, "none"), "create it")
	})
	t.Run("a directory in its place", func(t *testing.T) {
		_, err := Open(t.Context(), dir)
		wantRefusal(t, err, plantroom.CodeUnavailable, "open store")
	})
}

func TestVersionsCompareByNumber(t *testing.T) {
	for v, want := range map[string]bool{
		"3.51.3": true, "3.51.10": true, "3.52.0": true, "4.0.0": true,
		"3.51.2": false, "3.9.99": false, "2.99.99": false, "3.51": false, "": false, "x.y.z": false,
	} {
		if got := atLeast(v, oldestSQLite); got != want {
			t.Errorf("atLeast(%q) = %v, want %v", v, got, want)
		}
	}
}

func TestEveryConnectionIsDurableOrReadOnly(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	pragma := func(c *conn, name string) (v string) {
		t.Helper()
		if err := c.sql.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		if got := pragma(s.writer.conn, name); got != want {
			t.Errorf("writer: %s is %s, want %s", name, got, want)
		}
	}
	for range readers {
		r := <-s.reader
		if got := pragma(r, "query_only"); got != "1" {
			t.Errorf("reader: query_only is %s", got)
		}
		if _, err := r.sql.ExecContext(t.Context(), "DELETE FROM calls"); err == nil {
			t.Error("a reading connection writes")
		}
		defer func() { s.reader <- r }()
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(plantroom.Tx) error { return nil }
	for name, err := range map[string]error{
		"View": s.View(t.Context(), nothing), "Update": s.Update(t.Context(), nothing),
		"Backup": s.Backup(t.Context(), filepath.Join(t.TempDir(), "x.db")),
	} {
		t.Run(name, func(t *testing.T) { wantRefusal(t, err, plantroom.CodeUnavailable, "closed") })
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestCloseWaitsForWhatRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.db")
	s := mustOpen(t, path)
	inside, closed := make(chan struct{}), make(chan error, 1)
	go func() {
		<-inside
		closed <- s.Close()
	}()
	err := s.Update(t.Context(), func(tx plantroom.Tx) error {
		close(inside)
		<-s.closed // Close has begun
		return tx.AppendLedger(plantroom.LedgerRow{Kind: "last", Subject: "s"})
	})
	if err := errors.Join(err, <-closed); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, path)
	err = again.View(t.Context(), func(tx plantroom.Tx) error {
		rows, err := tx.Ledger(0, 0)
		if len(rows) != 1 {
			t.Errorf("%d rows survived Close, want 1", len(rows))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestUpdateWaitsNoLongerThanItsContext(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(t.Context(), func(plantroom.Tx) error { // holds the writer
		cancel()
		err := s.Update(ctx, func(plantroom.Tx) error { return nil })
		wantRefusal(t, err, plantroom.CodeUnavailable, "write to the store")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The text of a listing depends on its filters: whoever asks for orders in
// ever more ways must not have ever more statements kept.
func TestStatementsAreNotKeptForEver(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	err := s.View(t.Context(), func(view plantroom.Tx) error {
		for n := range 400 {
			if _, err := view.Orders(plantroom.OrderFilter{States: slices.Repeat([]plantroom.OrderState{plantroom.Raised}, n)}); err != nil {
				return err
			}
		}
		if n := len(view.(*tx).c.stmts); n > maxStatements {
			t.Errorf("%d statements are kept", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
