package report_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/report"
)

// tell takes a step about the statement of March, or returns why not.
func (h *house) tell(r report.Request) error {
	h.t.Helper()
	return h.store.Update(context.Background(), func(tx plantroom.Tx) error {
		_, err := h.house.Do(tx, "quick-26", report.Month{Year: 2026, Month: time.March}, h.now, r)
		return err
	})
}

func (h *house) issue() error { return h.tell(report.Request{Do: report.Issue, Actor: lin}) }

func (h *house) object(who, line, reason string) error {
	return h.tell(report.Request{Do: report.Object, Actor: who, By: "Mr Wu", Line: line, Reason: reason})
}

func (h *house) decide(who, line string, accepted bool) error {
	do := report.Refuse
	if accepted {
		do = report.Accept
	}
	return h.tell(report.Request{Do: do, Actor: who, Line: line, Reason: "seen on the camera"})
}

func code(t *testing.T, err error, want plantroom.Code) {
	t.Helper()
	if plantroom.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAnObjectionThatIsAcceptedTakesThePenaltyAway(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 30*time.Minute, 20*time.Minute) // attend 100, restore 250
	const attend, restore = "wo-000001.1.attend", "wo-000001.1.restore"
	code(t, h.object(quick, attend, "we were there"), plantroom.CodeTransition) // not issued
	code(t, h.issue(), plantroom.CodeTransition)                                // the month is not over
	h.pass(40 * 24 * time.Hour)
	code(t, h.issue(), "")
	code(t, h.issue(), plantroom.CodeConflict)
	code(t, h.object(quick, "wo-000009.1.attend", "x"), plantroom.CodeNotFound)
	code(t, h.object(quick, attend, " "), plantroom.CodeInvalid)
	code(t, h.object(quick, attend, strings.Repeat("x", 5000)), plantroom.CodeTooLarge)
	code(t, h.object(grand, attend, "not ours"), plantroom.CodeForbidden)
	code(t, h.decide(lin, attend, true), plantroom.CodeTransition) // nobody has objected
	code(t, h.object(quick, attend, "we were there"), "")
	code(t, h.object(quick, attend, "we were there"), plantroom.CodeConflict)
	code(t, h.object(lin, restore, "no spare part"), "") // the office notes what it was written
	code(t, h.tell(report.Request{Do: "burn", Actor: lin}), plantroom.CodeNotFound)
	code(t, h.tell(report.Request{Do: report.Issue, Actor: lin, By: strings.Repeat("x", 300)}), plantroom.CodeTooLarge)
	code(t, h.decide(quick, attend, true), plantroom.CodeForbidden)
	code(t, h.decide(lin, attend, true), "")
	code(t, h.decide(lin, attend, false), plantroom.CodeConflict)
	code(t, h.decide(lin, restore, false), "")
	h.pass(8 * 24 * time.Hour)
	code(t, h.object(quick, "wo-000001.1.acknowledge", "late"), plantroom.CodeExpired)
	s := h.statement("quick-26", "2026-03")
	want(t, s, "wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend missed 0.00", "wo-000001.1.restore missed 250.00")
	if !s.Reply.Over || s.Reply.Differs || s.Penalties != 250_00 {
		t.Errorf("%+v, penalties %d", s.Reply, s.Penalties)
	}
	for _, l := range s.Lines {
		if l.ID == attend && (l.Objection == nil || l.Objection.Decider != lin || l.Objection.Answer != "seen on the camera" || l.Objection.By != "Mr Wu") {
			t.Errorf("%+v", l.Objection)
		}
	}
}

func TestAStatementStaysAsItWasIssued(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	h.now = plantroom.At(time.Date(2026, 4, 1, 9, 0, 0, 0, h.house.Zone)) // nobody has repaired it yet
	h.pass(time.Minute)
	code(t, h.issue(), "")
	issued := h.statement("quick-26", "2026-03")
	h.pass(24 * time.Hour)
	h.must(plantroom.DoFix, quick)
	h.proved(h.now)
	later := h.statement("quick-26", "2026-03")
	if later.Reply.Differs || later.Penalties != issued.Penalties || later.Work != issued.Work || !later.Lines[2].Counting {
		t.Errorf("issued %+v\nlater  %+v", issued, later)
	}
}

func TestAStatementThatWouldComeOutOtherwiseTodaySaysSo(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 30*time.Minute, 20*time.Minute)
	h.pass(40 * 24 * time.Hour)
	code(t, h.issue(), "")
	h.house.Estate.Contracts[0].Penalties[0].Amount = 1 // somebody edits the contract afterwards
	s := h.statement("quick-26", "2026-03")
	var b strings.Builder
	if err := s.Text(&b, h.house.Zone); err != nil || !s.Reply.Differs || !strings.Contains(b.String(), "ATTENTION: the record or the contract says otherwise today") {
		t.Errorf("%v\n%s", err, &b)
	}
}
