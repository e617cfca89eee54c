package sensor

import (
	"context"
	"math/rand/v2"
	"time"

	"plantroom"
)

// Sink takes samples. from names the pin or bus for messages to people.
type Sink func(from string, samples ...plantroom.Sample)

// Clock tells the time in tests and in virtual time; nil is time.Now.
type Clock func() time.Time

// Sleep waits for a time or the end of ctx; in virtual time by whoever owns
// that. nil is the machine's.
type Sleep func(ctx context.Context, d time.Duration)

const (
	defaultHeartbeat = time.Minute
	defaultPoll      = time.Second
	stuck            = "bus_stuck" // the signal for a device that does not answer
)

// breaker decides when a device that does not answer is tried again, so that
// it does not hold up the others on its bus.
type breaker struct {
	failed int       // in a row
	until  time.Time // no try before
}

const (
	breakAfter  = 3 // failures in a row
	firstPause  = 5 * time.Second
	longestWait = time.Minute
)

// closed reports whether the device may be tried.
func (b *breaker) closed(now time.Time) bool { return !now.Before(b.until) }

// fail notes a failure, and reports whether it opens the breaker for the
// first time since the device worked.
func (b *breaker) fail(now time.Time) bool {
	b.failed++
	if b.failed < breakAfter {
		return false
	}
	pause := longestWait
	if n := b.failed - breakAfter; n < 4 {
		pause = firstPause << n
	}
	b.until = now.Add(pause + rand.N(pause/10)) // devices that failed together are not tried together
	return b.failed == breakAfter
}

// ok notes a success.
func (b *breaker) ok() { *b = breaker{} }
