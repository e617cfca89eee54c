package store_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"plantroom"
)

func TestBackupIsWholeWhileWritesGoOn(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "plantroom.db"))
	stop := make(chan struct{})
	var writing sync.WaitGroup
	begun := make(chan struct{})
	writing.Go(func() {
		for n := 1; ; n++ {
			if err := s.Update(t.Context(), func(tx plantroom.Tx) error { return raise(tx, n) }); err != nil {
				t.Error(err)
				return
			}
			switch n {
			case 20:
				close(begun)
			default:
				select {
				case <-stop:
					return
				default:
				}
			}
		}
	})
	<-begun
	file := filepath.Join(dir, "backup.db")
	err := s.Backup(t.Context(), file)
	close(stop)
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file + ".partial"); !os.IsNotExist(err) {
		t.Errorf("the partial copy is still there: %v", err)
	}
	wantConsistent(t, open(t, file))
}

// wantConsistent checks that every raised order has all that belongs to it.
func wantConsistent(t *testing.T, s plantroom.Store) {
	t.Helper()
	err := s.View(t.Context(), func(tx plantroom.Tx) error {
		orders, err := tx.Orders(plantroom.OrderFilter{Limit: 1 << 20})
		if err != nil {
			return err
		}
		rows, err := tx.Ledger(0, 1<<20)
		if err != nil {
			return err
		}
		calls, err := tx.Calls(plantroom.CallPending, 1<<20)
		if len(orders) < 20 || len(rows) != 3*len(orders) || len(calls) != len(orders) {
			t.Errorf("%d orders, %d ledger rows, %d calls", len(orders), len(rows), len(calls))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBackupReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "plantroom.db"))
	file := filepath.Join(dir, "backup.db")
	if err := s.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if got := plantroom.CodeOf(s.Backup(t.Context(), file)); got != plantroom.CodeConflict {
		t.Errorf("over an existing file: code %q, want conflict", got)
	}
	if got := plantroom.CodeOf(s.Backup(t.Context(), filepath.Join(dir, "none", "b.db"))); got != plantroom.CodeUnavailable {
		t.Errorf("into a directory that is not there: code %q, want unavailable", got)
	}
}

func TestBackupClearsWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "plantroom.db"))
	file := filepath.Join(dir, "backup.db")
	if err := os.WriteFile(file+".partial", []byte("half a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	open(t, file)
}
