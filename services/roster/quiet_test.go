package roster

import (
	"testing"
	"time"

	"plantroom"
)

func TestQuietHoursEndWhenTheWallSaysSo(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	night := []plantroom.Hours{{Start: hm(22, 0), End: hm(6, 0)}}
	parts := []plantroom.Hours{{Start: hm(22, 0), End: hm(24, 0)}, {Start: 0, End: hm(6, 0)}}
	weekend := append([]plantroom.Hours{{Days: []time.Weekday{time.Saturday, time.Sunday}, Start: 0, End: 0}}, night...)
	for name, c := range map[string]struct {
		hours    []plantroom.Hours
		at, want string
	}{
		"before":                       {night, "2026-03-03T21:59+01:00", ""},
		"at their start":               {night, "2026-03-03T22:00+01:00", "2026-03-04T06:00+01:00"},
		"after midnight":               {night, "2026-03-04T03:00+01:00", "2026-03-04T06:00+01:00"},
		"at their end":                 {night, "2026-03-04T06:00+01:00", ""},
		"in two parts":                 {parts, "2026-03-03T23:00+01:00", "2026-03-04T06:00+01:00"},
		"with the weekend behind them": {weekend, "2026-03-06T23:00+01:00", "2026-03-09T06:00+01:00"},
		"when clocks go forward":       {night, "2026-03-28T23:00+01:00", "2026-03-29T06:00+02:00"},
		"when clocks go back":          {night, "2026-10-24T23:00+02:00", "2026-10-25T06:00+01:00"},
		"that never end":               {[]plantroom.Hours{{Start: 0, End: 0}}, "2026-03-03T12:00+01:00", ""},
		"of nobody":                    {nil, "2026-03-03T23:00+01:00", ""},
	} {
		var want plantroom.Instant
		if c.want != "" {
			want = instant(t, c.want)
		}
		if got := QuietUntil(c.hours, berlin, instant(t, c.at)); got != want {
			t.Errorf("quiet hours %s: until %v, want %v", name, got, want)
		}
	}
}
