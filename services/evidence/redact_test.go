package evidence_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/evidence"
	"plantroom/services/httpapi/apitest"
)

// TestWhomACallWentToCannotBeFoundOutByItsID: a call's id is a hash of the order,
// the moment and whom it goes to, of which all but the last stands in the bundle.
func TestWhomACallWentToCannotBeFoundOutByItsID(t *testing.T) {
	h := newHouse(t)
	h.order = h.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.High}).ID
	h.Pass(time.Hour) // nobody answers: the ladder is climbed
	var calls []plantroom.Call
	err := h.Store.View(t.Context(), func(tx plantroom.Tx) (err error) {
		calls, err = tx.CallsOf(h.order)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b := h.bundle(t, evidence.Options{Redact: true})
	people := 0
	for _, c := range calls {
		if !strings.HasPrefix(c.Who, "person:") {
			continue
		}
		people++
		if bytes.Contains(b, []byte(c.ID)) {
			t.Errorf("the id of the call %s is in it", c.Kind)
		}
	}
	if people == 0 {
		t.Fatal("nobody was called: the test tests nothing")
	}
	var shown []struct{ Kind, Who, ID string }
	if err := json.Unmarshal(fileOf(t, b, "calls.json"), &shown); err != nil || len(shown) != len(calls) {
		t.Fatal(len(shown), err)
	}
}

func TestWhatOfTheJobAPartIsIsLeftOut(t *testing.T) {
	h := newHouse(t)
	err := h.Store.Update(t.Context(), func(tx plantroom.Tx) error {
		o, err := tx.Order(h.order)
		if err != nil {
			return err
		}
		o.Version++
		o.Scope = "let Mrs Chen of 5A out first"
		return tx.UpdateOrder(o)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(h.bundle(t, evidence.Options{}), []byte("Mrs Chen")) {
		t.Fatal("it is in no bundle: the test tests nothing")
	}
	if bytes.Contains(h.bundle(t, evidence.Options{Redact: true}), []byte("Mrs Chen")) {
		t.Error("what somebody has typed is in the redacted bundle")
	}
}

// TestWhoWasOnCallIsLeftOut: the order itself holds whom the ladder has called.
func TestWhoWasOnCallIsLeftOut(t *testing.T) {
	h := newHouse(t)
	h.order = h.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.High}).ID
	h.Pass(time.Hour)
	o := h.Order(h.order)
	if len(o.OnCall) == 0 || o.Ladder == "" {
		t.Fatalf("the ladder %q has called nobody: the test tests nothing", o.Ladder)
	}
	text := fileOf(t, h.bundle(t, evidence.Options{Redact: true}), "order.json")
	for _, id := range o.OnCall {
		if bytes.Contains(text, []byte(`"`+id+`"`)) {
			t.Errorf("%s is in the redacted order: %s", id, text)
		}
	}
	if bytes.Contains(text, []byte(`"`+o.Ladder+`"`)) {
		t.Errorf("the ladder %s, which names people, is in it", o.Ladder)
	}
}
