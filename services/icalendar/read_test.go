package icalendar

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// calendar puts events into a calendar; each is its lines.
func calendar(events ...string) []byte {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for _, e := range events {
		b.WriteString("BEGIN:VEVENT\r\n" + strings.ReplaceAll(strings.TrimSpace(e), "\n", "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return []byte(b.String())
}

// times gives occurrences as "02T08:00+0100–10:00", the end with its date where that is another.
func times(list []Occurrence, z *time.Location) string {
	var out []string
	for _, o := range list {
		a, b := o.Start.Time().In(z), o.End.Time().In(z)
		form := "15:04"
		if a.YearDay() != b.YearDay() {
			form = "02T15:04"
		}
		out = append(out, a.Format("01-02T15:04")+"–"+b.Format(form))
	}
	return strings.Join(out, " ")
}

func TestWhenAnEventTakesPlace(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	from, to := at(t, "2026-03-01T00:00+01:00"), at(t, "2026-12-01T00:00+01:00")
	for _, c := range []struct{ says, event, want string }{
		{"UTC", "DTSTART:20260302T070000Z\nDTEND:20260302T090000Z", "03-02T08:00–10:00"},
		{"a zone", "DTSTART;TZID=Asia/Shanghai:20260302T150000\nDTEND;TZID=Asia/Shanghai:20260302T170000", "03-02T08:00–10:00"},
		{"a zone behind a prefix", "DTSTART;TZID=\"/freeassociation.sourceforge.net/Asia/Shanghai\":20260302T150000\nDURATION:PT2H", "03-02T08:00–10:00"},
		{"a zone as Windows calls it", "DTSTART;TZID=\"China Standard Time\":20260302T150000\nDURATION:PT2H", "03-02T08:00–10:00"},
		{"no zone is that of the estate", "DTSTART:20260302T080000\nDTEND:20260302T100000", "03-02T08:00–10:00"},
		{"a day", "DTSTART;VALUE=DATE:20260302", "03-02T00:00–03T00:00"},
		{"days, the end exclusive", "DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260305", "03-02T00:00–05T00:00"},
		{"a day of 23 hours", "DTSTART;VALUE=DATE:20260329\nDURATION:P1D", "03-29T00:00–30T00:00"},
		{"24 hours in that night", "DTSTART:20260328T120000\nDURATION:PT24H", "03-28T12:00–29T13:00"},
		{"a skipped time counts on from before the change", "DTSTART:20260329T023000\nDURATION:PT1H", "03-29T03:30–04:30"},
		{"of a time that comes twice the first", "DTSTART:20261025T023000\nDURATION:PT1H", "10-25T02:30–02:30"},
		{"daily", "DTSTART:20260302T080000\nDTEND:20260302T100000\nRRULE:FREQ=DAILY;COUNT=3", "03-02T08:00–10:00 03-03T08:00–10:00 03-04T08:00–10:00"},
		{"weekly, over the change of the clocks", "DTSTART;TZID=Europe/Berlin:20260327T080000\nDTEND;TZID=Europe/Berlin:20260327T100000\nRRULE:FREQ=WEEKLY;UNTIL=20260403T060000Z", "03-27T08:00–10:00 04-03T08:00–10:00"},
		{"until a second earlier", "DTSTART;TZID=Europe/Berlin:20260327T080000\nDTEND;TZID=Europe/Berlin:20260327T100000\nRRULE:FREQ=WEEKLY;UNTIL=20260403T055959Z", "03-27T08:00–10:00"},
		{"until a day, which counts", "DTSTART:20260302T080000\nDURATION:PT2H\nRRULE:FREQ=DAILY;UNTIL=20260303", "03-02T08:00–10:00 03-03T08:00–10:00"},
		{"a night is as long on the wall", "DTSTART:20260328T220000\nDTEND:20260329T060000\nRRULE:FREQ=DAILY;COUNT=1", "03-28T22:00–29T06:00"},
		{"without what is left out", "DTSTART:20260302T080000\nDURATION:PT2H\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260303T080000,20260304T070000Z", "03-02T08:00–10:00 03-05T08:00–10:00"},
		{"with what is added", "DTSTART:20260302T080000\nDURATION:PT2H\nRDATE:20260310T090000", "03-02T08:00–10:00 03-10T09:00–11:00"},
		{"a cancelled one does not", "DTSTART:20260302T080000\nDURATION:PT2H\nSTATUS:CANCELLED", ""},
		{"nor one outside of the time that is asked for", "DTSTART:20251231T080000\nDURATION:PT2H", ""},
		{"one that began before does", "DTSTART:20260228T220000\nDURATION:PT3H", "02-28T22:00–01T01:00"},
		{"a rule that never comes true", "DTSTART:20260228T220000\nDURATION:PT3H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", ""},
	} {
		t.Run(c.says, func(t *testing.T) {
			got, err := Read(calendar("UID:1\n"+c.event), berlin, from, to)
			if s := times(got, berlin); err != nil || s != c.want {
				t.Errorf("got %s, %v; want %s", s, err, c.want)
			}
		})
	}
}

func TestEachZoneOfWindowsIsOneThatWeKnow(t *testing.T) {
	for windows, name := range windowsZones {
		if z, ok := zoneOf(windows); !ok || z.String() != name {
			t.Errorf("%s is %v, want %s", windows, z, name)
		}
	}
}

func TestAnOccurrenceThatWasMovedIsWhereItWasMovedTo(t *testing.T) {
	series := "UID:7\nDTSTART:20260302T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3"
	moved := "UID:7\nRECURRENCE-ID:20260303T080000Z\nDTSTART:20260303T120000Z\nDURATION:PT1H\nSUMMARY:zhao\\, later"
	gone := "UID:7\nRECURRENCE-ID:20260304T080000Z\nSTATUS:CANCELLED"
	got, err := Read(calendar(series, moved, gone), time.UTC, at(t, "2026-03-01T00:00Z"), at(t, "2026-04-01T00:00Z"))
	if s := times(got, time.UTC); err != nil || s != "03-02T08:00–09:00 03-03T12:00–13:00" || got[1].Summary != "zhao, later" || got[1].Line != 9 {
		t.Errorf("%s, %v, %+v", s, err, got)
	}
}

func TestAnOccurrenceThatWasOnlyRenamedStaysWhereItIs(t *testing.T) {
	series := "UID:7\nDTSTART:20260302T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nSUMMARY:li"
	renamed := "UID:7\nRECURRENCE-ID:20260303T080000Z\nDTSTART:20260303T080000Z\nDURATION:PT1H\nSUMMARY:zhao"
	got, err := Read(calendar(series, renamed), time.UTC, at(t, "2026-03-01T00:00Z"), at(t, "2026-04-01T00:00Z"))
	if s := times(got, time.UTC); err != nil || s != "03-02T08:00–09:00 03-03T08:00–09:00" || got[0].Summary != "li" || got[1].Summary != "zhao" {
		t.Errorf("%s, %v, %+v", s, err, got)
	}
}

func TestWhatOthersWriteBesidesIsPassedOver(t *testing.T) {
	src := "\uFEFFBEGIN:VCALENDAR\nPRODID;X-A=\"a:b;c\":x\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nEND:VTIMEZONE\n" +
		"BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20260302T0800\n 00\nDTEND;TZID=Europe/Berlin:20260302T100000\nSUMMARY:zh\n\tao\nX-APPLE-TRAVEL;X=1:1\nBEGIN:VALARM\nTRIGGER:-PT5M\nDTSTART:nonsense\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"
	got, err := Read([]byte(src), time.UTC, at(t, "2026-03-01T00:00Z"), at(t, "2026-04-01T00:00Z"))
	if err != nil || times(got, time.UTC) != "03-02T07:00–09:00" || got[0].Summary != "zhao" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatCannotBeTakenIsNamedByItsLine(t *testing.T) {
	deep := strings.Repeat("BEGIN:X\r\n", 12)
	for _, c := range []struct{ says, src, want string }{
		{"nothing", "", "line 1: the calendar is not whole"},
		{"something else", "hello", "line 1: this is no content line"},
		{"cut off", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "line 2: the calendar is not whole"},
		{"two calendars", "BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", "line 3: this is not within the one calendar"},
		{"an end too many", "BEGIN:VCALENDAR\nEND:VEVENT\n", `line 2: "VEVENT" ends here and has not begun`},
		{"too deep", "BEGIN:VCALENDAR\r\n" + deep, "line 9: components lie too deep"},
		{"too large", strings.Repeat("x", MaxSize+1), "line 1: the calendar has 1048577 bytes"},
		{"a line without an end", "BEGIN:VCALENDAR\nX:" + strings.Repeat("x", 9000), "line 2: a line is too long"},
		{"a folded one without an end", "BEGIN:VCALENDAR\nX:1" + strings.Repeat("\n "+strings.Repeat("x", 1000), 10), "line 11: a line is too long"},
		{"not UTF-8", "BEGIN:VCALENDAR\nX:\xff", "line 1: the calendar is not UTF-8"},
		{"parameters", "BEGIN:VCALENDAR\nX;A=\"b:c\n", "line 2: the parameters of X do not end"},
	} {
		t.Run(c.says, func(t *testing.T) { refused(t, []byte(c.src), c.want) })
	}
	for _, c := range []struct{ says, event, want string }{
		{"no begin", "SUMMARY:x", "line 3: the event has no DTSTART"},
		{"no end", "DTSTART:20260302T080000", "line 3: the event has no end"},
		{"an end before the begin", "DTSTART:20260302T080000\nDTEND:20260302T080000", "line 3: the event ends no later than it begins"},
		{"an end and a length", "DTSTART:20260302T080000\nDTEND:20260302T090000\nDURATION:PT1H", "line 3: the event has DTEND and DURATION"},
		{"a day and a time", "DTSTART;VALUE=DATE:20260302\nDTEND:20260302T090000", "line 3: one of DTSTART and DTEND is a day"},
		{"a begin twice", "DTSTART:20260302T080000\nDTSTART:20260302T080000", "line 5: DTSTART stands twice"},
		{"a time that is none", "DTSTART:20260332T080000", `line 4: DTSTART is "20260332T080000"`},
		{"a year before all", "DTSTART:00010101T080000", `line 4: DTSTART is "00010101T080000"`},
		{"a zone that is none", "DTSTART;TZID=Customized Time Zone:20260302T080000", `line 4: the time zone "Customized Time Zone" is not known; export the calendar with an IANA zone`},
		{"a zone that is a path", "DTSTART;TZID=../../etc/passwd:20260302T080000", `line 4: the time zone "../../etc/passwd" is not known`},
		{"this machine's zone", "DTSTART;TZID=Local:20260302T080000", `line 4: the time zone "Local" is not known`},
		{"a length that is none", "DTSTART:20260302T080000\nDURATION:P", `line 5: DURATION is "P"`},
		{"a length backwards", "DTSTART:20260302T080000\nDURATION:-PT1H", `line 5: DURATION is "-PT1H"`},
		{"a length of centuries", "DTSTART:20260302T080000\nDURATION:P99999W", `line 5: DURATION is "P99999W"`},
		{"every second", "DTSTART:20260302T080000\nDURATION:PT1H\nRRULE:FREQ=SECONDLY", "line 6: the recurrence is not taken: FREQ=SECONDLY is not taken"},
		{"weeks of the year", "DTSTART:20260302T080000\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not taken"},
		{"the ninetieth Monday", "DTSTART:20260302T080000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=90MO", "BYDAY=90MO is no list of weekdays"},
		{"later ones too", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T080000", "line 4: it changes this and all later occurrences"},
	} {
		t.Run(c.says, func(t *testing.T) { refused(t, calendar(c.event), c.want) })
	}
}

func refused(t *testing.T, src []byte, want string) {
	t.Helper()
	got, err := Read(src, time.UTC, at(t, "2026-03-01T00:00Z"), at(t, "2026-04-01T00:00Z"))
	var faults Faults
	if got != nil || !errors.As(err, &faults) || !strings.Contains(err.Error(), want) {
		t.Fatalf("%v, %v; want %s", got, err, want)
	}
	for _, f := range faults {
		if f.Remedy == "" {
			t.Errorf("%v does not say what would be right", f)
		}
	}
}

func TestMoreEventsThanAreReadAreRefused(t *testing.T) {
	daily := "UID:%d\nDTSTART:19700101T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY"
	var many []string
	for n := range maxRecurring {
		many = append(many, fmt.Sprintf(daily, n))
	}
	begin := time.Now()
	_, err := Read(calendar(many...), time.UTC, at(t, "2026-03-01T00:00Z"), at(t, "2027-03-01T00:00Z"))
	if err == nil || !strings.Contains(err.Error(), "too many events") {
		t.Errorf("73,000 occurrences: %v", err)
	}
	if _, err = Read(calendar(append(many, fmt.Sprintf(daily, 1000))...), time.UTC, 0, plantroom.Instant(1)); err == nil || !strings.Contains(err.Error(), "too many recurring events") {
		t.Errorf("a rule too many: %v", err)
	}
	t.Logf("in %s", time.Since(begin))
}

func FuzzRead(f *testing.F) {
	for _, e := range []string{"UID:1\nDTSTART:20260302T080000Z\nDTEND:20260302T090000Z\nSUMMARY:a\\,b", "DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=-1MO;BYSETPOS=1\nEXDATE:20270101",
		"UID:2\nRECURRENCE-ID:20260303T080000Z\nSTATUS:CANCELLED", "DTSTART;TZID=\"Europe/Berlin\":20260329T023000\nDURATION:P1W2DT3H4M5S\nRDATE:20260401T000000Z"} {
		f.Add(calendar(e))
	}
	from, to := plantroom.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), plantroom.At(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := Read(src, berlin, from, to)
		if err != nil {
			var faults Faults
			if got != nil || !errors.As(err, &faults) || len(faults) == 0 || len(faults) > maxFaults {
				t.Fatalf("%v, %v", got, err)
			}
			return
		}
		if len(got) > MaxEvents {
			t.Fatalf("%d occurrences", len(got))
		}
		for _, o := range got {
			if o.End <= o.Start || o.End <= from || o.Start >= to {
				t.Fatalf("%+v lies outside of what was asked for", o)
			}
		}
	})
}
