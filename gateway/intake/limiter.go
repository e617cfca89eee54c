package intake

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"plantroom"
)

// maxSources bounds what strangers can make the limiter remember. Beyond it,
// new sources share one place until the old ones are a pace old.
const maxSources = 10_000

// limiter lets one event per source and pace pass. It is safe for concurrent
// use, and never waits.
type limiter struct {
	pace time.Duration

	mu      sync.Mutex
	sources map[string]*quota
	swept   plantroom.Instant
}

type quota struct {
	last plantroom.Instant // when one passed
	left uint64            // held back since then
}

// maxKey bounds what one of them takes, in bytes: sources that differ only
// behind it share a place.
const maxKey = 256

func key(source string) string {
	if len(source) > maxKey {
		return strings.Clone(source[:maxKey])
	}
	return source
}

// allow reports whether an event may pass, and how many before it did not.
func (l *limiter) allow(source string, now plantroom.Instant) (ok bool, left uint64) {
	source = key(source)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sources == nil {
		l.sources = map[string]*quota{}
	}
	q := l.sources[source]
	if q == nil {
		if len(l.sources) >= maxSources {
			l.sweep(now)
		}
		if len(l.sources) >= maxSources {
			source = ""
		}
		if q = l.sources[source]; q == nil {
			l.sources[source] = &quota{last: now}
			return true, 0
		}
	}
	if d := now.Sub(q.last); d >= 0 && d < l.pace { // a clock that was set back must not silence a source
		q.left++
		return false, 0
	}
	left = q.left
	q.last, q.left = now, 0
	return true, left
}

// giveBack takes back that an event has passed: it was not kept, so the next
// one may pass. left is what allow said.
func (l *limiter) giveBack(source string, left uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.sources[key(source)]
	if q == nil {
		q = l.sources[""]
	}
	if q != nil {
		q.last, q.left = q.last.Add(-l.pace), q.left+left
	}
}

// sweep forgets sources that have been quiet for a pace, at most once per pace.
// The caller holds mu.
func (l *limiter) sweep(now plantroom.Instant) {
	if d := now.Sub(l.swept); d >= 0 && d < l.pace {
		return
	}
	l.swept = now
	for s, q := range l.sources {
		if d := now.Sub(q.last); d < 0 || d >= l.pace {
			delete(l.sources, s)
		}
	}
}

// counted puts the number of events held back first, where no bound on the
// length of a reason cuts it off.
func counted(reason string, left uint64) string {
	return fmt.Sprintf("(and %d before it) %s", left, reason)
}
