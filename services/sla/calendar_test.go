package sla

import (
	_ "embed"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones; the package itself takes a location

	"plantroom"

	"pgregory.net/rapid"
)

// zones are all zones of the database that differ from each other.
//
//go:embed testdata/zones.txt
var zones string

func hours(from, to string, days ...time.Weekday) plantroom.Hours {
	return plantroom.Hours{Days: days, Start: wall(from), End: wall(to)}
}

// wall reads a time of day, as in 17:30.
func wall(s string) plantroom.Duration {
	h, m, _ := strings.Cut(s, ":")
	d, err := time.ParseDuration(h + "h" + m + "m")
	if err != nil {
		panic(err)
	}
	return plantroom.Duration(d)
}

func date(s string) plantroom.Date {
	d, err := plantroom.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func calendarIn(t testing.TB, zone string, c plantroom.Calendar) *Calendar {
	t.Helper()
	out, err := NewCalendar(c, zoneOf(t, zone))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func instant(t testing.TB, s string) plantroom.Instant {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		t.Fatal(err)
	}
	return plantroom.At(at)
}

var (
	monToFri = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	office   = plantroom.Calendar{ID: "office", Hours: []plantroom.Hours{hours("9:00", "17:00", monToFri...)}}
)

func TestWhenAWindowEnds(t *testing.T) {
	festive := office
	festive.Special = []plantroom.SpecialDay{
		{Date: date("2026-10-01"), Name: "National Day"},                                                                        // a Thursday
		{Date: date("2026-10-02"), Name: "National Day"},                                                                        // a Friday
		{Date: date("2026-10-10"), Name: "worked instead", Hours: []plantroom.Hours{hours("9:00", "12:00")}},                    // a Saturday
		{Date: date("2026-12-31"), Name: "short day", Hours: []plantroom.Hours{hours("9:00", "12:00")}},                         // a Thursday
		{Date: date("2026-11-02"), Name: "inventory", Hours: []plantroom.Hours{hours("7:00", "8:00"), hours("20:00", "22:00")}}, // a Monday
	}
	nights := plantroom.Calendar{ID: "nights", Hours: []plantroom.Hours{hours("22:00", "6:00", time.Friday)}}
	lunch := plantroom.Calendar{ID: "lunch", Hours: []plantroom.Hours{hours("8:00", "12:00"), hours("13:00", "17:00"), hours("11:00", "12:00")}}
	for _, c := range []struct {
		says     string
		calendar plantroom.Calendar
		from     string
		length   time.Duration
		want     string
	}{
		{"within the hours it is as on the wall", office, "2026-03-02T10:00+08:00", 4 * time.Hour, "2026-03-02T14:00+08:00"},
		{"it may end with the day", office, "2026-03-02T10:00+08:00", 7 * time.Hour, "2026-03-02T17:00+08:00"},
		{"what is left is for the next day", office, "2026-03-02T16:00+08:00", 4 * time.Hour, "2026-03-03T12:00+08:00"},
		{"over the weekend", office, "2026-03-06T16:00+08:00", 4 * time.Hour, "2026-03-09T12:00+08:00"},
		{"what begins in the evening begins in the morning", office, "2026-03-02T22:00+08:00", time.Hour, "2026-03-03T10:00+08:00"},
		{"at closing time nothing counts any more", office, "2026-03-02T17:00+08:00", time.Hour, "2026-03-03T10:00+08:00"},
		{"no length ends at once, whatever the hour", office, "2026-03-07T03:00+08:00", 0, "2026-03-07T03:00+08:00"},
		{"a holiday does not count", festive, "2026-09-30T16:00+08:00", 2 * time.Hour, "2026-10-05T10:00+08:00"},
		{"a worked Saturday does", festive, "2026-10-09T16:00+08:00", 4 * time.Hour, "2026-10-10T12:00+08:00"},
		{"a special day has its own hours", festive, "2026-11-02T07:30+08:00", time.Hour, "2026-11-02T20:30+08:00"},
		{"a night belongs to the day on which it begins", nights, "2026-03-07T05:00+08:00", 2 * time.Hour, "2026-03-13T23:00+08:00"},
		{"hours that overlap count once", lunch, "2026-03-02T11:00+08:00", 2 * time.Hour, "2026-03-02T14:00+08:00"},
	} {
		t.Run(c.says, func(t *testing.T) {
			cal := calendarIn(t, "Asia/Shanghai", c.calendar)
			from, want := instant(t, c.from), instant(t, c.want)
			if got := cal.Add(from, c.length); got != want {
				t.Fatalf("ends %s, want %s", got.Time().In(cal.zone), want.Time().In(cal.zone))
			}
			if got := cal.Counted(from, want); got != c.length {
				t.Fatalf("%v count until then, want %v", got, c.length)
			}
		})
	}
}

func TestNightsOfChange(t *testing.T) {
	night := plantroom.Calendar{ID: "night", Hours: []plantroom.Hours{hours("1:00", "4:00")}}
	inside := plantroom.Calendar{ID: "inside", Hours: []plantroom.Hours{hours("2:00", "3:00")}}
	early := plantroom.Calendar{ID: "early", Hours: []plantroom.Hours{hours("1:00", "2:30")}}
	for _, c := range []struct {
		says     string
		calendar plantroom.Calendar
		from, to string
		want     time.Duration
	}{
		{"spring: an hour of the three is skipped", night, "2026-03-28T23:00Z", "2026-03-29T12:00Z", 2 * time.Hour},
		{"spring: hours that are skipped do not count", inside, "2026-03-28T23:00Z", "2026-03-29T12:00Z", 0},
		{"autumn: the repeated hour counts twice", night, "2026-10-24T22:00Z", "2026-10-25T12:00Z", 4 * time.Hour},
		{"autumn: both passes of hours that are repeated", inside, "2026-10-24T22:00Z", "2026-10-25T12:00Z", 2 * time.Hour},
		{"autumn: the wall shows 2:15 twice, and 2:45 is outside both times", early, "2026-10-24T22:00Z", "2026-10-25T12:00Z", 2 * time.Hour},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := calendarIn(t, "Europe/Berlin", c.calendar).Counted(instant(t, c.from), instant(t, c.to)); got != c.want {
				t.Fatalf("%v count, want %v", got, c.want)
			}
		})
	}
}

func TestWithoutACalendarEverythingCounts(t *testing.T) {
	var always *Calendar
	if got := always.Add(t0, 100*time.Hour); got != after(100*time.Hour) {
		t.Errorf("ends %s", got)
	}
	if got := always.Counted(t0, after(time.Hour)); got != time.Hour {
		t.Errorf("%v count", got)
	}
	if !always.Counts(t0) {
		t.Error("nothing counts")
	}
}

func TestACalendarThatCannotWorkIsRefused(t *testing.T) {
	for name, c := range map[string]plantroom.Calendar{
		"no hours":              {ID: "x"},
		"hours on no weekday":   {ID: "x", Hours: []plantroom.Hours{{Days: []time.Weekday{7}, End: wall("5:00")}}},
		"a start after the day": {ID: "x", Hours: []plantroom.Hours{hours("24:00", "5:00")}},
		"an end after the day":  {ID: "x", Hours: []plantroom.Hours{hours("0:00", "24:01")}},
		"a negative start":      {ID: "x", Hours: []plantroom.Hours{{Start: -1, End: wall("5:00")}}},
		"a day twice":           {ID: "x", Hours: office.Hours, Special: []plantroom.SpecialDay{{Date: 20000}, {Date: 20000}}},
		"a special day's hours": {ID: "x", Hours: office.Hours, Special: []plantroom.SpecialDay{{Date: 20000, Hours: []plantroom.Hours{hours("9:00", "25:00")}}}},
	} {
		_, err := NewCalendar(c, time.UTC)
		if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), "calendar x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// drawn is any calendar: up to three parts of the week, up to three special days
// around a date.
func drawn(t *rapid.T, around plantroom.Date) plantroom.Calendar {
	part := rapid.Custom(func(t *rapid.T) plantroom.Hours {
		minute := func(max int, what string) plantroom.Duration {
			return plantroom.Duration(time.Duration(rapid.IntRange(0, max).Draw(t, what)) * time.Minute)
		}
		return plantroom.Hours{
			Days: rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) time.Weekday {
				return time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))
			}), rapid.ID[time.Weekday]).Draw(t, "days"),
			Start: minute(24*60-1, "start"), End: minute(24*60, "end"),
		}
	})
	return plantroom.Calendar{ID: "drawn", Hours: rapid.SliceOfN(part, 1, 3).Draw(t, "hours"),
		Special: rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) plantroom.SpecialDay {
			return plantroom.SpecialDay{Date: around + plantroom.Date(rapid.IntRange(-2, 2).Draw(t, "special")), Hours: rapid.SliceOfN(part, 0, 2).Draw(t, "its hours")}
		}), 0, 3, func(s plantroom.SpecialDay) plantroom.Date { return s.Date }).Draw(t, "special days")}
}

// oracle says by looking at the wall whether a minute counts.
func counts(c plantroom.Calendar, t time.Time) bool {
	begun := func(date time.Time, in func(h plantroom.Hours, overnight bool) bool) bool {
		today, _ := plantroom.ParseDate(date.Format(time.DateOnly))
		list, special := c.Hours, false
		for _, s := range c.Special {
			if s.Date == today {
				list, special = s.Hours, true
			}
		}
		return slices.ContainsFunc(list, func(h plantroom.Hours) bool {
			return (special || len(h.Days) == 0 || slices.Contains(h.Days, date.Weekday())) && in(h, h.End <= h.Start)
		})
	}
	clock := plantroom.Duration(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
	noon := time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
	return begun(noon, func(h plantroom.Hours, overnight bool) bool { return clock >= h.Start && (overnight || clock < h.End) }) ||
		begun(noon.AddDate(0, 0, -1), func(h plantroom.Hours, overnight bool) bool { return overnight && clock < h.End })
}

// TestCalendarsAgreeWithTheWallMinuteByMinute compares any calendar in any zone
// with looking at the wall at every minute, around a change of the clocks
// where there is one.
func TestCalendarsAgreeWithTheWallMinuteByMinute(t *testing.T) {
	names := strings.Fields(zones)
	rapid.Check(t, func(rt *rapid.T) {
		loc := zoneOf(t, rapid.SampledFrom(names).Draw(rt, "zone"))
		at := time.Unix(rapid.Int64Range(1_577_836_800, 2_145_916_800).Draw(rt, "second"), 0).In(loc) // 2020 to 2037
		if _, change := at.ZoneBounds(); !change.IsZero() && change.Year() < 2038 {
			at = change.Add(time.Duration(rapid.IntRange(-30*60, 10*60).Draw(rt, "minutes from the change")) * time.Minute)
		}
		at = at.Truncate(time.Minute)
		c := drawn(rt, plantroom.DateOf(plantroom.At(at), loc))
		cal, err := NewCalendar(c, loc)
		if err != nil {
			rt.Fatal(err)
		}
		from, counted := plantroom.At(at), time.Duration(0)
		for m := range 48 * 60 {
			now := at.Add(time.Duration(m) * time.Minute)
			if got := cal.Counted(from, plantroom.At(now)); got != counted {
				rt.Fatalf("until %s %v count, want %v", now, got, counted)
			}
			if counts(c, now) {
				counted += time.Minute
				if got, want := cal.Add(from, counted), plantroom.At(now.Add(time.Minute)); got != want {
					rt.Fatalf("%v have counted at %s, want %s", counted, got.Time().In(loc), want.Time().In(loc))
				}
			}
		}
	})
}

// TestEveryMinuteOfEveryZone walks the minutes of 2020 to 2037 in every zone and
// compares a working week, and nights that run into the next day, with the wall.
// It takes some minutes; without PLANTROOM_FULL=1 it looks at the days around
// changes of the clocks only.
func TestEveryMinuteOfEveryZone(t *testing.T) {
	full := os.Getenv("PLANTROOM_FULL") == "1"
	if !full {
		t.Log("only the days around changes of the clocks; PLANTROOM_FULL=1 looks at all")
	}
	begin, end := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
	c := plantroom.Calendar{ID: "week", Hours: []plantroom.Hours{hours("8:30", "17:00", monToFri...), hours("22:15", "2:30", time.Saturday)}}
	for _, name := range strings.Fields(zones) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := zoneOf(t, name)
			cal := calendarIn(t, name, c)
			for at := begin; at.Before(end); {
				to := end
				if !full {
					_, change := at.In(loc).ZoneBounds()
					if change.IsZero() || !change.Before(end) {
						return
					}
					at, to = change.Add(-26*time.Hour).Truncate(time.Minute), change.Add(26*time.Hour)
				}
				compareMinutes(t, cal, at, to)
				at = to
			}
		})
	}
}

func compareMinutes(t *testing.T, cal *Calendar, at, to time.Time) {
	for a, b := range cal.counting(plantroom.At(at)) {
		for ; at.Before(a.Time()) && at.Before(to); at = at.Add(time.Minute) {
			if worked(at.In(cal.zone)) {
				t.Fatalf("%s does not count", at.In(cal.zone))
			}
		}
		for ; at.Before(b.Time()) && at.Before(to); at = at.Add(time.Minute) {
			if !worked(at.In(cal.zone)) {
				t.Fatalf("%s counts", at.In(cal.zone))
			}
		}
		if !at.Before(to) {
			return
		}
	}
}

// worked looks at the wall: Monday to Friday 8:30 to 17:00, and the night from
// Saturday 22:15 to 2:30.
func worked(t time.Time) bool {
	clock := t.Hour()*60 + t.Minute()
	switch t.Weekday() {
	case time.Saturday:
		return clock >= 22*60+15
	case time.Sunday:
		return clock < 2*60+30
	}
	return clock >= 8*60+30 && clock < 17*60
}

func TestAWindowThatNeverEndsCanBeStoredAndReadAgain(t *testing.T) {
	on, err := NewCalendar(plantroom.Calendar{ID: "rare", Hours: []plantroom.Hours{{Days: []time.Weekday{1}, Start: wall("5:00"), End: wall("5:01")}}}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		on     *Calendar
		window time.Duration
	}{"on a minute a week": {on, 1000 * time.Hour}, "of 237 years": {nil, 237 * 366 * day}, "of 292 years": {nil, 1<<63 - 1}} {
		clock := plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(c.window)}
		Start(&clock, plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)), c.on)
		text, err := clock.Due.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var again plantroom.Instant
		if err := again.UnmarshalText(text); err != nil || again != clock.Due || again < clock.Started {
			t.Errorf("%s: %s, %v: an order with such a clock could not be read any more", name, text, err)
		}
	}
}
