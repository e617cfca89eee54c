package sla

import (
	"testing"
	"time"

	"plantroom"
)

func TestAStricterWindowBindsWhereItEndsFirst(t *testing.T) {
	clock := func(length time.Duration, running bool) plantroom.Clock {
		c := plantroom.Clock{Kind: plantroom.Restore, State: plantroom.ClockWaiting, Window: plantroom.Duration(length)}
		if running {
			Start(&c, t0, nil)
		}
		return c
	}
	late := clock(time.Minute, true)
	Stop(&late, t0.Add(time.Hour))
	for name, c := range map[string]struct {
		old, next plantroom.Clock
		want      time.Duration // of the window that binds then
	}{
		"it ends sooner":                    {clock(time.Hour, true), clock(time.Minute, true), time.Minute},
		"it ends later":                     {clock(time.Minute, true), clock(time.Hour, true), time.Minute},
		"the old one has ended":             {late, clock(time.Second, true), time.Minute},
		"the new one waits for its start":   {clock(time.Hour, true), clock(time.Minute, false), time.Hour},
		"the old one waits for its start":   {clock(time.Minute, false), clock(time.Hour, true), time.Hour},
		"both wait, and the new is shorter": {clock(time.Hour, false), clock(time.Minute, false), time.Minute},
	} {
		got := Tighten([]plantroom.Clock{c.old}, c.next)
		if len(got) != 1 || got[0].Window != plantroom.Duration(c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := Tighten(nil, clock(time.Hour, true)); len(got) != 1 {
		t.Errorf("a kind that was not there before: %+v", got)
	}
}
