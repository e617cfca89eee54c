package dispatch_test

import (
	"testing"
	"time"

	"plantroom"
)

// Whom the ladder calls is asked at each call: the turn may have been handed
// over since the last one, and somebody may stand in.
func TestTheLadderCallsWhoeverHasTheTurnAtThatMoment(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	handOver := start.Add(4 * time.Minute) // between the first call, at 3m, and its repeat, at 5m
	local := handOver.Time().In(shanghai)
	clock := plantroom.Duration(time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute)
	turns := func(e *plantroom.Estate) {
		e.People[3].Channels = []plantroom.Address{{Channel: "mqtt", To: "wu"}}
		e.Contractors[0].Roster = nil
		e.Contractors[0].Rotations = []plantroom.Rotation{{Name: "call", People: []plantroom.PersonID{"li", "wu"}, From: plantroom.DateOf(handOver, shanghai) - 1,
			HandOver: clock, Turn: 24 * hour, Hours: plantroom.Hours{Start: clock, End: clock}}}
	}
	h := newHouse(t, turns)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(6 * time.Minute)
	if li, wu := h.count("ladder.call to person:li"), h.count("ladder.call to person:wu"); li != 1 || wu != 2 {
		t.Errorf("li was called %d times and wu %d, want li before the hand-over, and wu at it and at the repeat", li, wu)
	}

	h = newHouse(t, turns, func(e *plantroom.Estate) {
		e.Contractors[0].Overrides = []plantroom.Override{{From: start, To: start.Add(time.Hour), People: []plantroom.PersonID{"wu"}, InsteadOf: []plantroom.PersonID{"li"}}}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(6 * time.Minute)
	if li, wu := h.count("ladder.call to person:li"), h.count("ladder.call to person:wu"); li != 0 || wu != 2 {
		t.Errorf("li, for whom wu stands in, was called %d times and wu %d", li, wu)
	}
}
