package backfill

import (
	"path/filepath"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/app/config"
	"plantroom/services/store"
	"plantroom/sim/estates"
	"plantroom/sim/scenario"
	"plantroom/sim/year"
)

// The day itself is played by the integration tests, where it is given to a server.
func TestTheDayIsWellFormed(t *testing.T) {
	s, err := scenario.Parse("day.yaml", day)
	if err != nil || time.Duration(s.Length) != 24*time.Hour || s.Estate != storyEstate {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAPastIsGivenToAnEmptyPlantroomOfTheStoryOnly(t *testing.T) {
	e, err := estates.Load("story")
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{Data: t.TempDir(), Estate: e}
	s, err := store.Open(t.Context(), filepath.Join(cfg.Data, "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	now := plantroom.At(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	if err := year.Play(t.Context(), year.Options{Estate: e, Store: s, From: now.Add(-30 * 24 * time.Hour), To: now, Seed: 1, Faults: 2}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Options{Config: cfg, Now: now}); plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Errorf("where there are orders: %v", err)
	}
	other := *cfg
	other.Data, other.Estate.ID = t.TempDir(), "rosewood"
	if _, err := Run(t.Context(), Options{Config: &other, Now: now}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("another estate: %v", err)
	}
}
