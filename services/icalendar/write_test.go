package icalendar

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones
	"unicode/utf8"

	"plantroom"

	"pgregory.net/rapid"
)

func at(t testing.TB, s string) plantroom.Instant {
	t.Helper()
	v, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		t.Fatal(err)
	}
	return plantroom.At(v)
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestACalendarAsItIsSent(t *testing.T) {
	c := Calendar{Product: "-//Plantroom//Roster//EN", Name: "Li Qiang; 快梯维保", Refresh: time.Hour, Stamp: at(t, "2026-03-01T00:00Z"),
		Events: []Event{{UID: "20260302T000000Z-li-quicklift@story.plantroom", Start: at(t, "2026-03-02T08:00+08:00"), End: at(t, "2026-03-02T20:00+08:00"),
			Summary: "Li, on duty", Description: "shift 1\nof a roster whose description is so long that a line of seventy-five bytes does not hold it: 快梯维保快梯维保"}}}
	want := strings.Join([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Plantroom//Roster//EN", "CALSCALE:GREGORIAN",
		`NAME:Li Qiang\; 快梯维保`, `X-WR-CALNAME:Li Qiang\; 快梯维保`, "REFRESH-INTERVAL;VALUE=DURATION:PT60M", "X-PUBLISHED-TTL:PT60M",
		"BEGIN:VEVENT", "UID:20260302T000000Z-li-quicklift@story.plantroom", "DTSTAMP:20260301T000000Z", "DTSTART:20260302T000000Z", "DTEND:20260302T120000Z",
		`SUMMARY:Li\, on duty`, `DESCRIPTION:shift 1\nof a roster whose description is so long that a line o`, " f seventy-five bytes does not hold it: 快梯维保快梯维保",
		"TRANSP:TRANSPARENT", "END:VEVENT", "END:VCALENDAR", ""}, "\r\n")
	if got := string(c.Bytes()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestACalendarWithoutEventsHasAComponentAllTheSame(t *testing.T) {
	c := Calendar{Product: "p", From: at(t, "2026-03-02T00:00Z"), To: at(t, "2026-04-02T00:00Z")}
	if got := string(c.Bytes()); !strings.Contains(got, "BEGIN:VFREEBUSY\r\n") || strings.Contains(got, "VEVENT") {
		t.Error(got)
	}
}

func TestWhateverIsWrittenIsFoldedAndCanBeReadAgain(t *testing.T) {
	from, to := at(t, "2026-01-01T00:00Z"), at(t, "2027-01-01T00:00Z")
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("aß快\U0001F6D7,;\\\"\r\n :")), 0, 300, -1),
			rapid.StringOfN(rapid.SampledFrom([]rune("ab快")), 150, 300, -1)).Draw(rt, "text")
		c := Calendar{Product: "p", Name: s, Events: []Event{{UID: "1", Start: from, End: from.Add(time.Hour), Summary: s, Description: s}}}
		b := c.Bytes()
		for line := range strings.SplitSeq(strings.TrimSuffix(string(b), "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				rt.Fatalf("the line %q has %d bytes", line, len(line))
			}
		}
		got, err := Read(b, time.UTC, from, to)
		if err != nil {
			rt.Fatalf("%v\n%s", err, b)
		}
		want := unescape(text(s))
		if len(got) != 1 || got[0].Summary != want || got[0].Description != want || got[0].Start != from || got[0].End != from.Add(time.Hour) {
			rt.Fatalf("%q has become %+v", s, got)
		}
		clean := func(r rune) rune {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
				return ' '
			}
			return r
		}
		if plain := strings.Map(clean, strings.ReplaceAll(s, "\r\n", "\n")); want != plain {
			rt.Fatalf("%q has become %q", plain, want)
		}
	})
}
