package joblink_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/joblink"
)

func TestAUseIsWrittenOnceInAWhileAndNotForEver(t *testing.T) {
	use := joblink.Use{Claims: joblink.Claims{Order: "wo-000001", Contractor: "quicklift", Generation: 2}, Kind: joblink.Opened, State: plantroom.Dispatched}
	var rows []plantroom.LedgerRow
	write := func(u joblink.Use, now plantroom.Instant) bool {
		row, ok := u.Row(rows, now)
		if ok {
			rows = append(rows, row)
		}
		return ok
	}
	if !write(use, issued) || write(use, issued.Add(joblink.QuietFor-1)) || !write(use, issued.Add(joblink.QuietFor)) {
		t.Errorf("a use that repeats itself is written once in %s; written are %d", joblink.QuietFor, len(rows))
	}
	other := use
	other.State = plantroom.Acknowledged
	if !write(other, issued.Add(joblink.QuietFor)) {
		t.Error("the same link on an order that has moved on is another use")
	}
	for n := range 100 {
		refused := use
		refused.Kind, refused.By = joblink.Refused, fmt.Sprint("flood ", n)
		if got := write(refused, issued); got != (n < joblink.MostUses) {
			t.Fatalf("refusal %d written: %v", n+1, got)
		}
	}
	var last struct{ Last bool }
	if err := json.Unmarshal(rows[len(rows)-1].Body, &last); err != nil || !last.Last {
		t.Errorf("the last row that is written does not say so: %s", rows[len(rows)-1].Body)
	}
	if !write(use, issued.Add(24*time.Hour)) {
		t.Error("refusals have used up what lookings may write")
	}
}
