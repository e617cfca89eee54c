package uplink

import (
	"time"

	"plantroom/firmware-bridge/wire"
)

// window decides what may be sent and what has to be sent again. It is a pure
// state machine: time is an argument, and sending is the caller's.
//
// Between a connection or a timeout and the next acknowledgement it probes:
// one batch only. So nothing is poured into a broker behind which nobody
// listens, and a gateway that has restarted learns what it need not repeat.
type window struct {
	limit   int           // batches under way
	timeout time.Duration // without an acknowledgement until a batch is sent again

	next    uint64 // the first sequence number to send
	ack     wire.Ack
	heard   bool   // ack is of this epoch and was received
	replay  uint64 // up to here records are settled by Stored: they were asked for again
	probing bool
	flight  []span // not settled, in order of sending
}

// span is a batch under way.
type span struct {
	first, last uint64
	sent        time.Time
}

// connected starts over on a new connection: what was under way may or may
// not have arrived, and is sent again from the last acknowledgement on.
func (w *window) connected() { w.back() }

// back returns to the last acknowledgement and probes.
func (w *window) back() {
	w.next = 1 // nothing is known: from the oldest record
	if w.heard {
		w.next = w.settled() + 1
	}
	w.flight = w.flight[:0]
	w.probing = true
}

// settled is the newest sequence number that need not be sent again now.
func (w *window) settled() uint64 {
	if w.ack.Stored < w.replay {
		return w.ack.Stored
	}
	return w.ack.Seen
}

// open reports whether another batch may be sent.
func (w *window) open() bool {
	if w.probing {
		return len(w.flight) == 0
	}
	return len(w.flight) < w.limit
}

// sent notes a batch of n records from first on, which is next or, where the
// spool no longer holds that, later.
func (w *window) sent(first uint64, n int, now time.Time) {
	w.next = first + uint64(n)
	w.flight = append(w.flight, span{first: first, last: w.next - 1, sent: now})
}

// receive takes an acknowledgement of our epoch.
func (w *window) receive(a wire.Ack) {
	w.ack, w.heard = a, true
	switch {
	case a.Rewind && w.fresh(a):
		w.replay = a.Seen
		w.flight = w.flight[:0]
		w.next = a.Stored + 1
	case w.probing:
		// The services may be far ahead of what a restarted gateway
		// repeats, or behind what it has sent: their word counts.
		w.flight = w.flight[:0]
		w.next = w.settled() + 1
	}
	w.probing = false
	settled := w.settled()
	if a.Stored >= w.replay {
		w.replay = 0
	}
	for len(w.flight) > 0 && w.flight[0].last <= settled {
		w.flight = w.flight[1:]
	}
}

// fresh reports whether a rewind asks for something that is not on its way
// again already: the services repeat the wish until they have what they want.
func (w *window) fresh(a wire.Ack) bool {
	switch {
	case w.replay == 0:
		return true
	case len(w.flight) == 0:
		return a.Stored+1 != w.next
	}
	return a.Stored+1 < w.flight[0].first
}

// deadline is when the oldest batch under way is given up; zero: none is.
func (w *window) deadline() time.Time {
	if len(w.flight) == 0 {
		return time.Time{}
	}
	return w.flight[0].sent.Add(w.timeout)
}

// expire gives up what is overdue, and reports whether anything was.
func (w *window) expire(now time.Time) bool {
	d := w.deadline()
	if d.IsZero() || now.Before(d) {
		return false
	}
	w.back()
	return true
}
