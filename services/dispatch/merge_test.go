package dispatch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// heard tells of a change of any incident.
func (h *house) heard(change plantroom.IncidentChange, in plantroom.Incident) {
	h.t.Helper()
	newest := h.in
	h.in = in
	h.event(change)
	h.in = newest
}

// ended is an incident that the sensor has proved over now.
func (h *house) ended(in plantroom.Incident) plantroom.Incident {
	in.State, in.Cleared, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, h.now, in.Needed, h.now, h.now
	return in
}

// merged are two orders of one cause, five minutes apart, the second merged into
// the first; it returns the first with its incident, and the second as it was.
func merged(t testing.TB) (h *house, first plantroom.WorkOrder, in plantroom.Incident, second plantroom.WorkOrder) {
	h = newHouse(t)
	first = h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	in = h.in
	h.pass(5 * time.Minute)
	second = h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	if _, err := h.on(second.ID, plantroom.DoMerge, lin, with(first.ID, "one door, one fault"), by("Lin")); err != nil {
		t.Fatal(err)
	}
	return h, h.read(first.ID), in, second
}

func TestOfTwoOrdersOfOneCauseOneGoesOnWithTheStricterWindows(t *testing.T) {
	h, first, _, second := merged(t)
	gone := h.read(second.ID)
	if gone.State != plantroom.Merged || gone.MergedInto != first.ID || !gone.Due.IsZero() || !gone.NextCall.IsZero() {
		t.Errorf("%s into %q, due %s", gone.State, gone.MergedInto, gone.Due)
	}
	for _, c := range gone.Clocks {
		if c.Open() {
			t.Errorf("still counts: %+v", c)
		}
	}
	if first.Severity != plantroom.Life || !slices.Equal(first.Merged, []plantroom.OrderID{second.ID}) {
		t.Errorf("%s carries %v", first.Severity, first.Merged)
	}
	for kind, due := range map[plantroom.ClockKind]plantroom.Instant{
		plantroom.Acknowledge: start.Add(5 * time.Minute),  // its own, which ends first
		plantroom.Attend:      start.Add(15 * time.Minute), // both: 15 from the first raising, 10 from the second
		plantroom.Release:     start.Add(25 * time.Minute), // the other's, which it had not
		plantroom.Restore:     start.Add(30 * time.Minute), // its own
	} {
		c := first.Clock(kind)
		if c == nil || c.Due != due || !c.Open() {
			t.Errorf("%s: %+v, want due %s", kind, c, due)
		}
	}
	if c := first.Clock(plantroom.Release); c.Of != second.ID || !strings.Contains(c.Basis, string(second.ID)) {
		t.Errorf("%+v", c)
	}
	h.wholeLedger()
}

func TestAMergedOrderIsProvedWhenBothSensorsHaveProvedIt(t *testing.T) {
	h, first, in, second := merged(t)
	people := h.in
	h.pass(time.Minute)
	h.heard(plantroom.IncidentProved, h.ended(in))
	if o := h.read(first.ID); o.State == plantroom.Verified {
		t.Fatal("proved, while people are trapped")
	}
	h.pass(time.Minute)
	people.Released = h.now
	h.heard(plantroom.IncidentReleased, people)
	first = h.read(first.ID)
	if c := first.Clock(plantroom.Release); c.State != plantroom.ClockMet || c.Stopped != h.now {
		t.Errorf("release %+v", c)
	}
	h.pass(time.Minute)
	h.heard(plantroom.IncidentProved, h.ended(people))
	o := h.read(first.ID)
	if o.State != plantroom.Verified || o.Clock(plantroom.Restore).Stopped != h.now {
		t.Errorf("%s, restore %+v", o.State, o.Clock(plantroom.Restore))
	}
	if gone := h.read(second.ID); gone.State != plantroom.Merged {
		t.Errorf("the merged order became %s", gone.State)
	}
	h.wholeLedger()
}

func TestAClaimOnAMergedOrderFallsWhileEitherSensorSeesItsFault(t *testing.T) {
	h, first, in, _ := merged(t)
	people := h.in
	people.State, people.Released, people.Cleared = plantroom.IncidentClearing, h.now, h.now
	h.heard(plantroom.IncidentCleared, people)
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
		if _, err := h.on(first.ID, do, quick); err != nil {
			t.Fatal(err)
		}
	}
	h.pass(3 * time.Minute) // the fault of the lift is still seen
	if o := h.read(first.ID); o.State != plantroom.Attended || o.Contradicted != 1 {
		t.Errorf("%s, contradicted %d times; behind it %s", o.State, o.Contradicted, in.State)
	}
}

func TestAStricterWindowOfAMergedOrderOutlivesTheNextContractor(t *testing.T) {
	h, first, _, _ := merged(t)
	if _, err := h.on(first.ID, plantroom.DoTransfer, lin, give("grandlift", "warranty")); err != nil {
		t.Fatal(err)
	}
	o := h.read(first.ID)
	if c := o.Clock(plantroom.Release); c == nil || c.Due != start.Add(25*time.Minute) || !c.Open() {
		t.Errorf("release %+v: people are trapped, whoever comes", c)
	}
}

func TestMergingIsDoneOnceAndNamesWhoWasFirst(t *testing.T) {
	h, first, _, second := merged(t)
	before := h.everything()
	if _, err := h.on(second.ID, plantroom.DoMerge, lin, with(first.ID, "one door, one fault")); err != nil || h.everything() != before {
		t.Errorf("a second press: %v", err)
	}
	_, err := h.on(second.ID, plantroom.DoMerge, zhao, with(first.ID, "the same"))
	h.wantCode(err, plantroom.CodeConflict)
	if says := plantroom.MessageOf(err); !strings.Contains(says, "merged by Lin (person:lin)") {
		t.Errorf("zhao reads %q", says)
	}
	_, err = h.on(first.ID, plantroom.DoMerge, zhao, with(second.ID, "the other way"))
	h.wantCode(err, plantroom.CodeTransition)
}

func TestOrdersUnderAContractThatDoesNotCoverTheOtherStayApart(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Buildings = append(e.Buildings, plantroom.Building{ID: "b2"})
		e.Assets[1].Building = "b2"
		e.Contracts[0].Buildings = []plantroom.BuildingID{"b1"}
	})
	first := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.in = plantroom.Incident{ID: "inc-b2", Rule: "lift.fault", Asset: "b1-l2", Domain: "lifts", Building: "b2", Episode: h.now,
		State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Opened: h.now, Needed: 3}
	h.event(plantroom.IncidentOpened)
	before := h.everything()
	_, err := h.do(plantroom.DoMerge, lin, with(first.ID, "one supply"))
	h.wantCode(err, plantroom.CodeForbidden)
	if says := plantroom.MessageOf(err); !strings.Contains(says, "contract quicklift-2026, under which quicklift has wo-000001, does not cover b1-l2") || h.everything() != before {
		t.Errorf("lin reads %q", says)
	}
}

func TestAMergedFaultThatComesBackIsAnOrderOfItsOwn(t *testing.T) {
	h, first, in, second := merged(t)
	people := h.in
	people.Released = h.now
	h.heard(plantroom.IncidentProved, h.ended(in))
	h.heard(plantroom.IncidentProved, h.ended(people))
	h.pass(20 * time.Minute)
	third := h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	if third.ID == first.ID || third.ID == second.ID {
		t.Errorf("it went on as %s", third.ID)
	}
	again := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if again.ID != first.ID || again.Reopens != 1 || len(again.Also) != 0 {
		t.Errorf("the fault that carried on became %s, with %v behind it", again.ID, again.Also)
	}
}

func TestAnOrderThatWasMergedIsNotSaidToGoOnInAnotherOne(t *testing.T) {
	h, first, _, second := merged(t)
	third := h.open("lift.fault", "b1-l2", plantroom.Medium, "drive_overtemp")
	if o, err := h.on(second.ID, plantroom.DoMerge, lin, with(first.ID, "one door, one fault")); err != nil || o.MergedInto != first.ID {
		t.Errorf("asked again: %v", err)
	}
	_, err := h.on(second.ID, plantroom.DoMerge, lin, with(third.ID, "rather that"))
	h.wantCode(err, plantroom.CodeConflict)
	if says := plantroom.MessageOf(err); !strings.Contains(says, "goes on as "+string(first.ID)+" already") {
		t.Errorf("lin reads %q", says)
	}
}

func TestMergesOfMergedOrdersAreRefusedBeforeTheSensorLosesItsOrder(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		for i := range 20 {
			e.Assets = append(e.Assets, plantroom.Asset{ID: plantroom.AssetID(fmt.Sprintf("x%d", i)), Domain: "lifts", Building: "b1"})
		}
	})
	last := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	first := h.in
	n := 0
	for ; n < 20; n++ {
		next := h.open("lift.fault", plantroom.AssetID(fmt.Sprintf("x%d", n)), plantroom.Medium, "door_close_fault")
		if _, err := h.on(last.ID, plantroom.DoMerge, lin, with(next.ID, "one storm")); err != nil {
			h.wantCode(err, plantroom.CodeTooLarge)
			break
		}
		last = next
	}
	if n != 16 {
		t.Errorf("%d merges in a row", n)
	}
	h.heard(plantroom.IncidentProved, h.ended(first)) // or else nothing that comes with it would be heard
	if o := h.read(last.ID); len(o.Also) != 16 {
		t.Errorf("%s carries on %d incidents", o.ID, len(o.Also))
	}
}

func TestWhatAWindowOfAMergedOrderWaitsForMayHaveHappened(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Contracts[0].Windows = []plantroom.Window{{Clock: plantroom.Restore, Length: 30 * minute}}
		e.Contracts[1].Windows = []plantroom.Window{{Clock: plantroom.Attend, Length: 2 * hour, From: plantroom.FromAcknowledged}}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	first := h.must(plantroom.DoAcknowledge, quick)
	h.pass(5 * time.Minute)
	h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault")
	second := h.must(plantroom.DoTransfer, lin, give("grandlift", "the maker knows"))
	if _, err := h.on(second.ID, plantroom.DoMerge, lin, with(first.ID, "one cause")); err != nil {
		t.Fatal(err)
	}
	o := h.read(first.ID)
	if c := o.Clock(plantroom.Attend); c == nil || c.State != plantroom.ClockRunning || c.Started != h.now {
		t.Errorf("the order is accepted, and what runs from then on is %+v", c)
	}
}
