package device

import (
	"context"
	"iter"
	"time"
)

// Turns plays a loop that waits, such as one that watches a pin, in virtual
// time: the loop runs until it waits, and goes on when its time has come. It
// runs in a coroutine, so that either it runs or whoever moves the time.
type Turns struct {
	now    time.Time
	wake   time.Time // when the loop goes on
	next   func() (time.Time, bool)
	stop   func()
	wait   func(until time.Time) // for the loop: nil once it has been stopped
	cancel context.CancelFunc
}

// NewTurns makes a loop that begins at a time. It has to return soon after its
// context has ended.
func NewTurns(now time.Time, loop func(context.Context, *Turns)) *Turns {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Turns{now: now, wake: now, cancel: cancel}
	t.next, t.stop = iter.Pull(func(yield func(time.Time) bool) {
		t.wait = func(until time.Time) {
			if !yield(until) {
				t.wait = nil
				cancel()
			}
		}
		loop(ctx, t)
	})
	return t
}

// Now is the loop's time.
func (t *Turns) Now() time.Time { return t.now }

// Sleep is for the loop: it waits for a time, or the end of ctx.
func (t *Turns) Sleep(ctx context.Context, d time.Duration) {
	if ctx.Err() == nil && t.wait != nil {
		t.wait(t.now.Add(d))
	}
}

// Wake has the loop go on at a time, where it would wait for longer.
func (t *Turns) Wake(at time.Time) {
	if at.Before(t.wake) {
		t.wake = at
	}
}

// Until lets the loop's time pass up to and including a moment.
func (t *Turns) Until(end time.Time) {
	for !t.wake.After(end) {
		if t.wake.After(t.now) {
			t.now = t.wake
		}
		wake, more := t.next()
		if !more {
			return
		}
		t.wake = wake
	}
	if end.After(t.now) {
		t.now = end
	}
}

// Stop ends the loop.
func (t *Turns) Stop() {
	t.cancel()
	t.stop()
}
