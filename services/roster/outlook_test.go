package roster

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestTheOutlookNamesWhoIsThereAndWhenNobodyIs(t *testing.T) {
	e := callHouse(t)
	e.Contractors[0].Roster = []plantroom.Shift{{Days: []time.Weekday{1, 2, 3}, People: []plantroom.PersonID{"lin"}}} // whole days
	e.Contractors[0].Rotations[0].To = date(t, "2026-04-02")
	e.People[3].Name = "Lin Mei"
	berlin := zone(t, e.Zone)
	look := Look(e, berlin, instant(t, "2026-03-30T06:00+02:00"), 7)
	var got []string
	for _, l := range look.Duties {
		clock := func(at plantroom.Instant) string { return at.Time().In(berlin).Format("02T15") }
		got = append(got, strings.TrimRight(strings.Join([]string{clock(l.From), clock(l.To), l.Name, l.By, string(l.Of)}, " "), " "))
	}
	want := []string{"30T06 02T00 Lin Mei shift 1", // three days that meet
		"30T06 30T08 Li Qiang rotation call", "30T08 31T08 Wang Wei rotation call", "31T08 01T08 Zhao Jun override 1 wang", "01T08 02T08 Wang Wei rotation call",
		"02T08 06T00", "06T00 06T06 Lin Mei shift 1"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(look.Findings) == 0 || look.Findings[0].Kind != Gap {
		t.Errorf("the findings are %+v", look.Findings)
	}
}
