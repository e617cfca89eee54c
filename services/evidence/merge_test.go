package evidence_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/evidence"
	"plantroom/services/httpapi/apitest"
)

// TestABundleHoldsTheFaultsOfWhatWasMergedIntoTheOrder: the order is over only when
// they are too, and what a sensor has said of them stands in rows of their own.
func TestABundleHoldsTheFaultsOfWhatWasMergedIntoTheOrder(t *testing.T) {
	h := newHouse(t)
	into := h.Open(apitest.Fault{Rule: "lift.fault", Asset: "b2-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Detail: "one"})
	from := h.Open(apitest.Fault{Rule: "lift.fault", Asset: "b2-l2", Cause: "door_close_fault", Severity: plantroom.Medium, Detail: "two"})
	h.Pass(time.Minute)
	cmd := dispatch.Command{Order: from.ID, Do: plantroom.DoMerge, Actor: "person:lin", Other: into.ID, Reason: "one supply"}
	if _, err := h.Command(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	h.order = into.ID
	b := h.bundle(t, evidence.Options{})
	if r := verify(t, b); len(r.Findings) != 0 {
		t.Fatal(r.Findings)
	}
	var shown struct{ Incidents []plantroom.Incident }
	if err := json.Unmarshal(fileOf(t, b, "order.json"), &shown); err != nil || len(shown.Incidents) != 2 {
		t.Errorf("order.json has %d incidents of two, %v", len(shown.Incidents), err)
	}
	for _, in := range []plantroom.IncidentID{into.Incident, from.Incident} {
		if !bytes.Contains(fileOf(t, b, "ledger.jsonl"), []byte(`"value":"`+string(in)+`"`)) {
			t.Errorf("the rows of %s are there by their hashes alone", in)
		}
	}
}
