package store_test

import (
	"path/filepath"
	"testing"

	"plantroom"
	"plantroom/services/store"
	"plantroom/services/store/storetest"
)

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) plantroom.Store {
		return open(t, filepath.Join(t.TempDir(), "plantroom.db"))
	})
}

func TestReopeningKeepsEverything(t *testing.T) {
	storetest.Durable(t, func(t *testing.T) func(t *testing.T) plantroom.Store {
		path := filepath.Join(t.TempDir(), "plantroom.db")
		return func(t *testing.T) plantroom.Store { return open(t, path) }
	})
}

func TestKillLosesNothing(t *testing.T) {
	storetest.SurvivesKill(t, filepath.Join(t.TempDir(), "plantroom.db"), func(t *testing.T, place string) plantroom.Store {
		return open(t, place)
	})
}

// open opens a database and closes it with the test.
func open(t testing.TB, path string) *store.SQLite {
	t.Helper()
	s, err := store.Open(t.Context(), path)
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
