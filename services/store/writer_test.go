package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"plantroom"
)

// together runs updates of which all but the first wait while it runs, so that
// they share its commit, and returns what they say.
func together(t *testing.T, s *SQLite, updates ...func(plantroom.Tx) error) []error {
	t.Helper()
	s.writer.age = time.Hour // the machine may be busy
	errs := make([]error, len(updates))
	var all sync.WaitGroup
	waiting := func(n int) {
		for have := -1; have < n; runtime.Gosched() {
			s.writer.mu.Lock()
			have = len(s.writer.queue)
			s.writer.mu.Unlock()
		}
	}
	update := func(n int, f func(plantroom.Tx) error) {
		defer func() {
			if p := recover(); p != nil {
				errs[n] = fmt.Errorf("panic: %v", p)
			}
		}()
		errs[n] = s.Update(context.Background(), f)
	}
	running := make(chan struct{})
	all.Go(func() {
		update(0, func(tx plantroom.Tx) error {
			close(running)
			waiting(len(updates) - 1)
			return updates[0](tx)
		})
	})
	<-running
	for n, f := range updates[1:] {
		all.Go(func() { update(n+1, f) })
		waiting(n + 1) // so that they come in this order
	}
	all.Wait()
	return errs
}

func note(kind string) func(plantroom.Tx) error {
	return func(tx plantroom.Tx) error { return tx.AppendLedger(plantroom.LedgerRow{Kind: kind}) }
}

func kinds(t *testing.T, s *SQLite) (out string) {
	t.Helper()
	err := s.View(t.Context(), func(tx plantroom.Tx) error {
		rows, err := tx.Ledger(0, 0)
		for _, r := range rows {
			out += r.Kind
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUpdatesThatWaitForEachOtherShareACommit(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	var seen string
	look := func(tx plantroom.Tx) error {
		seen = kinds(t, s) // by another connection
		return note("c")(tx)
	}
	for n, err := range together(t, s, note("a"), note("b"), look, note("d")) {
		if err != nil {
			t.Errorf("update %d: %v", n, err)
		}
	}
	if got := kinds(t, s); got != "abcd" || seen != "" {
		t.Errorf("%q is there, want abcd; during the third %q was", got, seen)
	}
}

func TestOfAGroupOnlyWhatFailedIsTakenBack(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	no := errors.New("no")
	failing := func(tx plantroom.Tx) error { return errors.Join(note("x")(tx), no) }
	panicking := func(tx plantroom.Tx) error { panic(errors.Join(note("y")(tx), no)) }
	errs := together(t, s, failing, note("a"), failing, note("b"), panicking, note("c"))
	for n, err := range errs {
		if failed := n%2 == 0; (err != nil) != failed {
			t.Errorf("update %d: %v", n, err)
		}
	}
	if got := kinds(t, s); got != "abc" {
		t.Errorf("%q is there, want abc", got)
	}
}

// Where SQLite gives the transaction up, nobody of the group is told that
// anything was kept.
func TestWhereTheDiskIsFullNobodyOfAGroupIsTold(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	limitPages(t, s, 3)
	big := func(tx plantroom.Tx) error {
		return tx.AppendLedger(plantroom.LedgerRow{Kind: "x", Body: []byte(fmt.Sprintf("%q", make([]byte, 1<<16)))})
	}
	errs := together(t, s, note("a"), note("b"), big, note("c"))
	for n, err := range errs[:3] {
		if plantroom.CodeOf(err) != plantroom.CodeUnavailable {
			t.Errorf("update %d of the group that has failed: %v", n, err)
		}
	}
	if errs[3] != nil {
		t.Errorf("the one behind the group: %v", errs[3])
	}
	if got := kinds(t, s); got != "c" {
		t.Errorf("%q is there, want c", got)
	}
}

func TestAStoreIsClosedWithNothingLeftOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.db")
	s := mustOpen(t, path)
	closed := make(chan error, 1)
	errs := together(t, s, note("a"), func(tx plantroom.Tx) error {
		go func() { closed <- s.Close() }()
		<-s.closed
		return note("b")(tx)
	})
	if err := errors.Join(append(errs, <-closed)...); err != nil {
		t.Fatal(err)
	}
	if got := kinds(t, mustOpen(t, path)); got != "ab" {
		t.Errorf("%q is there, want ab", got)
	}
}

// A document that cannot be understood is no fault of the transaction: who reads
// it fails alone, and not with everybody whose commit it shares.
func TestADocumentThatIsDamagedFailsOnlyWhoReadsIt(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	if err := s.Update(t.Context(), func(tx plantroom.Tx) error {
		return tx.PutWorks(plantroom.Works{ID: "facade", Version: 1, State: plantroom.WorksPlanned})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.conn.sql.ExecContext(t.Context(), "UPDATE works SET doc = 'x'"); err != nil {
		t.Fatal(err)
	}
	reads := func(tx plantroom.Tx) error {
		_, err := tx.Works("facade")
		return err
	}
	errs := together(t, s, note("a"), reads, note("b"))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("%v", errs)
	}
	if got := kinds(t, s); got != "ab" {
		t.Errorf("%q is there, want ab", got)
	}
}
