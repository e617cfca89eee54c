package demo

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"plantroom"
)

// tale tells lines in the order of their times. What brought a thing about is
// often heard of after it: a phone rings at once, the ledger is read now and
// then. So lines are held until nothing earlier can come.
type tale struct {
	say func(Line)

	mu   sync.Mutex
	held []Line
	over bool // what the stack does while it stops is not part of the story
}

// add takes a line; after the end it is dropped.
func (t *tale) add(l Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.held = append(t.held, l)
	}
}

// upTo tells what lies before a moment. A line that comes later still is told
// with the next, at its own time.
func (t *tale) upTo(at plantroom.Instant) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tell(func(l Line) bool { return l.At < at })
}

// end tells everything that is left.
func (t *tale) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	t.tell(func(Line) bool { return true })
}

func (t *tale) tell(due func(Line) bool) {
	slices.SortStableFunc(t.held, func(a, b Line) int { return cmp.Compare(a.At, b.At) })
	n := 0
	for n < len(t.held) && due(t.held[n]) {
		t.say(t.held[n])
		n++
	}
	t.held = slices.Delete(t.held, 0, n)
}

// commit is how long a row may take from its time to the ledger. It is
// generous, for busy disks: a row that takes longer is told out of order, not
// lost.
const commit = 2 * time.Second

// known is the estate's time up to which a ledger that is read at a moment of
// it holds everything.
func known(read plantroom.Instant, speed float64) plantroom.Instant {
	return read.Add(-time.Duration(float64(commit) * speed))
}
