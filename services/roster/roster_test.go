package roster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones; the package itself takes a location

	"plantroom"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// hm makes a time of day.
func hm(hour, minute int) plantroom.Duration {
	return plantroom.Duration(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// instant reads RFC 3339 without seconds, as in 2026-03-29T02:30+01:00.
func instant(t testing.TB, s string) plantroom.Instant {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		t.Fatal(err)
	}
	return plantroom.At(at)
}

func firm(shifts ...plantroom.Shift) plantroom.Contractor {
	return plantroom.Contractor{ID: "quicklift", Technicians: []plantroom.PersonID{"li", "wang"}, Roster: shifts}
}

var (
	weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	dayShift = plantroom.Shift{Start: hm(8, 0), End: hm(20, 0), People: []plantroom.PersonID{"li"}}
	night    = plantroom.Shift{Start: hm(20, 0), End: hm(8, 0), People: []plantroom.PersonID{"wang"}}
)

func TestOnDuty(t *testing.T) {
	office := plantroom.Shift{Days: weekdays, Start: hm(9, 0), End: hm(17, 0), People: []plantroom.PersonID{"chen", "li"}}
	fridayNight := plantroom.Shift{Days: []time.Weekday{time.Friday}, Start: hm(22, 0), End: hm(6, 0), People: []plantroom.PersonID{"wang"}}
	allDay := plantroom.Shift{Days: []time.Weekday{time.Sunday}, Start: hm(7, 0), End: hm(7, 0), People: []plantroom.PersonID{"zhao"}}
	toMidnight := plantroom.Shift{Days: []time.Weekday{time.Monday}, Start: hm(18, 0), End: hm(24, 0), People: []plantroom.PersonID{"sun"}}
	// 2026-03-02 is a Monday.
	for _, c := range []struct {
		says string
		firm plantroom.Contractor
		at   string
		want string
	}{
		{"the start belongs to the shift", firm(dayShift, night), "2026-03-02T08:00+08:00", "li"},
		{"the end belongs to the next one", firm(dayShift, night), "2026-03-02T20:00+08:00", "wang"},
		{"after midnight yesterday's shift goes on", firm(dayShift, night), "2026-03-03T03:00+08:00", "wang"},
		{"local time counts, not UTC", firm(office), "2026-03-02T01:30Z", "chen li"},
		{"outside the hours nobody", firm(office), "2026-03-02T17:00+08:00", ""},
		{"at the weekend nobody", firm(office), "2026-03-07T10:00+08:00", ""},
		{"a weekday names the day of the start", firm(fridayNight), "2026-03-07T05:59+08:00", "wang"},
		{"not the day of the end", firm(fridayNight), "2026-03-06T05:59+08:00", ""},
		{"equal times are 24 hours, begun", firm(allDay), "2026-03-01T07:00+08:00", "zhao"},
		{"equal times are 24 hours, ending", firm(allDay), "2026-03-02T06:59+08:00", "zhao"},
		{"equal times are 24 hours, over", firm(allDay), "2026-03-02T07:00+08:00", ""},
		{"24h is the end of the day", firm(toMidnight), "2026-03-02T23:59+08:00", "sun"},
		{"24h is not later", firm(toMidnight), "2026-03-03T00:00+08:00", ""},
		{"two shifts name a person once", firm(dayShift, office), "2026-03-02T10:00+08:00", "li chen"},
		{"without a roster all technicians", firm(), "2026-03-02T10:00+08:00", "li wang"},
	} {
		t.Run(c.says, func(t *testing.T) {
			got := OnDuty(c.firm, zone(t, "Asia/Shanghai"), instant(t, c.at))
			if s := join(got); s != c.want {
				t.Fatalf("on duty: %q, want %q", s, c.want)
			}
		})
	}
}

func join(ps []plantroom.PersonID) string {
	return strings.Trim(fmt.Sprint(ps), "[]")
}

// TestNightsOfChange: in Berlin clocks went from 02:00 to 03:00 on 29 March
// 2026 (01:00Z) and from 03:00 back to 02:00 on 25 October 2026 (01:00Z).
func TestNightsOfChange(t *testing.T) {
	late := plantroom.Shift{Start: hm(22, 0), End: hm(2, 30), People: []plantroom.PersonID{"late"}}
	early := plantroom.Shift{Start: hm(2, 30), End: hm(6, 0), People: []plantroom.PersonID{"early"}}
	lost := plantroom.Shift{Start: hm(2, 10), End: hm(2, 50), People: []plantroom.PersonID{"lost"}}
	for _, c := range []struct {
		says   string
		shifts []plantroom.Shift
		at     string
		want   string
	}{
		{"spring: until the change the late shift", []plantroom.Shift{late, early}, "2026-03-29T00:59Z", "late"},
		{"spring: a skipped time is the moment of the change", []plantroom.Shift{late, early}, "2026-03-29T01:00Z", "early"},
		{"spring: a shift inside the skipped hour does not take place", []plantroom.Shift{lost}, "2026-03-29T01:00Z", ""},
		{"the night before it does", []plantroom.Shift{lost}, "2026-03-28T01:30Z", "lost"},
		{"autumn: before the repeated time only the late shift", []plantroom.Shift{late, early}, "2026-10-25T00:29Z", "late"},
		{"autumn: from the first 02:30 both", []plantroom.Shift{late, early}, "2026-10-25T00:30Z", "late early"},
		{"autumn: until the second 02:30 both", []plantroom.Shift{late, early}, "2026-10-25T01:29Z", "late early"},
		{"autumn: then only the early shift", []plantroom.Shift{late, early}, "2026-10-25T01:30Z", "early"},
		{"autumn: a shift inside the repeated hour lasts through both", []plantroom.Shift{lost}, "2026-10-25T01:49Z", "lost"},
	} {
		t.Run(c.says, func(t *testing.T) {
			got := OnDuty(firm(c.shifts...), zone(t, "Europe/Berlin"), instant(t, c.at))
			if s := join(got); s != c.want {
				t.Fatalf("on duty: %q, want %q", s, c.want)
			}
		})
	}
}

// TestShiftsAgreeWithAMinuteByMinuteOracle walks the wall clock: a shift
// begins when the clock first shows its start or more, and ends when it last
// passes its end.
func TestShiftsAgreeWithAMinuteByMinuteOracle(t *testing.T) {
	zones := []string{"Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo",
		"America/Santiago", "Asia/Kathmandu", "America/Asuncion", "Asia/Beirut", "UTC"}
	rapid.Check(t, func(rt *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		at := time.Unix(rapid.Int64Range(1_577_836_800, 2_145_916_800).Draw(rt, "second"), 0).In(loc) // 2020 to 2037
		if _, change := at.ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(rt, "near a change") {
			at = change.Add(time.Duration(rapid.IntRange(-26*60, 26*60).Draw(rt, "minutes")) * time.Minute)
		}
		at = at.Truncate(time.Minute)
		s := plantroom.Shift{
			Start: hm(0, rapid.IntRange(0, 24*60-1).Draw(rt, "start")), End: hm(0, rapid.IntRange(0, 24*60).Draw(rt, "end")),
			Days: rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) time.Weekday { return time.Weekday(rapid.IntRange(0, 6).Draw(t, "day")) }),
				rapid.ID[time.Weekday]).Draw(rt, "days"),
		}
		if _, got := running(hoursOf(&s), loc, plantroom.At(at)); got != oracleCovers(s, loc, at) {
			rt.Fatalf("%s from %s to %s on %v: on duty at %s is %v", loc, s.Start, s.End, s.Days, at, got)
		}
	})
}

// wallMinutes is what a clock on the wall shows, counted in minutes.
func wallMinutes(t time.Time) int64 {
	_, ahead := t.Zone()
	return (t.Unix() + int64(ahead)) / 60
}

func oracleCovers(s plantroom.Shift, loc *time.Location, at time.Time) bool {
	const dayMinutes = 24 * 60
	today := wallMinutes(at) / dayMinutes
	for _, d := range []int64{today, today - 1} {
		weekday := time.Weekday((d + 4) % 7) // 1970-01-01 was a Thursday
		if len(s.Days) > 0 && !slices.Contains(s.Days, weekday) {
			continue
		}
		start, end := d*dayMinutes+int64(time.Duration(s.Start).Minutes()), d*dayMinutes+int64(time.Duration(s.End).Minutes())
		if s.End <= s.Start {
			end += dayMinutes
		}
		begun, lastEnd, begin := false, time.Time{}, time.Time{}
		for m := at.Add(-52 * time.Hour); m.Before(at.Add(52 * time.Hour)); m = m.Add(time.Minute) {
			wall, before := wallMinutes(m.In(loc)), wallMinutes(m.Add(-time.Minute).In(loc))
			if !begun && wall >= start && before < start {
				begun, begin = true, m
			}
			if wall == end || wall > end && before < end {
				lastEnd = m
			}
		}
		if !at.Before(begin) && begun && at.Before(lastEnd) {
			return true
		}
	}
	return false
}

// TestShiftsThatMeetLeaveNoGap is what the policy for nights of change is for.
func TestShiftsThatMeetLeaveNoGap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.IntRange(0, 24*60-1).Draw(rt, "a")
		b := rapid.IntRange(0, 24*60-1).Filter(func(b int) bool { return b != a }).Draw(rt, "b")
		c := firm(plantroom.Shift{Start: hm(0, a), End: hm(0, b), People: []plantroom.PersonID{"li"}},
			plantroom.Shift{Start: hm(0, b), End: hm(0, a), People: []plantroom.PersonID{"wang"}})
		loc := zone(t, rapid.SampledFrom([]string{"Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Shanghai"}).Draw(rt, "zone"))
		now := plantroom.Instant(rapid.Int64Range(1_577_836_800, 2_145_916_800).Draw(rt, "now") * 1e9)
		for at := now; at < now.Add(30*day); at = at.Add(7 * time.Minute) {
			if len(OnDuty(c, loc, at)) == 0 {
				rt.Fatalf("nobody at %s", at)
			}
		}
	})
}
