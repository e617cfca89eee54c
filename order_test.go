package plantroom_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plantroom"
)

var (
	states = []plantroom.OrderState{plantroom.Raised, plantroom.Dispatched, plantroom.Acknowledged, plantroom.Attended,
		plantroom.Restored, plantroom.Verified, plantroom.Closed, plantroom.Declined, plantroom.Cancelled, plantroom.Reopened, plantroom.Merged}
	actions = []plantroom.OrderAction{plantroom.DoDispatch, plantroom.DoAcknowledge, plantroom.DoUnacknowledge, plantroom.DoDecline,
		plantroom.DoArrive, plantroom.DoFix, plantroom.DoProve, plantroom.DoContradict, plantroom.DoDoubt, plantroom.DoClose, plantroom.DoCancel, plantroom.DoReopen,
		plantroom.DoPause, plantroom.DoAgreePause, plantroom.DoRefusePause, plantroom.DoContinue,
		plantroom.DoTransfer, plantroom.DoSplit, plantroom.DoMerge, plantroom.DoRelate, plantroom.DoUnrelate}
)

// reach returns every state that can follow on one, itself included.
func reach(from plantroom.OrderState) map[plantroom.OrderState]bool {
	seen := map[plantroom.OrderState]bool{}
	for next := []plantroom.OrderState{from}; len(next) > 0; {
		s := next[0]
		next = next[1:]
		if !seen[s] {
			seen[s] = true
			next = slices.AppendSeq(next, maps.Values(plantroom.Transitions[s]))
		}
	}
	return seen
}

func TestTheTableKnowsOnlyTheNamedStatesAndActions(t *testing.T) {
	for from, row := range plantroom.Transitions {
		if !slices.Contains(states, from) {
			t.Errorf("the table has a row for %q", from)
		}
		for do, to := range row {
			if !slices.Contains(actions, do) || !slices.Contains(states, to) {
				t.Errorf("%s: %q leads to %q", from, do, to)
			}
		}
	}
	for _, do := range actions {
		if !slices.ContainsFunc(states, func(s plantroom.OrderState) bool { _, ok := plantroom.Transitions[s][do]; return ok }) {
			t.Errorf("no state permits %s", do)
		}
	}
}

func TestEveryStateIsReachedAndNoneIsADeadEnd(t *testing.T) {
	reached := reach(plantroom.Raised)
	for _, s := range states {
		if !reached[s] {
			t.Errorf("no order can ever be %s", s)
		}
		if !reach(s)[plantroom.Closed] && s != plantroom.Merged { // which another order carries on
			t.Errorf("an order that is %s can never be closed", s)
		}
	}
}

// The road that the two final states leave open: a repeat reopens what was
// closed, and a fault that grows graver what was cancelled.
func TestFinalStates(t *testing.T) {
	for _, s := range states {
		if want := s == plantroom.Closed || s == plantroom.Cancelled || s == plantroom.Merged; s.Final() != want {
			t.Errorf("%s: final %v, want %v", s, s.Final(), want)
		}
	}
	for s, leaves := range map[plantroom.OrderState][]plantroom.OrderAction{plantroom.Closed: {plantroom.DoReopen},
		plantroom.Cancelled: {plantroom.DoReopen}, plantroom.Merged: nil} {
		var got []plantroom.OrderAction
		for do, to := range plantroom.Transitions[s] {
			if to != s {
				got = append(got, do)
			}
		}
		if !slices.Equal(got, leaves) {
			t.Errorf("%s is left by %v, want %v", s, got, leaves)
		}
	}
}

func TestWhatTheTableDoesNotListIsRefused(t *testing.T) {
	for _, s := range append(states, "", "unheard of") {
		for _, do := range append(actions, "", "explode") {
			to, listed := plantroom.Transitions[s][do]
			got, err := s.Next(do)
			switch {
			case listed && (err != nil || got != to):
				t.Errorf("%s, %s: %s, %v; want %s", s, do, got, err, to)
			case !listed && (plantroom.CodeOf(err) != plantroom.CodeTransition || got != s):
				t.Errorf("%s, %s: %s, %v; want it refused", s, do, got, err)
			}
		}
	}
	_, err := plantroom.Closed.Next(plantroom.DoArrive)
	if got := plantroom.MessageOf(err); !strings.Contains(got, "closed") || !strings.Contains(got, "arrive") {
		t.Errorf("the refusal says neither state nor action: %s", got)
	}
}

// The promises of the table that people rely on.
func TestOnlyASensorProvesARepair(t *testing.T) {
	for s, row := range plantroom.Transitions {
		for do, to := range row {
			if to == plantroom.Verified && to != s && do != plantroom.DoProve {
				t.Errorf("%s: %s verifies an order", s, do)
			}
			if to == plantroom.Closed && to != s && s != plantroom.Verified {
				t.Errorf("%s: %s closes an order that is not verified", s, do)
			}
		}
	}
	for _, s := range states {
		_, proves := plantroom.Transitions[s][plantroom.DoProve]
		if open := !s.Final() && s != plantroom.Verified; proves != open {
			t.Errorf("%s: a sensor's proof is taken: %v", s, proves)
		}
	}
}

// Whatever is asked of an order, in whatever order, it stays in the table, and
// a final state is left by a reopening only.
func TestAnyRowOfActionsStaysInTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := plantroom.Raised
		for i, do := range rapid.SliceOfN(rapid.SampledFrom(actions), 1, 40).Draw(t, "actions") {
			to, err := s.Next(do)
			if !slices.Contains(states, to) {
				t.Fatalf("step %d: %s, %s leads to %q", i, s, do, to)
			}
			if s.Final() && err == nil && to != s && do != plantroom.DoReopen {
				t.Fatalf("step %d: %s moved an order that was %s", i, do, s)
			}
			s = to
		}
	})
}

func TestAnOrderFindsItsClock(t *testing.T) {
	o := plantroom.WorkOrder{Clocks: []plantroom.Clock{{Kind: plantroom.Acknowledge}, {Kind: plantroom.Restore}}}
	c := o.Clock(plantroom.Restore)
	if c == nil || c.Kind != plantroom.Restore {
		t.Fatalf("the restore clock is %v", c)
	}
	c.State = plantroom.ClockMet
	if o.Clocks[1].State != plantroom.ClockMet {
		t.Error("Clock gave a copy")
	}
	if o.Clock(plantroom.Release) != nil {
		t.Error("an order without trapped people has a release clock")
	}
}

func ExampleOrderState_Next() {
	state, _ := plantroom.Acknowledged.Next(plantroom.DoArrive)
	fmt.Println(state)
	_, err := plantroom.Cancelled.Next(plantroom.DoArrive)
	fmt.Println(plantroom.CodeOf(err))
	// Output:
	// attended
	// transition
}
