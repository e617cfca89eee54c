package dispatch

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestALateWordIsBelievedOnlyWhereSomethingExplainsTheDelay(t *testing.T) {
	due := plantroom.At(time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC))
	source, heard := due.Add(-time.Minute), due.Add(time.Hour)
	gone := func(from, to time.Duration) []absence { return []absence{{due.Add(from), due.Add(to), "gateway gw"}} }
	for says, c := range map[string]struct {
		noticed       time.Duration // after the due time
		source, heard plantroom.Instant
		away          []absence
		correct       bool
		why           string
	}{
		"everybody was there":                    {0, source, heard, nil, false, "neither gateway nor server was away"},
		"the gateway was away":                   {0, source, heard, gone(-time.Minute, time.Minute), true, "gateway gw was away"},
		"the gateway was away and is still":      {0, source, heard, []absence{{from: due.Add(-time.Hour), gateway: "gw"}}, true, "gateway gw was away"},
		"it went at that very moment":            {0, source, heard, gone(0, time.Minute), true, "gateway gw was away"},
		"it came at that very moment":            {0, source, heard, gone(-time.Minute, 0), true, "gateway gw was away"},
		"it was away before":                     {0, source, heard, gone(-time.Hour, -1), false, "may be slow"},
		"it was away after":                      {0, source, heard, gone(1, time.Hour), false, "may be slow"},
		"the second of two absences":             {0, source, heard, append(gone(-time.Hour, -1), gone(-1, 1)...), true, "gateway gw was away"},
		"the server was away":                    {SayLate, source, heard, nil, true, "the server was away"},
		"the server was busy":                    {SayLate - 1, source, heard, nil, false, "may be slow"},
		"the word was on its way":                {0, due, due.Add(NewsDelay), nil, true, "on its way"},
		"the word was not on its way so long":    {0, due, due.Add(NewsDelay + 1), nil, false, "may be slow"},
		"nobody knows when the breach was found": {-1, source, heard, nil, false, "may be slow"},
	} {
		clock := plantroom.Clock{State: plantroom.ClockBreached, Due: due, Breached: due}
		if c.noticed >= 0 {
			clock.Noticed = due.Add(c.noticed)
		}
		if got := believe(clock, c.source, c.heard, c.away); got.correct != c.correct || !strings.Contains(got.why.En, c.why) {
			t.Errorf("%s: %+v, want %v, %s", says, got, c.correct, c.why)
		}
	}
}
