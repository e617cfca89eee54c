package past_test

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/history"
	"plantroom/services/store"
	"plantroom/sim/past"
)

var now = plantroom.At(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))

// write makes a past and reads it back.
func write(t *testing.T, orders int) ([]plantroom.WorkOrder, []plantroom.Incident, *history.Follower) {
	t.Helper()
	e, err := past.Load(1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Assets) != 1000 {
		t.Fatalf("%d assets", len(e.Assets))
	}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := past.Write(t.Context(), past.Options{Estate: e, Store: s, Now: now, Orders: orders, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	var list []plantroom.WorkOrder
	var incidents []plantroom.Incident
	err = s.View(t.Context(), func(tx plantroom.Tx) (err error) {
		if list, err = tx.Orders(plantroom.OrderFilter{Limit: orders + 1}); err == nil {
			incidents, err = tx.Incidents(plantroom.IncidentFilter{Limit: orders + 1})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f := history.New(history.Options{Store: s, Now: func() plantroom.Instant { return now }})
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	return list, incidents, f
}

func TestAPastHasWhatBoardsShow(t *testing.T) {
	const orders = 2000
	list, incidents, f := write(t, orders)
	if len(list) != orders || len(incidents) != orders || f.Stats().Orders != orders || f.Stats().Incidents != orders {
		t.Fatalf("%d orders, %d incidents, and the history has %+v", len(list), len(incidents), f.Stats())
	}
	states, promised := map[plantroom.OrderState]int{}, map[plantroom.ClockState]int{}
	for _, o := range list {
		states[o.State]++
		for _, c := range o.Clocks {
			promised[c.State]++
		}
		if o.Raised > now || o.Raised < now.Add(-365*24*time.Hour) || !o.Due.IsZero() {
			t.Fatalf("%s was raised %s and falls due %s", o.ID, o.Raised, o.Due)
		}
	}
	if missed := float64(promised[plantroom.ClockBreached]) / (3 * orders); missed < 0.05 || missed > 0.2 || promised[plantroom.ClockMet] == 0 {
		t.Errorf("windows: %v", promised)
	}
	if open := orders - states[plantroom.Closed]; open == 0 || open > orders/20 {
		t.Errorf("orders: %v", states)
	}
}

func TestTheSameSeedMakesTheSamePast(t *testing.T) {
	one, first, _ := write(t, 100)
	two, second, _ := write(t, 100)
	if !reflect.DeepEqual(one, two) || !reflect.DeepEqual(first, second) {
		t.Error("two pasts of one seed differ")
	}
}
