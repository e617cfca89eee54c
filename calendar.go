package plantroom

import "time"

// Calendar says when the time of a window counts: while the clocks of the
// estate's zone show a time within its hours. A window without a calendar
// counts around the clock.
type Calendar struct {
	ID      CalendarID
	Name    Text
	Hours   []Hours
	Special []SpecialDay
}

// Hours is a part of some weekdays: from Start, inclusive, to End, exclusive,
// after midnight on the wall. End at or before Start means the next day; Days
// names the day of the start.
type Hours struct {
	Days  []time.Weekday // none: every day
	Start Duration       // 0 to less than 24 h
	End   Duration       // 0 to 24 h
}

// SpecialDay is a date that is unlike others of its weekday: a holiday, a day
// that is worked instead of another, a short day before a feast.
type SpecialDay struct {
	Date  Date
	Name  string
	Hours []Hours // their Days do not matter; none: nothing counts on this date
}

// Date is a day of the calendar without a zone: days since 1970-01-01.
type Date int32

// DateOf returns the day that the clocks of a zone show at an instant.
func DateOf(at Instant, zone *time.Location) Date {
	y, m, d := at.Time().In(zone).Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads a day as in 2026-01-31.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, Errorf(CodeInvalid, "%q is not a day of the calendar: write it as 2026-01-31", s)
	}
	return Date(t.Unix() / 86400), nil
}

// String gives the day as in 2026-01-31.
func (d Date) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }
