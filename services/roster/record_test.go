package roster

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestARosterIsRecordedWhenItChangesAndNotOtherwise(t *testing.T) {
	now := instant(t, "2026-03-02T10:00+08:00")
	c := rotating(weekly(t))
	c.Swaps = []plantroom.Swap{{Give: [2]plantroom.Given{{Person: "li", From: now, To: now.Add(time.Hour)}, {Person: "wang", From: now, To: now.Add(3 * time.Hour)}}, Agreed: date(t, "2026-03-01"), By: "lin"}}
	var rows []plantroom.LedgerRow
	record := func(at plantroom.Instant) (plantroom.LedgerRow, bool) {
		t.Helper()
		row, changed, err := Record(&c, rows, at)
		if err != nil {
			t.Fatal(err)
		}
		if changed {
			rows = append(rows, row)
		}
		return row, changed
	}
	row, changed := record(now)
	if !changed || row.Kind != Published || row.Subject != "roster:quicklift" || row.At != now ||
		!strings.Contains(string(row.Body), `"give":[{"person":"li"`) || !strings.Contains(string(row.Body), `"agreed":"2026-03-01","by":"lin"`) || !strings.Contains(string(row.Body), `"turn":"168h`) {
		t.Errorf("%v %+v %s", changed, row, row.Body)
	}
	if _, changed := record(now.Add(time.Minute)); changed {
		t.Error("the same roster is recorded twice")
	}
	if _, changed := record(now.Add(100 * 24 * time.Hour)); changed {
		t.Error("a swap that has passed is taken for a change")
	}
	c.Overrides = []plantroom.Override{{From: now, To: now.Add(time.Hour), InsteadOf: []plantroom.PersonID{"li"}}}
	if row, changed := record(now.Add(2 * time.Hour)); !changed || strings.Contains(string(row.Body), `"overrides"`) {
		t.Errorf("an override of the past, noted late: recorded %v, by its digest alone: %s", changed, row.Body)
	}
	for what, change := range map[string]func(){
		"a turn": func() { c.Rotations[0].Turn = hm(24, 0) }, "a technician": func() { c.Technicians = append(c.Technicians, "mo") },
		"a shift": func() { c.Roster = append(c.Roster, dayShift) }, "who has noted a swap": func() { c.Swaps[0].By = "li" }, "a reason": func() { c.Overrides[0].Reason = "sick" },
		"the end of a rotation": func() { c.Rotations[0].To = date(t, "2026-09-01") },
	} {
		change()
		if _, changed := record(now); !changed {
			t.Errorf("%s has changed, and nothing is recorded", what)
		}
	}
}
