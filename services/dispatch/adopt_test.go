package dispatch_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// reread puts a changed estate's file to work, as the server does.
func (h *house) reread(change func(*plantroom.Estate)) {
	h.t.Helper()
	e := estate()
	change(&e)
	desk, err := dispatch.New(dispatch.Options{Estate: e, Domains: []plantroom.Domain{lifts()}, Links: links{}, PublicURL: "https://plantroom.example.net/"})
	if err != nil {
		h.t.Fatal(err)
	}
	h.desk = desk
	if err := h.update(func(tx plantroom.Tx) error { return desk.Adopt(tx, h.now) }); err != nil {
		h.t.Fatal(err)
	}
}

// newCalls lists the calls made since there were n.
func (h *house) newCalls(n int) []string { return h.calls()[n:] }

func TestALadderThatChangesUnderAnOrderIsClimbedAsItIsNow(t *testing.T) {
	for name, c := range map[string]struct {
		after  time.Duration // when the file changes
		change func(*plantroom.Estate)
		want   []string // the calls of the ladder from then on, within ten minutes
	}{
		"the first rung is later": {0, func(e *plantroom.Estate) { e.Ladders[0].Levels[0] = plantroom.Level{After: 5 * minute} },
			[]string{"ladder.call to person:li", "ladder.call to person:zhao"}},
		"it is shorter": {13 * time.Minute, func(e *plantroom.Estate) {
			e.Ladders[0].Levels = e.Ladders[0].Levels[:1]
			e.Ladders[0].Levels[0].Repeat = 5 * minute
		},
			[]string{"ladder.call to person:li", "ladder.call to person:li"}},
		"it is gone": {time.Minute, func(e *plantroom.Estate) {
			e.Ladders[0].ID, e.Contracts[0].Ladder, e.Contracts[1].Ladder = "other", "other", "other"
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.open("lift.fault", "b1-l1", plantroom.Low, "door_cycling")
			h.pass(c.after)
			before := len(h.calls())
			h.reread(c.change)
			h.pass(10 * time.Minute)
			var got []string
			for _, call := range h.newCalls(before) {
				if call[:6] == "ladder" {
					got = append(got, call)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("called %q, want %q", got, c.want)
			}
		})
	}
}

// without takes a contractor and its contract out of the file.
func without(e *plantroom.Estate) { e.Contractors, e.Contracts = e.Contractors[1:], e.Contracts[1:] }

func TestCallsToAContractorThatIsGoneGoToTheManagers(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	before := len(h.calls())
	h.reread(without)
	h.wantState(plantroom.Acknowledged) // it has been accepted: people settle that
	h.pass(20 * time.Minute)
	if got := h.newCalls(before); !slices.Contains(got, "clock.at_risk to person:lin") {
		t.Errorf("called %q, want the manager told of the risk", got)
	}
	if rows := h.rows(); occurrences(rows, "call.unaddressed") == 0 {
		t.Errorf("the ledger does not say that nobody was there to call: %q", rows)
	}
}

func TestAnOrderWhoseContractorIsGoneBeforeItAnsweredIsGivenToTheNext(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.reread(without)
	if o := h.order(); o.State != plantroom.Dispatched || o.Contractor != "grandlift" || o.Link != 2 {
		t.Errorf("%s with %s, link %d", o.State, o.Contractor, o.Link)
	}
	h.call("order.dispatched", grand)
}

func TestAnOrderThatNobodyCoveredIsGivenAwayOnceSomebodyDoes(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts = nil })
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.wantState(plantroom.Raised)
	h.pass(3 * time.Hour)
	before := h.everything()
	h.reread(func(e *plantroom.Estate) { e.Contracts = nil })
	if h.everything() != before {
		t.Error("nobody can take it still, and yet something changed")
	}
	h.reread(func(*plantroom.Estate) {})
	h.wantState(plantroom.Dispatched)
	h.call("order.dispatched", quick)
	before = h.everything()
	h.reread(func(*plantroom.Estate) {})
	if h.everything() != before {
		t.Error("a second look changed something")
	}
}

func TestWhoHasDeclinedIsNotAskedAgainByAChangedFile(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts = e.Contracts[:1] })
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoDecline, quick)
	h.wantState(plantroom.Declined)
	h.reread(func(e *plantroom.Estate) { e.Contracts = e.Contracts[:1] })
	h.wantState(plantroom.Declined)
	h.reread(func(*plantroom.Estate) {})
	if o := h.order(); o.Contractor != "grandlift" {
		t.Errorf("it is with %s", o.Contractor)
	}
}

func TestEveryOrderThatNobodyHasIsLookedAtHoweverManyThereAre(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	err := h.update(func(tx plantroom.Tx) error { // for which no contract is in force, before and after
		for i := range 1000 {
			in := plantroom.Incident{Rule: "leak.wet", Asset: plantroom.AssetID(fmt.Sprint("leak-", i)), Domain: "leaks", Building: "b1", Episode: h.now,
				State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "water", Opened: h.now, Needed: 1}
			in.ID = plantroom.NewIncidentID(in.Rule, in.Asset, in.Episode)
			if err := h.desk.Incident(tx, h.now, plantroom.IncidentEvent{Change: plantroom.IncidentOpened, Incident: in}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.reread(func(e *plantroom.Estate) { e.Contractors, e.Contracts = e.Contractors[1:], e.Contracts[1:] }) // quicklift is gone
	if o := h.order(); o.Contractor != "grandlift" {
		t.Errorf("the order is with %q, which the file has no longer", o.Contractor)
	}
}

// month is how far the server's clock is ahead.
const month = 30 * 24 * time.Hour

// ahead lets the clock be a month ahead for a moment, in which somebody acts, and
// sets it right.
func (h *house) ahead(act func()) {
	h.t.Helper()
	h.now = h.now.Add(month)
	h.tick()
	act()
	h.now = h.now.Add(10*time.Second - month)
	if err := h.update(func(tx plantroom.Tx) error { return h.desk.Adopt(tx, h.now) }); err != nil {
		h.t.Fatal(err)
	}
}

func TestALadderGoesOnWhenAClockThatWasAheadIsSetRight(t *testing.T) {
	h := opened(t)
	h.pass(4 * time.Minute)
	h.ahead(func() {})
	before := h.count("ladder.call to person:lin")
	h.pass(11 * time.Minute)
	if n := h.count("ladder.call to person:lin") - before; n != 2 {
		t.Errorf("in eleven minutes Lin was called %d times about what nobody has accepted, want 2, every five minutes", n)
	}
	h.wholeLedger()
}

func TestAClaimFallsInTimeWhenAClockThatWasAheadIsSetRight(t *testing.T) {
	h := accepted(t)
	h.ahead(func() { h.must(plantroom.DoFix, quick) })
	h.pass(dispatch.ContradictAfter)
	h.wantState(plantroom.Acknowledged)
}

func TestAHandOverIsNotMissedWhenAClockThatWasAheadIsSetRight(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.People[4].Channels = []plantroom.Address{{Channel: "mqtt", To: "keller"}}
		e.Contractors[0].Technicians = []plantroom.PersonID{"li", "keller"}
		e.Contractors[0].Roster = []plantroom.Shift{{Start: 6 * hour, End: 11 * hour, People: []plantroom.PersonID{"li"}}, {Start: 11 * hour, End: 6 * hour, People: []plantroom.PersonID{"keller"}}}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(4 * time.Minute)
	h.ahead(func() {})
	h.pass(time.Hour)
	if n := h.count("ladder.call to person:keller"); n != 1 {
		t.Errorf("Keller has come on duty, and was called %d times: %q", n, h.calls())
	}
}
