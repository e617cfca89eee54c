package source

import "time"

const (
	// backlogPause is how long the broker has to have nothing for us until
	// what it kept counts as delivered. Unverified.
	backlogPause = time.Second
	// backlogAtMost is when it counts as delivered whatever comes: on a busy
	// site there is no pause. A gateway takes some hundred thousand messages
	// in that time, which is more than brokers keep by default.
	backlogAtMost = 5 * time.Minute
)

// backlog tells the messages that the broker kept while nobody was there to
// hear them from those that devices send now. MQTT 3.1.1 does not say which is
// which, but a broker gives the kept ones first, as fast as they are taken.
type backlog struct {
	over  bool
	begun time.Time // when the connection was up; zero: it is not yet, and what comes was kept
	idle  time.Time // since when everything that came is acknowledged
}

// connected notes that the connection is up, and whether the broker had kept
// our session: without one it has kept no messages.
func (b *backlog) connected(now time.Time, kept bool) {
	b.begun, b.over = now, !kept
	if b.idle.IsZero() {
		b.idle = now
	}
}

// holds reports whether a message that comes now was kept. pending: others are
// not acknowledged, so the broker may be waiting for us.
func (b *backlog) holds(now time.Time, pending bool) bool {
	if b.begun.IsZero() {
		return true
	}
	pause := !pending && now.Sub(b.idle) > backlogPause
	b.over = b.over || pause || now.Sub(b.begun) > backlogAtMost
	return !b.over
}
