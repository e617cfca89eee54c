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
