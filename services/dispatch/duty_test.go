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

// Caretakers are no party to the contract: whoever of them is on duty is called
// first, and the firm's job link stays with the firm.
func TestALadderCallsWhoeverOfATeamIsOnDutyAndTheManagersWhereNobodyIs(t *testing.T) {
	house := func(start, end plantroom.Duration) *house {
		return newHouse(t, func(e *plantroom.Estate) {
			e.Contractors = append(e.Contractors, plantroom.Contractor{ID: "caretakers", Technicians: []plantroom.PersonID{"zhao"},
				Channels: e.Contractors[0].Channels, Roster: []plantroom.Shift{{Start: start, End: end, People: []plantroom.PersonID{"zhao"}}}})
			e.Ladders[0].Levels = []plantroom.Level{{After: 0, OnDuty: "caretakers"}, {After: 5 * minute}}
		})
	}
	h := house(0, 0)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(4 * time.Minute)
	if zhao, lin := h.count("ladder.call to person:zhao"), h.count("ladder.call to person:lin"); zhao != 1 || lin != 0 {
		t.Errorf("Zhao is on duty and was called %d times, the manager %d", zhao, lin)
	}
	h.pass(2 * time.Minute)
	if li := h.count("ladder.call to person:li"); li != 1 {
		t.Errorf("the next level called the firm's Li %d times", li)
	}
	h = house(1*hour, 2*hour)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(4 * time.Minute)
	if lin, firm := h.count("ladder.call to person:lin"), h.count("ladder.call to contractor:caretakers")+h.count("ladder.call to contractor:quicklift"); lin != 1 || firm != 0 {
		t.Errorf("nobody is on duty: the manager was called %d times, a firm %d", lin, firm)
	}
}

// The shift of a team changes as that of the firm does.
func TestWhoeverOfATeamComesOnDutyIsCalledAboutWhatNobodyHasAccepted(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		change := 10*hour + 3*plantroom.Duration(time.Minute) // start is at ten
		e.Contractors = append(e.Contractors, plantroom.Contractor{ID: "caretakers", Technicians: []plantroom.PersonID{"zhao", "li"}, Channels: e.Contractors[0].Channels,
			Roster: []plantroom.Shift{{End: change, People: []plantroom.PersonID{"zhao"}}, {Start: change, End: 24 * hour, People: []plantroom.PersonID{"li"}}}})
		e.Ladders[0].Levels = []plantroom.Level{{After: 0, OnDuty: "caretakers"}}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(2 * time.Minute)
	if zhao, li := h.count("ladder.call to person:zhao"), h.count("ladder.call to person:li"); zhao != 1 || li != 0 {
		t.Fatalf("Zhao is on duty and was called %d times, Li %d", zhao, li)
	}
	h.pass(2 * time.Minute)
	if li := h.count("ladder.call to person:li"); li != 1 {
		t.Errorf("Li has come on duty and was called %d times", li)
	}
}

// The cheapest is asked by what its arrival costs at that hour.
func TestACallOutThatIsFreeAtThisHourCountsAsNothing(t *testing.T) {
	for free, want := range map[string]plantroom.ContractorID{"all day": "grandlift", "at night": "quicklift"} {
		h := newHouse(t, func(e *plantroom.Estate) {
			hours := plantroom.Hours{}
			if free == "at night" {
				hours = plantroom.Hours{Start: 22 * hour, End: 6 * hour}
			}
			e.Calendars = append(e.Calendars, plantroom.Calendar{ID: "free", Hours: []plantroom.Hours{hours}})
			e.Contracts[1].Travel = 4 * minute
			e.Contracts[1].Price = plantroom.Price{CallOut: 2 * e.Contracts[0].Price.CallOut, Outside: "free"}
		})
		if o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault"); o.Contractor != want {
			t.Errorf("free %s: with %s, want %s: %+v", free, o.Contractor, want, o.Choice)
		}
	}
}
