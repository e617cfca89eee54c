package icalendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

// someRule draws a rule that this package takes.
func someRule(rt *rapid.T) string {
	freq := rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(rt, "freq")
	parts := []string{"FREQ=" + freq}
	maybe := func(name string, values *rapid.Generator[string]) {
		if rapid.IntRange(0, 2).Draw(rt, name+"?") == 0 {
			parts = append(parts, name+"="+strings.Join(rapid.SliceOfNDistinct(values, 1, 3, rapid.ID[string]).Draw(rt, name), ","))
		}
	}
	num := func(least, most int) *rapid.Generator[string] {
		return rapid.Map(rapid.IntRange(least, most).Filter(func(n int) bool { return n != 0 }), func(n int) string { return fmt.Sprint(n) })
	}
	days := rapid.SampledFrom(weekdayNames)
	if freq == "MONTHLY" || freq == "YEARLY" {
		if rapid.Bool().Draw(rt, "numbered") { // the library takes a list of both for what fits both
			plain := days
			days = rapid.Custom(func(t *rapid.T) string {
				n := rapid.SampledFrom([]int{-4, -3, -2, -1, 1, 2, 3, 4}).Draw(t, "nth")
				return fmt.Sprint(n, plain.Draw(t, "day"))
			})
		}
	}
	maybe("INTERVAL", rapid.SampledFrom([]string{"1", "2", "3", "5"}))
	parts = slices.DeleteFunc(parts, func(p string) bool { return strings.Contains(p, "INTERVAL") && strings.Contains(p, ",") })
	maybe("BYDAY", days)
	maybe("BYMONTH", num(1, 12))
	if freq != "WEEKLY" {
		maybe("BYMONTHDAY", num(-31, 31))
	}
	maybe("BYSETPOS", num(-3, 3))
	if rapid.Bool().Draw(rt, "week") {
		parts = append(parts, "WKST="+rapid.SampledFrom(weekdayNames).Draw(rt, "wkst"))
	}
	if rapid.Bool().Draw(rt, "bounded") {
		parts = append(parts, "COUNT="+fmt.Sprint(rapid.IntRange(1, 20).Draw(rt, "count")))
	}
	return strings.Join(parts, ";")
}

// TestRulesAgreeWithRruleGo holds our days against those of a library that
// others use. It is no part of the product: it runs to the year 9999 for a rule
// that never comes true, and does not survive BYDAY=9MO.
func TestRulesAgreeWithRruleGo(t *testing.T) {
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.ReplaceAll(someRule(rt), " ", "")
		r, err := parseRule(text)
		if err != nil {
			rt.Skip("not taken: " + err.Error())
		}
		start := first.AddDate(0, 0, rapid.IntRange(0, 800).Draw(rt, "start"))
		last := start.AddDate(3, 0, 0)
		option, err := rrule.StrToROption(text)
		if err != nil {
			rt.Fatal(err)
		}
		option.Dtstart = start
		library, err := rrule.NewRRule(*option)
		if err != nil {
			rt.Skip("the library does not take it: " + err.Error())
		}
		want := library.Between(start, last, true)
		var got []time.Time
		r.dates(start, last, func(d time.Time) bool { got = append(got, d); return true })
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			rt.Fatalf("%s from %s: got %d days, the first of %v; want %d, of %v", text, start.Format(time.DateOnly), len(got), got[:min(3, len(got))], len(want), want[:min(3, len(want))])
		}
	})
}

// Programs read it in two ways: a week may begin before the rule does.
func TestAPositionWithinAWeekIsRefused(t *testing.T) {
	if _, err := parseRule("FREQ=WEEKLY;BYDAY=SU,MO;BYSETPOS=1"); err == nil || !strings.Contains(err.Error(), "BYSETPOS") {
		t.Errorf("the error is %v", err)
	}
}
