package app

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plantroom/gateway/spool"
)

// What makes the service manager end the gateway, and what does not.
func TestTheWatchdogBarksAtWhatARestartCures(t *testing.T) {
	const patience = time.Minute
	for name, c := range map[string]struct {
		pulse func(n uint64) spool.Pulse // the nth look
		turns bool                       // the main loop does
		want  string
	}{
		"at rest":                           {func(uint64) spool.Pulse { return spool.Pulse{Groups: 7} }, true, ""},
		"busy":                              {func(n uint64) spool.Pulse { return spool.Pulse{Groups: n, Waiting: true} }, true, ""},
		"a disk that hangs for hours":       {func(uint64) spool.Pulse { return spool.Pulse{Groups: 7, Waiting: true, Writing: true} }, true, ""},
		"a disk that fails again and again": {func(n uint64) spool.Pulse { return spool.Pulse{Groups: 2 * n, Waiting: n%2 == 0} }, true, ""},
		"a committer that takes nothing":    {func(uint64) spool.Pulse { return spool.Pulse{Groups: 7, Waiting: true} }, true, "committer"},
		"a lock that is not given back":     {nil, true, "lock"},
		"a main loop that does not turn":    {func(uint64) spool.Pulse { return spool.Pulse{} }, false, "main loop"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun, n := time.Now(), uint64(0)
				free := make(chan struct{})
				defer close(free)
				d := dog{patience: patience, turn: func() time.Time {
					if c.turns {
						return time.Now()
					}
					return begun
				}, pulse: func() spool.Pulse {
					n++
					if c.pulse == nil {
						<-free
						return spool.Pulse{}
					}
					return c.pulse(n)
				}}
				said := ""
				for time.Since(begun) < 3*time.Hour && said == "" {
					synctest.Wait() // the last look's answer is there
					said = d.look(time.Now())
					time.Sleep(patience / 4)
				}
				if (said == "") != (c.want == "") || !strings.Contains(said, c.want) {
					t.Errorf("it says %q after %s, want %q", said, time.Since(begun), c.want)
				}
				if took := time.Since(begun); c.want != "" && (took < patience/2 || took > 2*patience) {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// A gateway without a battery for its clock starts in 1970 and is set by years.
func TestAReloadHasItsTimeAndTheWallClockIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &App{begun: time.Now()}
		a.turns(0)
		time.Sleep(time.Minute)
		if late := time.Since(a.turn()); late != time.Minute {
			t.Errorf("the loop seems to have turned %s ago", late)
		}
		a.turns(maxReload)
		time.Sleep(maxReload)
		if late := time.Since(a.turn()); late != 0 {
			t.Errorf("a reload of %s is late by %s", maxReload, late)
		}
	})
}
