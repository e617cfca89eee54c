package app

import (
	"context"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/clock"
)

// startClock makes the gateway's clock and keeps looking at the system's.
func (a *App) startClock(undo *cleanUp) {
	o := a.cfg.Clock.Options()
	o.Dir, o.Kernel, o.Logger = a.cfg.Spool.Dir, a.o.Kernel, a.log
	a.clock = clock.Open(o, a.spool)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.clock.Run(ctx)
	}()
	undo.add(func() {
		cancel()
		<-ended
		if err := a.clock.Close(); err != nil {
			a.log.Error("the time could not be noted", "error", err)
		}
	})
}

// placed gives samples of a wired sensor, which knows the system's clock alone,
// their times on the gateway's.
func (a *App) placed(samples []plantroom.Sample) []plantroom.Sample {
	for i := range samples {
		samples[i].At = a.clock.Place(samples[i].At)
	}
	return samples
}

// ClockHealth is how far the gateway's clock can be believed.
type ClockHealth struct {
	State     clock.State       `json:"state"` // set; held: continued since nobody keeps the system's clock right; unset
	Since     plantroom.Instant `json:"since,omitzero"`
	Now       plantroom.Instant `json:"now"` // a guess while it is not set
	Waiting   bool              `json:"readings_wait"`
	Steps     uint64            `json:"steps"`
	Corrected uint64            `json:"corrected"`
	Estimated uint64            `json:"estimated"`
	Fault     string            `json:"fault,omitempty"`
}

func clockHealth(s clock.Stats, waiting bool) ClockHealth {
	return ClockHealth{State: s.State, Since: s.Since, Now: s.Now, Waiting: waiting && s.State == clock.None,
		Steps: s.Steps, Corrected: s.Corrected, Estimated: s.Estimated, Fault: s.Fault}
}

// clockWord is a clock's state as the services are told.
func clockWord(s clock.State) wire.ClockState {
	switch s {
	case clock.Set:
		return wire.ClockSet
	case clock.Held:
		return wire.ClockHeld
	}
	return wire.ClockUnset
}

// problems says what is wrong with the clock.
func (c *ClockHealth) problems() (out []string) {
	if c.State == clock.None {
		out = append(out, "the clock is not set, and taken for "+c.Now.String()+": readings wait for it or get an estimated time; does NTP reach a server?")
	}
	if c.Fault != "" {
		out = append(out, "what is known of the time cannot be noted: "+c.Fault)
	}
	return out
}
