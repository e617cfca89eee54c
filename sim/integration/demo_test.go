package integration

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/influxd/influxdtest"
	"plantroom/services/store"
	"plantroom/sim/demo"
)

// One demonstration, from beside and to its end: a second one in its directory
// leaves it alone, its story is in order, and it counts what is there when
// nothing changes any more.
func TestADemonstrationIsToldInOrderAndCountedWhenItRests(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	var mu sync.Mutex
	var lines []demo.Line
	o := demo.Options{Dir: dir, Plantroom: program("plantroom"), Gateway: program("plantroom-gateway"), Influxd: influxdtest.Binary(t),
		Web: "127.0.0.1:0", Speed: 60, For: 8 * time.Second}
	second := o
	o.Tell = func(l demo.Line) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, l)
	}
	o.Ready = func(demo.Where) {
		if _, err := demo.Run(t.Context(), second); plantroom.CodeOf(err) != plantroom.CodeConflict {
			t.Errorf("a second one in the same directory: %v, want a refusal", err)
		}
	}
	sum, err := demo.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !sum.OK() || sum.Orders == 0 {
		t.Errorf("what came of it is not in order: %+v", sum)
	}
	inOrder(t, lines)
	db, err := store.Open(t.Context(), filepath.Join(dir, "data", "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(t.Context(), func(tx plantroom.Tx) error {
		incidents, err := tx.Incidents(plantroom.IncidentFilter{Limit: 10_000})
		for _, in := range incidents {
			if in.Rule == "gateway.silent" {
				t.Errorf("its own end is an incident: %+v", in)
			}
		}
		return errors.Join(err, unless(len(incidents) == sum.Incidents, "%d incidents were counted, there are %d", sum.Incidents, len(incidents)))
	})
	if err != nil {
		t.Error(err)
	}
}

// inOrder checks that a fault is told before its incident, the incident before
// its order, the order before the call, and no line before an earlier one.
func inOrder(t *testing.T, lines []demo.Line) {
	t.Helper()
	road := []string{"b1-l1 stops", "incident.opened door_close_fault", "order.dispatch → quicklift", "wo-"}
	for i, l := range lines {
		if i > 0 && l.At < lines[i-1].At {
			t.Errorf("%q of %s is told after %q of %s", l.Text, l.Local, lines[i-1].Text, lines[i-1].Local)
		}
		if len(road) > 0 && strings.Contains(l.Text, road[0]) && (len(road) > 1 || l.Who == "phone quicklift") {
			road = road[1:]
		}
	}
	if len(road) > 0 {
		t.Errorf("of the road from the fault to the phone, %q was not told in its place: %+v", road, lines)
	}
}

func TestADemonstrationThatIsInterruptedWhileItStartsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := demo.Run(ctx, demo.Options{Dir: dir, Plantroom: program("plantroom"), Gateway: program("plantroom-gateway"),
			Influxd: influxdtest.Binary(t), Web: "127.0.0.1:0", Speed: 20})
		ended <- err
	}()
	within(t, soon, "its server runs", func(context.Context) error {
		all, err := processes(dir)
		return errors.Join(err, unless(len(all) > 0, "nothing runs"))
	})
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, demo.ErrInterrupted) {
			t.Errorf("it says %v", err)
		}
	case <-time.After(soon):
		t.Fatal("it does not end")
	}
	if left, err := processes(dir); err != nil || len(left) > 0 {
		t.Errorf("these still run: %q, error %v", left, err)
	}
}
