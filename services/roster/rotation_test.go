package roster

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

func date(t testing.TB, s string) plantroom.Date {
	t.Helper()
	d, err := plantroom.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// weekly is a rotation of li, wang and zhao by the week, handed over on Mondays
// at eight. 2026-03-02 is a Monday.
func weekly(t testing.TB, change ...func(*plantroom.Rotation)) plantroom.Rotation {
	r := plantroom.Rotation{Name: "call", People: []plantroom.PersonID{"li", "wang", "zhao"}, From: date(t, "2026-03-02"),
		HandOver: hm(8, 0), Turn: hm(7*24, 0), Hours: plantroom.Hours{Start: hm(8, 0), End: hm(8, 0)}}
	for _, f := range change {
		f(&r)
	}
	return r
}

func rotating(rs ...plantroom.Rotation) plantroom.Contractor {
	return plantroom.Contractor{ID: "quicklift", Technicians: []plantroom.PersonID{"li", "wang", "zhao"}, Rotations: rs}
}

func TestPeopleTakeTurns(t *testing.T) {
	const shanghai, berlin = "Asia/Shanghai", "Europe/Berlin"
	nights := func(r *plantroom.Rotation) { r.Hours = plantroom.Hours{Start: hm(20, 0), End: hm(8, 0)} }
	weekends := func(r *plantroom.Rotation) { r.Hours.Days = []time.Weekday{time.Saturday, time.Sunday} }
	twelve := func(r *plantroom.Rotation) { r.Turn = hm(12, 0) }
	to := func(day string) func(*plantroom.Rotation) {
		return func(r *plantroom.Rotation) { r.To = date(t, day) }
	}
	atHalfPastTwo := func(r *plantroom.Rotation) { // daily, from the day before the clocks change
		r.HandOver, r.Turn, r.From = hm(2, 30), hm(24, 0), date(t, "2026-03-28")
		r.Hours.Start, r.Hours.End = r.HandOver, r.HandOver
	}
	inAutumn := func(r *plantroom.Rotation) { atHalfPastTwo(r); r.From = date(t, "2026-10-24") }
	for _, c := range []struct {
		says, zone string
		rotation   plantroom.Rotation
		at, want   string
	}{
		{"before the first turn nobody", shanghai, weekly(t), "2026-03-02T07:59+08:00", ""},
		{"the first begins at the hand-over", shanghai, weekly(t), "2026-03-02T08:00+08:00", "li"},
		{"and lasts to the next one", shanghai, weekly(t), "2026-03-09T07:59+08:00", "li"},
		{"then it is the next person's", shanghai, weekly(t), "2026-03-09T08:00+08:00", "wang"},
		{"after the last the first again", shanghai, weekly(t), "2026-03-23T08:00+08:00", "li"},
		{"turns of hours", shanghai, weekly(t, twelve), "2026-03-02T20:00+08:00", "wang"},
		{"at night only", shanghai, weekly(t, nights), "2026-03-03T12:00+08:00", ""},
		{"a night that is handed over in the morning", shanghai, weekly(t, nights), "2026-03-09T07:59+08:00", "li"},
		{"at weekends only", shanghai, weekly(t, weekends), "2026-03-06T12:00+08:00", ""},
		{"a weekend's day lasts to the hand-over of the next", shanghai, weekly(t, weekends), "2026-03-09T07:59+08:00", "li"},
		{"over at the hand-over of its last day", shanghai, weekly(t, to("2026-03-05")), "2026-03-05T07:59+08:00", "li"},
		{"and then nobody", shanghai, weekly(t, to("2026-03-05")), "2026-03-05T08:00+08:00", ""},
		{"summer time changes no hand-over", berlin, weekly(t), "2026-03-30T07:59+02:00", "li"},
		{"nor does it in the week after", berlin, weekly(t), "2026-03-30T08:00+02:00", "wang"},
		{"turns of hours stay at their times of day", berlin, weekly(t, twelve), "2026-03-30T08:00+02:00", "zhao"},
		{"a hand-over that is skipped is the moment of the change", berlin, weekly(t, atHalfPastTwo), "2026-03-29T01:00Z", "wang"},
		{"not before", berlin, weekly(t, atHalfPastTwo), "2026-03-29T00:59Z", "li"},
		{"a hand-over that comes twice: from the first on both", berlin, weekly(t, inAutumn), "2026-10-25T00:30Z", "li wang"},
		{"to the second", berlin, weekly(t, inAutumn), "2026-10-25T01:29Z", "li wang"},
		{"and then the next alone", berlin, weekly(t, inAutumn), "2026-10-25T01:30Z", "wang"},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := join(OnDuty(rotating(c.rotation), zone(t, c.zone), instant(t, c.at))); got != c.want {
				t.Errorf("on duty: %q, want %q", got, c.want)
			}
		})
	}
}

func TestSwapsAndThenOverridesChangeWhoIsOnDuty(t *testing.T) {
	shanghai := zone(t, "Asia/Shanghai")
	at := func(s string) plantroom.Instant { return instant(t, s+"+08:00") }
	give := func(p plantroom.PersonID, from, to string) plantroom.Given {
		return plantroom.Given{Person: p, From: at(from), To: at(to)}
	}
	swap := plantroom.Swap{Give: [2]plantroom.Given{give("li", "2026-03-04T08:00", "2026-03-05T08:00"), give("wang", "2026-03-11T08:00", "2026-03-12T08:00")}}
	over := func(from, to string, in, out []plantroom.PersonID) plantroom.Override {
		return plantroom.Override{From: at(from), To: at(to), People: in, InsteadOf: out}
	}
	type ids = []plantroom.PersonID
	for _, c := range []struct {
		says      string
		swaps     []plantroom.Swap
		overrides []plantroom.Override
		at, want  string
	}{
		{"what one gives the other has", []plantroom.Swap{swap}, nil, "2026-03-04T12:00", "wang"},
		{"and the other way round", []plantroom.Swap{swap}, nil, "2026-03-11T12:00", "li"},
		{"not outside the times that were given", []plantroom.Swap{swap}, nil, "2026-03-05T08:00", "li"},
		{"an override replaces", nil, []plantroom.Override{over("2026-03-03T00:00", "2026-03-04T00:00", ids{"zhao"}, ids{"li"})}, "2026-03-03T12:00", "zhao"},
		{"its end is exclusive", nil, []plantroom.Override{over("2026-03-03T00:00", "2026-03-04T00:00", ids{"zhao"}, ids{"li"})}, "2026-03-04T00:00", "li"},
		{"only whom it names", nil, []plantroom.Override{over("2026-03-03T00:00", "2026-03-04T00:00", ids{"zhao"}, ids{"wang"})}, "2026-03-03T12:00", "li"},
		{"with nobody instead somebody is away", nil, []plantroom.Override{over("2026-03-03T00:00", "2026-03-04T00:00", nil, ids{"li"})}, "2026-03-03T12:00", ""},
		{"instead of nobody somebody is there too", nil, []plantroom.Override{over("2026-03-03T00:00", "2026-03-04T00:00", ids{"zhao"}, nil)}, "2026-03-03T12:00", "li zhao"},
		{"two for one", nil, []plantroom.Override{over("2026-03-03T00:00", "2026-03-04T00:00", ids{"zhao", "wang"}, ids{"li"})}, "2026-03-03T12:00", "zhao wang"},
		{"a later override sees what an earlier one has made", nil, []plantroom.Override{
			over("2026-03-03T00:00", "2026-03-04T00:00", ids{"zhao"}, ids{"li"}), over("2026-03-03T10:00", "2026-03-03T14:00", ids{"wang"}, ids{"zhao"})}, "2026-03-03T12:00", "wang"},
		{"overrides come after swaps", []plantroom.Swap{swap}, []plantroom.Override{over("2026-03-04T08:00", "2026-03-04T20:00", ids{"zhao"}, ids{"wang"})}, "2026-03-04T12:00", "zhao"},
	} {
		t.Run(c.says, func(t *testing.T) {
			firm := rotating(weekly(t))
			firm.Swaps, firm.Overrides = c.swaps, c.overrides
			if got := join(OnDuty(firm, shanghai, at(c.at))); got != c.want {
				t.Errorf("on duty: %q, want %q", got, c.want)
			}
		})
	}
}

func TestAStintIsATurnOrTheShiftOfADay(t *testing.T) {
	shanghai := zone(t, "Asia/Shanghai")
	firm := rotating(weekly(t))
	firm.Roster = []plantroom.Shift{{Days: []time.Weekday{1, 2}, Start: hm(0, 0), End: hm(0, 0), People: []plantroom.PersonID{"sun"}}}
	firm.Overrides = []plantroom.Override{{From: instant(t, "2026-03-11T08:00+08:00"), To: instant(t, "2026-03-12T08:00+08:00"), People: []plantroom.PersonID{"zhao"}, InsteadOf: []plantroom.PersonID{"wang"}}}
	var got []string
	for _, s := range Stints(firm, shanghai, instant(t, "2026-03-02T00:00+08:00"), instant(t, "2026-03-16T00:00+08:00")) {
		clock := func(at plantroom.Instant) string { return at.Time().In(shanghai).Format("02T15") }
		got = append(got, strings.TrimRight(strings.Join([]string{string(s.Person), clock(s.From), clock(s.To), string(s.Entry.Kind), string(s.Of)}, " "), " "))
	}
	want := []string{"sun 02T00 03T00 shift", "li 02T08 09T08 rotation", "sun 03T00 04T00 shift", "sun 09T00 10T00 shift", "wang 09T08 11T08 rotation",
		"sun 10T00 11T00 shift", "zhao 11T08 12T08 override wang", "wang 12T08 16T00 rotation"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhoeverHasNoRosterIsThereButForOverrides(t *testing.T) {
	firm := plantroom.Contractor{ID: "quicklift", Technicians: []plantroom.PersonID{"li", "wang"}}
	away := instant(t, "2026-03-03T08:00+08:00")
	back := away.Add(48 * time.Hour)
	firm.Overrides = []plantroom.Override{{From: away, To: back, InsteadOf: []plantroom.PersonID{"li"}}}
	shanghai := zone(t, "Asia/Shanghai")
	if got := join(OnDuty(firm, shanghai, away)); got != "wang" {
		t.Errorf("%q on duty, want wang", got)
	}
	if got := NextOf(&firm, "li", shanghai, away); got != back {
		t.Errorf("li is back at %s, want %s", got, back)
	}
	if got := Change(firm, shanghai, away.Add(-time.Hour)); got != away {
		t.Errorf("the next change is at %s, want %s", got, away)
	}
}
