package icalendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rule is a recurrence: RFC 5545 section 3.3.10.
type rule struct {
	freq     string // DAILY, WEEKLY, MONTHLY, YEARLY
	interval int
	count    int    // 0: no bound
	until    string // "": no bound
	byDay    []weekdayNum
	byMonth  []int
	byDate   []int // days of a month; -1 is the last
	bySetPos []int
	start    time.Weekday // of a week
}

// weekdayNum is a weekday, or the n-th of a month or year; negative ones count
// from the end.
type weekdayNum struct {
	n   int
	day time.Weekday
}

var weekdayNames = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// parseRule reads a rule. What it does not take is named, since a part that is
// left out would mean other days.
func parseRule(s string) (rule, error) {
	r := rule{interval: 1, start: time.Monday}
	if len(s) > maxRuleLength {
		return r, fmt.Errorf("it has %d bytes", len(s))
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.ToUpper(s), ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" || seen[name] {
			return r, fmt.Errorf("%q is no part of a rule, or stands twice", clip(part))
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return r, err
		}
	}
	return r, r.check()
}

func (r *rule) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		if !slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, value) {
			err = fmt.Errorf("FREQ=%s is not taken", clip(value))
		}
		r.freq = value
	case "INTERVAL":
		r.interval, err = number(name, value, 1, 1000)
	case "COUNT":
		r.count, err = number(name, value, 1, 100_000)
	case "UNTIL":
		r.until = value
	case "WKST":
		i := slices.Index(weekdayNames, value)
		if i < 0 {
			err = fmt.Errorf("WKST=%s is no weekday", clip(value))
		}
		r.start = time.Weekday(max(0, i))
	case "BYMONTH":
		r.byMonth, err = numbers(name, value, 1, 12, false)
	case "BYMONTHDAY":
		r.byDate, err = numbers(name, value, 1, 31, true)
	case "BYSETPOS":
		r.bySetPos, err = numbers(name, value, 1, 366, true)
	case "BYDAY":
		r.byDay, err = weekdayNums(value)
	default:
		err = fmt.Errorf("%s is not taken", clip(name))
	}
	return err
}

// check refuses what the RFC forbids, and the one form whose meaning it leaves
// in doubt.
func (r *rule) check() error {
	numbered := slices.ContainsFunc(r.byDay, func(d weekdayNum) bool { return d.n != 0 })
	switch {
	case r.freq == "":
		return fmt.Errorf("FREQ is missing")
	case r.count > 0 && r.until != "":
		return fmt.Errorf("it has both COUNT and UNTIL")
	case numbered && (r.freq == "DAILY" || r.freq == "WEEKLY"):
		return fmt.Errorf("BYDAY with a number goes with FREQ=MONTHLY and FREQ=YEARLY")
	case numbered && r.freq == "YEARLY" && len(r.byMonth) == 0 && len(r.byDate) > 0:
		return fmt.Errorf("BYDAY with a number does not go with BYMONTHDAY alone")
	case len(r.byDate) > 0 && r.freq == "WEEKLY":
		return fmt.Errorf("BYMONTHDAY does not go with FREQ=WEEKLY")
	case len(r.bySetPos) > 0 && r.freq == "WEEKLY":
		// Programs disagree whether the days of the first week that lie before the
		// beginning count.
		return fmt.Errorf("BYSETPOS does not go with FREQ=WEEKLY")
	case len(r.bySetPos) > 0 && len(r.byDay)+len(r.byDate)+len(r.byMonth) == 0:
		return fmt.Errorf("BYSETPOS wants another BY… beside it")
	}
	return nil
}

func number(name, s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return least, fmt.Errorf("%s=%s is not %d to %d", name, clip(s), least, most)
	}
	return n, nil
}

func numbers(name, s string, least, most int, negative bool) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(part)
		size := n
		if negative {
			size = max(n, -n)
		}
		if err != nil || size < least || size > most || len(out) == maxRuleEntries {
			return nil, fmt.Errorf("%s=%s is not %d to %d", name, clip(s), least, most)
		}
		out = append(out, n)
	}
	return out, nil
}

func weekdayNums(s string) ([]weekdayNum, error) {
	var out []weekdayNum
	for part := range strings.SplitSeq(s, ",") {
		cut := max(0, len(part)-2)
		d := slices.Index(weekdayNames, part[cut:])
		n, err := 0, error(nil)
		if cut > 0 {
			n, err = strconv.Atoi(part[:cut])
		}
		if d < 0 || err != nil || n < -53 || n > 53 || cut > 0 && n == 0 || len(out) == maxRuleEntries {
			return nil, fmt.Errorf("BYDAY=%s is no list of weekdays", clip(s))
		}
		out = append(out, weekdayNum{n, time.Weekday(d)})
	}
	return out, nil
}
