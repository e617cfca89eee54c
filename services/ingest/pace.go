package ingest

import (
	"errors"
	"math/rand/v2"
	"time"

	"plantroom"
)

// backoff spaces the attempts at something that fails. The zero backoff means
// that it works.
type backoff struct {
	wait time.Duration
	next plantroom.Instant // no attempt before
}

// fail doubles the wait, from least to most, and sets the next attempt
// somewhere in its second half.
func (b *backoff) fail(now plantroom.Instant, least, most time.Duration) {
	b.wait = min(max(2*b.wait, least), most)
	b.next = now.Add(b.wait/2 + rand.N(b.wait/2))
}

// heed puts the next attempt off where the time-series database asked for it,
// or will need a person before it takes anything.
func (b *backoff) heed(now plantroom.Instant, err error) {
	var e *plantroom.SendError
	if !errors.As(err, &e) {
		return
	}
	wait := min(e.After, longestHeed)
	if e.Permanent {
		wait = max(wait, deniedBackoff)
	}
	b.next = max(b.next, now.Add(wait))
}

// linger decides how long points wait for company before they are written:
// about as long as it takes for a full load to come, at the rate of late.
type linger struct {
	least, most time.Duration
	since       plantroom.Instant // when the oldest point came; zero: the queue is empty
	taken       plantroom.Instant // when a load was last taken
	rate        float64           // points a second
}

// watch notes when the queue begins to hold something.
func (l *linger) watch(now plantroom.Instant, chunks int) {
	if chunks > 0 && l.since.IsZero() {
		l.since = now
	}
}

// due is when a queue of so many points is to be written.
func (l *linger) due(points int) plantroom.Instant {
	if points >= fullLoad {
		return l.since
	}
	wait := l.most
	if l.rate*l.most.Seconds() > fullLoad {
		wait = max(l.least, time.Duration(fullLoad/l.rate*float64(time.Second)))
	}
	return l.since.Add(wait)
}

// took notes that points were taken, and whether chunks are left.
func (l *linger) took(now plantroom.Instant, points, chunks int) {
	if dt := now.Sub(l.taken).Seconds(); dt > 0 {
		l.rate += 0.3 * (float64(points)/dt - l.rate)
	}
	l.taken, l.since = now, 0
	l.watch(now, chunks)
}
