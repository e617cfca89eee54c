package roster

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

var estatePeople = []plantroom.Person{
	{ID: "li", Channels: []plantroom.Address{{Channel: "sms", To: "+86"}}},
	{ID: "wang", Channels: []plantroom.Address{{Channel: "sms", To: "+86"}}},
	{ID: "mute"},
}

// kinds gives the faults as short words: "gap", "unknown_person:zhao".
func kinds(faults []Fault) string {
	var words []string
	for _, f := range faults {
		w := string(f.Kind)
		if f.Person != "" {
			w += ":" + string(f.Person)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

func TestLintFaults(t *testing.T) {
	people := func(ids ...plantroom.PersonID) plantroom.Contractor {
		return plantroom.Contractor{ID: "quicklift", Technicians: ids}
	}
	shift := func(change func(*plantroom.Shift)) plantroom.Contractor {
		s := plantroom.Shift{Start: hm(8, 0), End: hm(8, 0), People: []plantroom.PersonID{"li"}}
		always := s
		change(&s)
		return firm(always, s)
	}
	for _, c := range []struct {
		says string
		firm plantroom.Contractor
		want string
	}{
		{"day and night are covered", firm(dayShift, night), ""},
		{"technicians without a roster are always there", people("li"), ""},
		{"nobody at all", people(), "nobody"},
		{"a person the estate does not know", people("zhao", "li", "zhao"), "unknown_person:zhao"},
		{"a person without a channel", people("mute"), "no_channel:mute"},
		{"people of the roster are looked at too", shift(func(s *plantroom.Shift) { s.People = []plantroom.PersonID{"mute", "zhao"} }), "no_channel:mute unknown_person:zhao"},
		{"a shift with nobody", shift(func(s *plantroom.Shift) { s.People = nil }), "bad_shift"},
		{"a start at 24h", shift(func(s *plantroom.Shift) { s.Start = hm(24, 0) }), "bad_shift"},
		{"a negative end", shift(func(s *plantroom.Shift) { s.End = -1 }), "bad_shift"},
		{"an end beyond 24h", shift(func(s *plantroom.Shift) { s.End = hm(24, 1) }), "bad_shift"},
		{"a day that is none", shift(func(s *plantroom.Shift) { s.Days = []time.Weekday{7} }), "bad_shift"},
	} {
		t.Run(c.says, func(t *testing.T) {
			faults := Lint(c.firm, estatePeople, zone(t, "Asia/Shanghai"), instant(t, "2026-03-02T10:00+08:00"))
			if got := kinds(faults); got != c.want {
				t.Fatalf("faults: %q, want %q", got, c.want)
			}
			for _, f := range faults {
				if f.Contractor != "quicklift" || !strings.Contains(f.Message, "quicklift") {
					t.Errorf("%+v does not name the contractor", f)
				}
			}
		})
	}
}

func TestLintFindsEveryGapOfThirtyDays(t *testing.T) {
	weekday := plantroom.Shift{Days: weekdays, Start: hm(0, 0), End: hm(24, 0), People: []plantroom.PersonID{"li"}}
	saturday := plantroom.Shift{Days: []time.Weekday{time.Saturday}, Start: hm(0, 0), End: hm(24, 0), People: []plantroom.PersonID{"wang"}}
	berlin := zone(t, "Europe/Berlin")
	// Monday; the Sundays are 8, 15, 22 and 29 March, the last with 23 hours.
	now := instant(t, "2026-03-02T10:00+01:00")
	faults := Lint(firm(weekday, saturday), estatePeople, berlin, now)
	want := [][2]string{
		{"2026-03-08T00:00+01:00", "2026-03-09T00:00+01:00"},
		{"2026-03-15T00:00+01:00", "2026-03-16T00:00+01:00"},
		{"2026-03-22T00:00+01:00", "2026-03-23T00:00+01:00"},
		{"2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"},
	}
	if len(faults) != len(want) {
		t.Fatalf("got %d faults: %v", len(faults), faults)
	}
	for i, f := range faults {
		if f.Kind != Gap || f.From != instant(t, want[i][0]) || f.To != instant(t, want[i][1]) {
			t.Errorf("gap %d: %+v, want %v", i, f, want[i])
		}
	}
	if msg := faults[3].Message; !strings.Contains(msg, "Sun 2026-03-29 00:00 CET to Mon 2026-03-30 00:00 CEST") {
		t.Errorf("message %q does not give local times", msg)
	}
}

func TestLintCutsGapsAtItsHorizon(t *testing.T) {
	never := plantroom.Shift{Days: []time.Weekday{time.Monday}, Start: hm(0, 0), End: hm(1, 0)}
	now := instant(t, "2026-03-02T10:00+08:00")
	faults := Lint(firm(never), estatePeople, zone(t, "Asia/Shanghai"), now)
	if kinds(faults) != "bad_shift gap" {
		t.Fatalf("faults: %v", faults)
	}
	if gap := faults[1]; gap.From != now || gap.To != now.Add(30*24*time.Hour) {
		t.Fatalf("gap from %s to %s", gap.From, gap.To)
	}
}

func TestLintSeesAShiftThatBeganBeforeNow(t *testing.T) {
	faults := Lint(firm(dayShift, night), estatePeople, zone(t, "Asia/Shanghai"), instant(t, "2026-03-02T03:00+08:00"))
	if len(faults) != 0 {
		t.Fatal(faults)
	}
}
