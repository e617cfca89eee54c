package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// stuck is a playbook for stuck doors of passenger lifts.
var stuck = plantroom.Playbook{ID: "stuck-door", Binds: plantroom.Binds{Domains: []plantroom.DomainName{"lifts"}, Kinds: []string{"passenger"}, Causes: []string{"door_close_fault"}},
	Steps: []plantroom.Step{
		{ID: "notice", Proof: plantroom.ProofPhoto, Role: "technician", Within: 10 * minute},
		{ID: "cause", Proof: plantroom.ProofNote},
		{ID: "owner", Proof: plantroom.ProofPerson, Role: "manager"},
		{ID: "handover", Proof: plantroom.ProofSignature},
		{ID: "runs", Proof: plantroom.ProofReading},
	}}

func withPlaybook(e *plantroom.Estate) { e.Playbooks = []plantroom.Playbook{stuck} }

func (h *house) task(t dispatch.TaskDone) (o plantroom.WorkOrder, err error) {
	t.Order = h.order().ID
	t.Actor = "person:operator"
	err = h.update(func(tx plantroom.Tx) (err error) {
		o, err = h.desk.Task(tx, h.now, t)
		return err
	})
	return o, err
}

func TestAnOrderCarriesThePlaybookOfItsMatterOrTheStepsOfItsRule(t *testing.T) {
	h := newHouse(t, withPlaybook)
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if o.Playbook != "stuck-door" || len(o.Tasks) != 5 || o.Tasks[0].Due != o.Raised.Add(10*time.Minute) || o.Tasks[0].Role != "technician" || !o.Tasks[1].Due.IsZero() {
		t.Errorf("%s: %+v", o.Playbook, o.Tasks)
	}
	if e := h.body(h.call("order.dispatched", quick)); len(e.Data.Playbook) != 4 || e.Data.Playbook[0].ID != "notice" || e.Data.Playbook[2].ID != "handover" {
		t.Errorf("the contractor is sent %+v, want all but the manager's step", e.Data.Playbook)
	}
	o = h.open("lift.fault", "b1-l2", plantroom.Medium, "position_lost")
	if o.Playbook != "" || len(o.Tasks) != 1 || o.Tasks[0].ID != "look" || o.Tasks[0].Proof != plantroom.ProofPhoto {
		t.Errorf("another cause: %s: %+v", o.Playbook, o.Tasks)
	}
}

func TestATaskIsDoneOnceItsProofIsThere(t *testing.T) {
	h := newHouse(t, withPlaybook)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	for _, bad := range []dispatch.TaskDone{{Task: "notice", By: "Li", Note: "hung up"}, {Task: "cause", By: "Li"}, {Task: "cause", Note: "  "}, {Task: "owner", Note: "x"},
		{Task: "handover", Ref: "paper 7"}, {Task: "handover", By: "Li"}, {Task: "runs", Note: "\xff"}} {
		_, err := h.task(bad)
		h.wantCode(err, plantroom.CodeInvalid)
	}
	for _, good := range []dispatch.TaskDone{{Task: "notice", Ref: "IMG_1.jpg"}, {Task: "cause", Note: "worn roller"}, {Task: "owner", By: "Ms Lin"}, {Task: "handover", By: "Li", Ref: "paper 7"}, {Task: "runs"}} {
		if _, err := h.task(good); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	if n := occurrences(h.rows(), "order.task"); n != 5 {
		t.Errorf("%d rows in the ledger, want 5", n)
	}
	if o := h.order(); o.Tasks[1].Done != h.now || o.Tasks[1].Note != "worn roller" || o.State != plantroom.Dispatched {
		t.Errorf("%+v", o)
	}
	h.wholeLedger()
}

func TestATaskIsNotedOnceAndOnlyWhileTheOrderLasts(t *testing.T) {
	h := newHouse(t, withPlaybook)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if _, err := h.task(dispatch.TaskDone{Task: "cause", Note: "worn roller"}); err != nil {
		t.Fatal(err)
	}
	version := h.order().Version
	if o, err := h.task(dispatch.TaskDone{Task: "cause", Note: "worn roller"}); err != nil || o.Version != version {
		t.Errorf("the same again: version %d, %v", o.Version, err)
	}
	_, err := h.task(dispatch.TaskDone{Task: "cause", Note: "something else"})
	h.wantCode(err, plantroom.CodeConflict)
	_, err = h.task(dispatch.TaskDone{Task: "dance"})
	h.wantCode(err, plantroom.CodeNotFound)
	h.must(plantroom.DoCancel, "person:lin", func(c *dispatch.Command) { c.Reason = "a test" })
	_, err = h.task(dispatch.TaskDone{Task: "runs"})
	h.wantCode(err, plantroom.CodeTransition)
}

func TestARepeatBeginsThePlaybookAnewAndTheLedgerKeepsTheOldOne(t *testing.T) {
	h := newHouse(t, withPlaybook)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if _, err := h.task(dispatch.TaskDone{Task: "cause", Note: "worn roller"}); err != nil {
		t.Fatal(err)
	}
	h.cleared()
	h.proved(h.now)
	h.pass(time.Hour)
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if o.Reopens != 1 || len(o.Tasks) != 5 || !o.Tasks[1].Done.IsZero() || o.Tasks[0].Due != o.Begun.Add(10*time.Minute) {
		t.Errorf("%+v", o.Tasks)
	}
	h.view(func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(o.ID))
		for _, r := range rows {
			if r.Kind == "order.reopen" && !strings.Contains(string(r.Body), `"note":"worn roller"`) {
				t.Errorf("the row of the reopening has lost what was done: %s", r.Body)
			}
		}
		return err
	})
}

func TestAStepThatNobodyHasTickedOffByItsTimeCallsTheManagersOnce(t *testing.T) {
	h := newHouse(t, withPlaybook)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(10 * time.Minute)
	if n := h.count("task.late to person:lin"); n != 0 {
		t.Fatalf("called %d times at its time: what is done then is done in time", n)
	}
	h.pass(time.Hour)
	if n := h.count("task.late to person:lin"); n != 1 || len(h.rowsOf("task.late")) != 1 {
		t.Errorf("called %d times, %d rows", n, len(h.rowsOf("task.late")))
	}
	if o := h.order(); o.Tasks[0].Late != start.Add(10*time.Minute)+1 {
		t.Errorf("%+v", o.Tasks[0])
	}
	if c := h.call("task.late", "person:lin"); c.Subject != "wo-000001 Lift 1: door close fault (medium): not ticked off: notice by 10:10" {
		t.Errorf("it says %q", c.Subject)
	}
	if _, err := h.task(dispatch.TaskDone{Task: "notice", Ref: "IMG_1.jpg"}); err != nil { // late, and done
		t.Error(err)
	}
	h.wholeLedger()
}

func TestAStepIsNotToldOfWhereNobodyCanOrNeedTickItOff(t *testing.T) {
	for says, c := range map[string]func(h *house){
		"it was done":                              func(h *house) { _, _ = h.task(dispatch.TaskDone{Task: "notice", Ref: "IMG_1.jpg"}) },
		"the order was cancelled":                  func(h *house) { h.must(plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = "x" }) },
		"the order was closed before":              func(h *house) { h.proved(h.now); h.pass(dispatch.CloseAfter) },
		"the sensor has shown it, which it is for": func(h *house) { h.proved(h.now) },
	} {
		h := newHouse(t, withPlaybook, func(e *plantroom.Estate) {
			if strings.HasPrefix(says, "the sensor") {
				e.Playbooks[0].Steps = []plantroom.Step{{ID: "runs", Proof: plantroom.ProofReading, Within: 5 * minute}}
			} else if strings.HasPrefix(says, "the order was closed") {
				e.Playbooks[0].Steps = []plantroom.Step{{ID: "notice", Proof: plantroom.ProofPhoto, Within: hour}}
			}
		})
		h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
		h.pass(time.Minute)
		c(h)
		h.pass(2 * time.Hour)
		if n := h.count("task.late to person:lin"); n != 0 {
			t.Errorf("%s, and the managers were called %d times", says, n)
		}
	}
}

func TestStepsThatAreFoundLateTogetherAreOneCallThatSaysHowLate(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Playbooks = []plantroom.Playbook{{ID: "long", Binds: stuck.Binds}}
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			e.Playbooks[0].Steps = append(e.Playbooks[0].Steps, plantroom.Step{ID: id, Proof: plantroom.ProofNone, Within: 5 * minute})
		}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(25 * time.Minute) // the server is away
	h.tick()
	c := h.call("task.late", "person:lin")
	if n := h.count("task.late to person:lin"); n != 1 || !strings.HasSuffix(c.Subject, "not ticked off: a by 10:05, b by 10:05, c by 10:05, and 2 more (late by 20m)") {
		t.Errorf("%d calls: %q", n, c.Subject)
	}
	if rows := h.rowsOf("task.late"); len(rows) != 5 || !strings.Contains(string(rows[0].Body), `"late_by":"20m"`) {
		t.Errorf("%d rows: %s", len(rows), rows[0].Body)
	}
}
