package store_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
)

// TestStoreLivesInABubble proves that the shell's tests can use the real
// store in virtual time.
func TestStoreLivesInABubble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.db")
	synctest.Test(t, func(t *testing.T) {
		s := open(t, path)
		done := make(chan error, 1)
		go func() {
			time.Sleep(1000 * time.Hour)
			done <- s.Update(t.Context(), func(tx plantroom.Tx) error { return raise(tx, 1) })
		}()
		began := time.Now()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < 1000*time.Hour {
			t.Errorf("waited %s", waited)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
