package house

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/estate"
	"plantroom/services/roster"
	"plantroom/sim/estates"
)

// A manager copies the roster of docs/rosters.md: it is right, shows each key,
// and nobody is missing by it.
func TestTheRosterInTheGuideIsRightAndWhole(t *testing.T) {
	e, err := estates.Load("story")
	if err != nil {
		t.Fatal(err)
	}
	b := only(t, "docs/rosters.md", "yaml")
	e, _, err = estate.ParseOffer("docs/rosters.md", []byte(b), app.Known(), e)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"roster", "rotations", "swaps", "overrides", "turn", "hand_over", "days", "start", "end", "give", "agreed", "by", "people", "instead_of", "reason"} {
		if !strings.Contains(b, key+": ") && !strings.Contains(b, key+":\n") {
			t.Errorf("the whole roster does not show %s", key)
		}
	}
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		t.Fatal(err)
	}
	firm := e.Contractors[len(e.Contractors)-1]
	for _, month := range []time.Month{time.January, time.February} { // before the training without a stand-in
		now := plantroom.At(time.Date(2027, month, 4, 8, 0, 0, 0, zone))
		for at := now; at < now.Add(20*24*time.Hour); at = at.Add(time.Hour) {
			if len(roster.OnDuty(firm, zone, at)) == 0 {
				t.Fatalf("nobody is on duty at %s", at.Time().In(zone))
			}
		}
		for _, f := range roster.Lint(&e, zone, now) {
			if f.Contractor == firm.ID && f.Kind != roster.Gap {
				t.Errorf("%+v", f)
			}
		}
	}
}

// The table of the guide is what roster prints of the roster above it.
func TestTheTableOfARosterInTheGuideIsWhatIsPrinted(t *testing.T) {
	e, err := estates.Load("story")
	if err != nil {
		t.Fatal(err)
	}
	guide := read(t, "docs/rosters.md")
	e, _, err = estate.ParseOffer("docs/rosters.md", []byte(only(t, "docs/rosters.md", "yaml")), app.Known(), e)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^(\w{3} \d{4}-\d\d-\d\d \d\d:\d\d) CST  (\w{3} \d{4}-\d\d-\d\d \d\d:\d\d) CST  (\w+) +(\w+ \w+) +(.+)$`).FindAllStringSubmatch(guide, -1)
	if len(rows) != 2 {
		t.Fatalf("the guide has %d rows of a roster", len(rows))
	}
	look := roster.Look(&e, zone, plantroom.At(time.Date(2027, 2, 1, 8, 0, 0, 0, zone)), 1)
	for _, r := range rows {
		found := false
		for _, l := range look.Duties {
			clock := func(at plantroom.Instant) string { return at.Time().In(zone).Format("Mon 2006-01-02 15:04") }
			by := l.By
			if l.Of != "" {
				by += ", for " + string(l.Of)
			}
			found = found || clock(l.From) == r[1] && clock(l.To) == r[2] && string(l.Contractor) == r[3] && l.Name == r[4] && by == r[5]
		}
		if !found {
			t.Errorf("nobody is on duty as the guide has it: %s\n%+v", r[0], look.Duties)
		}
	}
}
