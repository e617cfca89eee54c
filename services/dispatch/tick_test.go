package dispatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

func TestTheLadderIsClimbedUntilSomebodyAcknowledges(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(3*time.Minute - 1)
	if n := h.count("ladder.call to person:li"); n != 0 {
		t.Fatalf("called %d times before the first level", n)
	}
	h.pass(1)
	if n := h.count("ladder.call to person:li"); n != 1 {
		t.Errorf("at 3m: called %d times, want once: a level without names is whoever is on duty", n)
	}
	h.pass(5*time.Minute - 1) // repeats at 5m and 7m
	if n := h.count("ladder.call to person:li"); n != 3 {
		t.Errorf("before 8m: called %d times, want 3", n)
	}
	h.pass(1)
	if n := h.count("ladder.call to person:zhao"); n != 1 {
		t.Errorf("at 8m: called %d times", n)
	}
	h.pass(14 * time.Minute) // 22m: lin at 12m, 17m, 22m
	if zhao, lin := h.count("ladder.call to person:zhao"), h.count("ladder.call to person:lin"); zhao != 1 || lin != 3 {
		t.Errorf("at 22m: zhao called %d times, lin %d, want 1 and 3", zhao, lin)
	}
	h.must(plantroom.DoAcknowledge, "contractor:quicklift")
	h.pass(time.Hour)
	if n := h.count("ladder.call to person:lin"); n != 3 {
		t.Errorf("called %d times after the acknowledgement", n-3)
	}
}

func TestALevelOfPeopleWithoutAnAddressCallsTheContractor(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.People[2].Channels = nil })
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(3 * time.Minute)
	h.call("ladder.call", "contractor:quicklift")
}

func TestEachMarkOfAWindowTakesEffectOnce(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, "contractor:quicklift")
	h.must(plantroom.DoArrive, "contractor:quicklift")
	for _, step := range []struct {
		to                 time.Duration
		half, risk, breach int
	}{
		{15*time.Minute - 1, 0, 0, 0},
		{15 * time.Minute, 1, 0, 0},
		{24*time.Minute - 1, 1, 0, 0},
		{24 * time.Minute, 1, 1, 0},
		{30 * time.Minute, 1, 1, 0}, // what is kept at the due time is kept
		{30*time.Minute + 1, 1, 1, 1},
		{5 * time.Hour, 1, 1, 1},
	} {
		h.pass(start.Add(step.to).Sub(h.now))
		rows := h.rows()
		got := [3]int{occurrences(rows, "clock.half"), occurrences(rows, "clock.at_risk"), occurrences(rows, "clock.breached")}
		if got != [3]int{step.half, step.risk, step.breach} {
			t.Errorf("after %s: %v, want %+v", step.to, got, step)
		}
	}
	for call, want := range map[string]int{
		"clock.half to person:lin":               0,
		"clock.at_risk to person:lin":            1,
		"clock.at_risk to contractor:quicklift":  1,
		"clock.breached to person:lin":           1,
		"clock.breached to contractor:quicklift": 0,
	} {
		if got := h.count(call); got != want {
			t.Errorf("%s: %d times, want %d", call, got, want)
		}
	}
	h.wantClock(plantroom.Restore, plantroom.ClockBreached)
}

func occurrences(list []string, what string) (n int) {
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}

func TestWhatCameDueWhileTheServerWasDownIsDoneOnceAndSaysSo(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(40 * time.Minute)
	h.tick()
	for call, want := range map[string]int{
		"ladder.call to person:li":     1, // missed repeats are not made up for
		"ladder.call to person:zhao":   1,
		"ladder.call to person:lin":    1,
		"clock.breached to person:lin": 3,
	} {
		if got := h.count(call); got != want {
			t.Errorf("%s: %d times, want %d", call, got, want)
		}
	}
	if s := h.call("ladder.call", "person:zhao").Subject; !strings.Contains(s, "late by 32m") {
		t.Errorf("zhao reads %q", s)
	}
	if s := h.call("clock.breached", "person:lin").Subject; !strings.Contains(s, "restore was due 10:30 (late by 10m)") {
		t.Errorf("lin reads %q", s)
	}
	before := h.everything()
	h.tick()
	if h.everything() != before {
		t.Error("a second tick at the same instant changed something")
	}
	h.pass(5 * time.Minute)
	if got := h.count("ladder.call to person:lin"); got != 2 {
		t.Errorf("lin called %d times: the repeats go on from now", got)
	}
}

func TestWhatIsDoneInTimeDoesNotSayThatItIsLate(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(3*time.Minute + dispatch.SayLate - 1)
	h.tick()
	if s := h.call("ladder.call", "person:li").Subject; strings.Contains(s, "late") {
		t.Errorf("li reads %q", s)
	}
}

func TestAClaimThatTheSensorDoesNotBearOutIsContradicted(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, "contractor:quicklift")
	h.must(plantroom.DoArrive, "contractor:quicklift")
	h.must(plantroom.DoFix, "contractor:quicklift", func(c *dispatch.Command) { c.Note = "door adjusted" })
	h.wantState(plantroom.Restored)
	h.wantClock(plantroom.Restore, plantroom.ClockRunning)
	h.pass(dispatch.ContradictAfter - 1)
	h.wantState(plantroom.Restored)
	h.pass(1)
	o := h.order()
	if o.State != plantroom.Attended || o.Contradicted != 1 || o.FixNote != "door adjusted" {
		t.Errorf("%s, contradicted %d times, note %q", o.State, o.Contradicted, o.FixNote)
	}
	h.call("order.contradicted", "person:lin")
	h.call("order.contradicted", "contractor:quicklift")
	h.must(plantroom.DoFix, "contractor:quicklift")
	h.pass(dispatch.ContradictAfter)
	if n := h.count("order.contradicted to person:lin"); n != 2 {
		t.Errorf("the second false claim was told %d times over both", n)
	}
}

func TestAClaimStandsWhileTheSensorSeesTheFaultGo(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, "contractor:quicklift")
	h.must(plantroom.DoFix, "contractor:quicklift")
	h.pass(time.Minute)
	h.cleared()
	h.pass(10 * time.Minute)
	h.wantState(plantroom.Restored)
	h.relapsed()
	h.wantState(plantroom.Acknowledged)
	if o := h.order(); o.Contradicted != 1 {
		t.Errorf("contradicted %d times: the fault came back", o.Contradicted)
	}
}

func TestAVerifiedOrderClosesAfterAWhile(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.cleared()
	h.proved(h.now)
	h.pass(dispatch.CloseAfter - 1)
	h.wantState(plantroom.Verified)
	h.pass(1)
	h.wantState(plantroom.Closed)
	if o := h.order(); !o.Due.IsZero() || o.Closed != h.now {
		t.Errorf("due %s, closed %s", o.Due, o.Closed)
	}
}

func TestDueIsAlwaysTheNextInstantAtWhichSomethingHappens(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	minutes := func(m float64) plantroom.Instant { return start.Add(time.Duration(m * float64(time.Minute))) }
	want := []plantroom.Instant{
		minutes(2.5), minutes(3), minutes(4), minutes(5), minutes(5) + 1, minutes(7), minutes(7.5), minutes(8),
		minutes(12), minutes(15), minutes(15) + 1, minutes(17), minutes(22), minutes(24),
	}
	var got []plantroom.Instant
	for range want {
		h.now = h.order().Due
		got = append(got, h.now)
		h.tick()
	}
	if !slices.Equal(got, want) {
		t.Errorf("due at\n%v, want\n%v", got, want)
	}
}
