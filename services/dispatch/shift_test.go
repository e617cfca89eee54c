package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"plantroom"
)

// shifts gives the firm two technicians who follow each other, Li until some time
// after the start and Wu from then on; the ladder calls whoever is on duty once.
func shifts(change time.Duration) func(*plantroom.Estate) {
	return func(e *plantroom.Estate) {
		at := 10*hour + plantroom.Duration(change)
		e.People[3].Channels = []plantroom.Address{{Channel: "mqtt", To: "wu"}}
		e.Contractors[0].Roster = []plantroom.Shift{{Start: 6 * hour, End: at, People: []plantroom.PersonID{"li"}}, {Start: at, End: 22 * hour, People: []plantroom.PersonID{"wu"}}}
		e.Ladders[0].Levels[0].Repeat = 0
	}
}

// called lists whom the ladder has called, in order.
func (h *house) called() (out []string) {
	for _, c := range h.calls() {
		if len(c) > 15 && c[:15] == "ladder.call to " {
			out = append(out, c[15:])
		}
	}
	return out
}

func TestWhoeverTakesOverIsCalledAtTheHandOver(t *testing.T) {
	for says, c := range map[string]struct {
		change time.Duration // of the shift, after the order was raised
		do     func(h *house)
		want   []string // within ten minutes, but for whom the ladder names
	}{
		"before the first rung the new one is called by that": {2 * time.Minute, nil, []string{"person:wu"}},
		"at the first rung":                                      {3 * time.Minute, nil, []string{"person:wu"}},
		"after it, both":                                         {5 * time.Minute, nil, []string{"person:li", "person:wu"}},
		"also when the ladder has climbed on":                    {9 * time.Minute, nil, []string{"person:li", "person:wu"}},
		"nobody, when somebody has acknowledged":                 {5 * time.Minute, func(h *house) { h.pass(4 * time.Minute); h.must(plantroom.DoAcknowledge, quick) }, []string{"person:li"}},
		"nobody, when it has gone by itself":                     {5 * time.Minute, func(h *house) { h.pass(4 * time.Minute); h.proved(h.now) }, []string{"person:li"}},
		"late and once, when the server was away in between":     {5 * time.Minute, func(h *house) { h.pass(4 * time.Minute); h.sleep(10 * time.Minute); h.tick() }, []string{"person:li", "person:wu"}},
		"once, when the server was away over rung and hand-over": {5 * time.Minute, func(h *house) { h.sleep(7 * time.Minute); h.tick() }, []string{"person:wu"}},
	} {
		t.Run(says, func(t *testing.T) {
			h := newHouse(t, shifts(c.change))
			h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
			if c.do != nil {
				c.do(h)
			}
			h.pass(start.Add(10*time.Minute).Sub(h.now) + time.Second)
			got := slices.DeleteFunc(h.called(), func(who string) bool { return who == "person:zhao" || who == "person:lin" })
			if !slices.Equal(got, c.want) {
				t.Errorf("the ladder called %q, want %q", got, c.want)
			}
			h.wholeLedger()
		})
	}
}

func TestTheHandOverIsInTheLedger(t *testing.T) {
	h := newHouse(t, shifts(5*time.Minute))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(6 * time.Minute)
	if n := h.rowsOf("ladder.hand_over"); len(n) != 1 || n[0].At != start.Add(5*time.Minute) {
		t.Errorf("%+v", n)
	}
	if c := h.call("ladder.call", "person:wu"); c.Subject != "wo-000001 Lift 1: door close fault (medium): the shift has changed, and nobody has acknowledged for 5m" {
		t.Errorf("it says %q", c.Subject)
	}
}

// rowsOf lists the rows of a kind about the newest order.
func (h *house) rowsOf(kind string) (out []plantroom.LedgerRow) {
	h.view(func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(h.order().ID))
		for _, r := range rows {
			if r.Kind == kind {
				out = append(out, r)
			}
		}
		return err
	})
	return out
}

func TestWhoHasGoneOffDutyIsNotTriedAnyMore(t *testing.T) {
	h := newHouse(t, shifts(5*time.Minute))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(4 * time.Minute)
	if c := h.call("ladder.call", "person:li"); c.State != plantroom.CallPending {
		t.Fatalf("%+v", c)
	}
	h.pass(2 * time.Minute)
	if c := h.call("ladder.call", "person:li"); c.State != plantroom.CallWithdrawn || c.Done != start.Add(5*time.Minute) {
		t.Errorf("%+v: want it withdrawn, since it had not reached him", c)
	}
	if c := h.call("order.dispatched", "contractor:quicklift"); c.State != plantroom.CallPending {
		t.Errorf("the firm's call is %s", c.State)
	}
	if n := h.rowsOf("call.withdrawn"); len(n) != 1 {
		t.Errorf("%+v", n)
	}
}

func TestWhomTheLadderNamesIsTriedWhateverTheRosterSays(t *testing.T) {
	h := newHouse(t, shifts(5*time.Minute), func(e *plantroom.Estate) { e.Ladders[0].Levels[1].People = []plantroom.PersonID{"li"} })
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(9 * time.Minute)
	if c := h.call("ladder.call", "person:li"); c.State != plantroom.CallPending {
		t.Errorf("%+v", c)
	}
}

func TestWhereNobodyTakesOverTheFirmIsCalled(t *testing.T) {
	h := newHouse(t, shifts(5*time.Minute), func(e *plantroom.Estate) { e.Contractors[0].Roster = e.Contractors[0].Roster[:1] })
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(6 * time.Minute)
	if got := h.called(); !slices.Equal(got, []string{"person:li", "contractor:quicklift"}) {
		t.Errorf("the ladder called %q", got)
	}
}

func TestAHandOverIsTakenFromTheRosterAsItIsNow(t *testing.T) {
	h := newHouse(t, shifts(5*time.Minute))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(4 * time.Minute)
	h.reread(func(e *plantroom.Estate) { // Wu stands in from now on
		shifts(5 * time.Minute)(e)
		e.Contractors[0].Overrides = []plantroom.Override{{From: h.now, To: h.now.Add(time.Hour), People: []plantroom.PersonID{"wu"}, InsteadOf: []plantroom.PersonID{"li"}}}
	})
	if got := h.called(); !slices.Equal(got, []string{"person:li", "person:wu"}) {
		t.Errorf("the ladder called %q", got)
	}
	h.pass(3 * time.Minute) // past the hand-over that has become none
	h.reread(func(e *plantroom.Estate) { shifts(5 * time.Minute)(e) })
	if got := h.called(); len(got) != 2 {
		t.Errorf("the ladder called %q: want nobody twice", got)
	}
}
