package history

import (
	"context"
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones

	"plantroom"
)

// Where clocks change at midnight a day begins at one o'clock, or its first hour comes
// twice; whatever was asked for before must not shift it.
func TestADayIsThatOfTheWallClockWhereItChangesAtMidnight(t *testing.T) {
	for name, change := range map[string]time.Time{
		"Asia/Amman":       time.Date(2021, 10, 28, 22, 0, 0, 0, time.UTC), // midnight comes twice
		"America/Santiago": time.Date(2025, 9, 7, 4, 0, 0, 0, time.UTC),    // midnight does not come
		"America/Havana":   time.Date(2025, 3, 9, 5, 0, 0, 0, time.UTC),
		"Europe/Berlin":    time.Date(2025, 10, 26, 1, 0, 0, 0, time.UTC),
		"Asia/Shanghai":    time.Date(2025, 10, 26, 1, 0, 0, 0, time.UTC), // it never changes
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []time.Duration{20 * time.Minute, -20 * time.Minute, 7 * time.Hour} {
			days := calendar{zone: zone}
			for i := range 300 {
				at := change.Add(time.Duration(i-150) * step)
				y, m, d := at.In(zone).Date()
				if got, want := days.day(plantroom.At(at)), uint32(y)*10000+uint32(m)*100+uint32(d); got != want {
					t.Fatalf("%s by %s: %s is of %d, want %d", name, step, at.In(zone), got, want)
				}
			}
		}
	}
}

// A lift that is stuck must not look well because the clock was an hour ahead when it
// stopped, or a device's is.
func TestAnOpenEpisodeIsKnownNowAlsoWhereItSeemsToBeginLater(t *testing.T) {
	m := newMade(t, 2)
	table := NewTable()
	table.Began(start)
	now := start.Add(10 * day)
	for asset, end := range map[plantroom.AssetID]plantroom.Instant{"a0": 0, "a1": now.Add(2 * time.Hour)} {
		in := plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", asset, now.Add(time.Hour)), Rule: "lift.fault", Asset: asset, Episode: now.Add(time.Hour),
			State: plantroom.IncidentOpen, Severity: plantroom.High, Cause: "door_close_fault"}
		if end != 0 {
			in.State, in.Proved = plantroom.IncidentClosed, end
		}
		if err := table.PutIncident(&in); err != nil {
			t.Fatal(err)
		}
	}
	table.PutWorks(plantroom.Works{ID: "w1", Assets: []plantroom.AssetID{"a1"}, From: now.Add(time.Hour), To: now.Add(2 * time.Hour)})
	items := table.Now(m.book, m.book.Chosen(&Filter{}), now)
	if items[0].State != Fault || items[0].Since != now {
		t.Errorf("an open episode: %+v", items[0])
	}
	if items[1].State != OK {
		t.Errorf("one that is over, and works to come: %+v", items[1])
	}
}

// An alert may have fired for months before there was a Plantroom.
func TestWhatBeganBeforeTheRecordMakesNoOtherAssetKnown(t *testing.T) {
	m := newMade(t, 2)
	table := NewTable()
	table.Began(start.Add(100 * day))
	in := plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", "a0", start), Rule: "lift.fault", Asset: "a0", Episode: start, State: plantroom.IncidentOpen, Severity: plantroom.Low}
	if err := table.PutIncident(&in); err != nil {
		t.Fatal(err)
	}
	states, err := table.States(m.book, m.book.Chosen(&Filter{}), start, start.Add(200*day), start.Add(200*day))
	if err != nil {
		t.Fatal(err)
	}
	if s := states[1].Segments; len(s) != 2 || s[0].State != Unknown || s[0].To != start.Add(100*day+3*time.Minute) || s[1].State != OK {
		t.Errorf("the other asset: %+v", s)
	}
	if s := states[0].Segments; len(s) != 1 || s[0].State != Warning {
		t.Errorf("its own: %+v", s)
	}
}

// broken is a store that does something before it fails.
type broken func()

func (b broken) View(context.Context, func(plantroom.Tx) error) error {
	b()
	return errors.New("the disk is gone")
}

func TestWhatIsToldWhileTheStoreFailsIsStillToBeRead(t *testing.T) {
	now := start
	var f *Follower
	f = New(Options{Store: broken(func() { f.Changed(ChangedOrder, "wo-000001") }), Now: func() plantroom.Instant { return now }})
	f.ready.Store(true)
	if err := f.Step(t.Context()); err == nil {
		t.Fatal("it did not fail")
	}
	now = now.Add(time.Hour)
	ask := func() plantroom.Instant {
		at, err := f.Read(func(*Table) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if at := ask(); at != start || f.Stats().Lag != time.Hour {
		t.Errorf("it says that all is known up to %s, with a lag of %s", at, f.Stats().Lag)
	}
	if now = start.Add(-time.Hour); ask() != now {
		t.Errorf("the clock was set back to %s, and all is known up to %s", now, ask())
	}
}
