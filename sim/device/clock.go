package device

import "time"

// Clock is the time on one line. It moves when somebody waits, and not
// otherwise.
type Clock struct{ now time.Time }

// NewClock makes a Clock that stands at a time.
func NewClock(at time.Time) *Clock { return &Clock{at} }

// Now is where the clock stands.
func (c *Clock) Now() time.Time { return c.now }

// Sleep moves the clock on.
func (c *Clock) Sleep(d time.Duration) { c.now = c.now.Add(max(d, 0)) }
