package broker

import (
	"sync"
	"time"
)

// Bounds of what is retained.
const (
	maxRetained      = 2000    // topics
	maxRetainedBytes = 4 << 20 // topics and payloads
)

// retained counts the retained messages.
type retained struct {
	mu    sync.Mutex
	size  map[string]int // bytes, by topic
	bytes int
}

// keep reports whether a message may be retained; one without payload removes
// what was.
func (t *retained) keep(topic string, payload int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, there := t.size[topic]
	is := len(topic) + payload
	switch {
	case payload == 0:
		delete(t.size, topic)
		t.bytes -= was
		return true
	case !there && len(t.size) >= maxRetained, t.bytes-was+is > maxRetainedBytes:
		return false
	case t.size == nil:
		t.size = map[string]int{}
	}
	t.size[topic] = is
	t.bytes += is - was
	return true
}

// loudness keeps clients from filling the log.
type loudness struct {
	mu    sync.Mutex
	kinds map[string]*noise
}

type noise struct {
	last time.Time
	left int // not said since
}

const (
	loudPause = 10 * time.Second
	maxKinds  = 1000 // more than an account and a reason can make in the pause
)

// allow reports whether something of a kind may be said, and how much of it
// was left out before.
func (l *loudness) allow(kind string, now time.Time) (left int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds == nil || len(l.kinds) >= maxKinds {
		l.kinds = map[string]*noise{}
	}
	n := l.kinds[kind]
	if n == nil {
		l.kinds[kind] = &noise{last: now}
		return 0, true
	}
	if now.Sub(n.last) < loudPause {
		n.left++
		return 0, false
	}
	left, n.left, n.last = n.left, 0, now
	return left, true
}
