package dispatch_test

import (
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// worked is a house whose lift 1 is worked on for some hours from now on.
func worked(t testing.TB, hold plantroom.HeldCalls) *house {
	h := newHouse(t)
	w := plantroom.Works{ID: "overhaul", Version: 1, State: plantroom.WorksRunning, Title: plantroom.Text{En: "Overhaul"}, Assets: []plantroom.AssetID{"b1-l1"},
		Contractor: "quicklift", From: h.now, To: h.now.Add(4 * time.Hour), Hold: hold}
	if err := h.update(func(tx plantroom.Tx) error { return tx.PutWorks(w) }); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestALadderThatNoWorksHoldBackIsNotClimbedTwice(t *testing.T) {
	h := worked(t, plantroom.HoldNothing)
	h.open("lift.entrapment", "b1-l1", plantroom.High, "alarm_button")
	h.pass(4 * time.Minute)
	before := h.count("ladder.call to person:li")
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity, in.Cause = plantroom.Life, "entrapment" })
	if n := h.count("ladder.call to person:li"); before != 1 || n != before {
		t.Errorf("Li was called %d times by the ladder, and %d times after it became worse", before, n)
	}
}

func TestALadderThatRestsForWorksBeginsWhenALifeComesToDependOnTheOrder(t *testing.T) {
	for name, grave := range map[string]func(*house){
		"it grows worse": func(h *house) {
			h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity, in.Cause = plantroom.Life, "entrapment" })
		},
		"another order is merged into it": func(h *house) {
			first := h.order()
			in := h.in
			second := h.open("lift.entrapment", "b1-l2", plantroom.Life, "entrapment")
			if _, err := h.on(second.ID, plantroom.DoMerge, lin, with(first.ID, "one supply")); err != nil {
				h.t.Fatal(err)
			}
			h.in = in
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := worked(t, plantroom.HoldAll)
			h.open("lift.fault", "b1-l1", plantroom.High, "door_close_fault")
			h.pass(5 * time.Minute)
			if n := h.count("ladder.call to person:li"); n != 0 {
				t.Fatalf("the works hold back all calls, and Li was called %d times", n)
			}
			grave(h)
			h.pass(10 * time.Minute)
			if h.count("ladder.call to person:li") == 0 || h.count("ladder.call to person:lin") == 0 {
				t.Errorf("a life is at stake, nobody has answered, and the ladder rests: %q", h.calls())
			}
		})
	}
}

func TestWhatIsTakenUpAfterTheWorksIsNothingOfTheirs(t *testing.T) {
	for name, hours := range map[string]time.Duration{"after their end": 5, "after they were done sooner": 1} {
		t.Run(name, func(t *testing.T) {
			h := worked(t, plantroom.HoldAll)
			h.open("lift.fault", "b1-l1", plantroom.High, "door_close_fault")
			h.must(plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = "the works do that" })
			h.cleared()
			h.pass(hours * time.Hour)
			err := h.update(func(tx plantroom.Tx) error {
				w, err := tx.Works("overhaul")
				if err != nil {
					return err
				}
				w.Version, w.State = w.Version+1, plantroom.WorksDone
				if err := tx.PutWorks(w); err != nil {
					return err
				}
				return h.desk.WorksOver(tx, h.now, "overhaul")
			})
			if err != nil {
				t.Fatal(err)
			}
			h.relapsed()
			h.wantState(plantroom.Dispatched)
			if n := h.count("order.dispatched to contractor:quicklift"); n != 1 || h.order().During != nil {
				t.Errorf("quicklift is called %d times about %+v: %q", n, h.order().During, h.calls())
			}
			if n := h.count("works.left to person:lin"); n != 0 {
				t.Errorf("Lin is told %d times of what the works have left", n)
			}
			h.wholeLedger()
		})
	}
}
