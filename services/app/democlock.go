package app

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// DemoClock makes a demonstration's time run faster than the world's: it
// stands at Virtual until it is really Began, and runs at Speed from then on.
// Processes that are given the same one agree on the time, also after a
// restart.
type DemoClock struct {
	Began   plantroom.Instant
	Virtual plantroom.Instant
	Speed   float64
}

// MaxDemoSpeed is the fastest that a demonstration may run: beyond it, the
// server's quarter of a second between two looks at the orders is a minute.
const MaxDemoSpeed = 240

// minDemoSpeed is the slowest: beyond it, Real would leave what an Instant
// holds.
const minDemoSpeed = 0.01

// ParseDemoClock reads the form of String: "began,virtual,speed".
func ParseDemoClock(s string) (DemoClock, error) {
	var c DemoClock
	f := strings.Split(s, ",")
	if len(f) != 3 {
		return c, plantroom.Errorf(plantroom.CodeInvalid, "demo clock %q is not began,virtual,speed", s)
	}
	for n, at := range []*plantroom.Instant{&c.Began, &c.Virtual} {
		err := at.UnmarshalText([]byte(f[n]))
		if err == nil && at.IsZero() {
			err = errors.New("it is not set")
		}
		if err != nil {
			return DemoClock{}, plantroom.Errorf(plantroom.CodeInvalid, "demo clock: %s: %w", []string{"began", "virtual"}[n], err)
		}
	}
	var err error
	if c.Speed, err = strconv.ParseFloat(f[2], 64); err != nil || !(c.Speed >= minDemoSpeed && c.Speed <= MaxDemoSpeed) {
		return DemoClock{}, plantroom.Errorf(plantroom.CodeInvalid, "demo clock: speed %q is not a number from %g to %d", f[2], minDemoSpeed, MaxDemoSpeed)
	}
	return c, nil
}

// String writes the clock for another process.
func (c DemoClock) String() string { return fmt.Sprintf("%s,%s,%g", c.Began, c.Virtual, c.Speed) }

// Now returns the virtual time.
func (c DemoClock) Now() plantroom.Instant { return c.At(plantroom.At(time.Now())) }

// At returns the virtual time at a real moment.
func (c DemoClock) At(real plantroom.Instant) plantroom.Instant {
	return c.Virtual.Add(time.Duration(float64(max(real-c.Began, 0)) * c.Speed))
}

// Real returns the real moment of a virtual time.
func (c DemoClock) Real(virtual plantroom.Instant) plantroom.Instant {
	return c.Began.Add(time.Duration(float64(virtual-c.Virtual) / c.Speed))
}
