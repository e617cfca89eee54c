package icalendar

import (
	"cmp"
	"slices"
	"time"
)

// dates calls yield for the days of a rule, in order, from that of its first
// occurrence to last (inclusive), until yield says false. Each period is looked
// at once, so the work is bounded by the days in between.
func (r *rule) dates(first, last time.Time, yield func(time.Time) bool) {
	left := r.count
	for n := 0; ; n++ {
		begin, set := r.period(first, n)
		if begin.After(last) {
			return
		}
		for _, d := range r.positions(set) {
			if d.Before(first) {
				continue
			}
			if d.After(last) || !yield(d) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// period returns the begin of the n-th period, and the days of it that the rule
// means, in order.
func (r *rule) period(first time.Time, n int) (time.Time, []time.Time) {
	n *= r.interval
	switch r.freq {
	case "DAILY":
		d := first.AddDate(0, 0, n)
		return d, r.limited([]time.Time{d})
	case "WEEKLY":
		back := (int(first.Weekday()) - int(r.start) + 7) % 7
		begin := first.AddDate(0, 0, 7*n-back)
		var set []time.Time
		for i := range 7 {
			d := begin.AddDate(0, 0, i)
			if len(r.byDay) > 0 || d.Weekday() == first.Weekday() {
				set = append(set, d)
			}
		}
		return begin, r.limited(set)
	case "MONTHLY":
		begin := time.Date(first.Year(), first.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		if !r.inMonth(begin) {
			return begin, nil
		}
		return begin, r.month(begin, first.Day())
	}
	begin := time.Date(first.Year()+n, 1, 1, 0, 0, 0, 0, time.UTC)
	return begin, r.year(begin, first)
}

// limited leaves out what the parts of a daily or weekly rule leave out.
func (r *rule) limited(set []time.Time) []time.Time {
	return slices.DeleteFunc(set, func(d time.Time) bool {
		return !r.inMonth(d) || len(r.byDate) > 0 && !r.onDate(d) || len(r.byDay) > 0 && !r.onDay(d, d, d)
	})
}

// month returns the days of a month; without BYDAY and BYMONTHDAY that with the
// number of the first occurrence, where there is one.
func (r *rule) month(begin time.Time, number int) []time.Time {
	var set []time.Time
	end := begin.AddDate(0, 1, -1)
	for d := begin; !d.After(end); d = d.AddDate(0, 0, 1) {
		switch {
		case len(r.byDate) == 0 && len(r.byDay) == 0 && d.Day() != number:
		case len(r.byDate) > 0 && !r.onDate(d):
		case len(r.byDay) > 0 && !r.onDay(d, begin, end):
		default:
			set = append(set, d)
		}
	}
	return set
}

// year returns the days of a year.
func (r *rule) year(begin, first time.Time) []time.Time {
	var set []time.Time
	end := begin.AddDate(1, 0, -1)
	if len(r.byMonth) == 0 && len(r.byDate) == 0 && len(r.byDay) > 0 { // numbers count within the year
		for d := begin; !d.After(end); d = d.AddDate(0, 0, 1) {
			if r.onDay(d, begin, end) {
				set = append(set, d)
			}
		}
		return set
	}
	for m := begin; !m.After(end); m = m.AddDate(0, 1, 0) {
		switch {
		case !r.inMonth(m):
		case len(r.byMonth) == 0 && len(r.byDate) == 0 && m.Month() != first.Month():
		default:
			set = append(set, r.month(m, first.Day())...)
		}
	}
	return set
}

func (r *rule) inMonth(d time.Time) bool {
	return len(r.byMonth) == 0 || slices.Contains(r.byMonth, int(d.Month()))
}

func (r *rule) onDate(d time.Time) bool {
	length := time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return slices.Contains(r.byDate, d.Day()) || slices.Contains(r.byDate, d.Day()-length-1)
}

// onDay reports whether a day is among BYDAY, whose numbers count from begin
// and back from end.
func (r *rule) onDay(d, begin, end time.Time) bool {
	nth := int(d.Sub(begin)/day)/7 + 1
	back := -(int(end.Sub(d)/day)/7 + 1)
	return slices.ContainsFunc(r.byDay, func(w weekdayNum) bool {
		return w.day == d.Weekday() && (w.n == 0 || w.n == nth || w.n == back)
	})
}

// positions picks from a period's days what BYSETPOS names.
func (r *rule) positions(set []time.Time) []time.Time {
	if len(r.bySetPos) == 0 {
		return set
	}
	var out []time.Time
	for i, d := range set {
		if slices.Contains(r.bySetPos, i+1) || slices.Contains(r.bySetPos, i-len(set)) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b time.Time) int { return cmp.Compare(a.Unix(), b.Unix()) })
	return out
}
