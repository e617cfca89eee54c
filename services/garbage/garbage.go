// Package garbage gives Go's collector as much room as suits how much a program
// keeps: a small one may leave a lot before it is collected, so that it collects
// seldom; a large one less than what it keeps, so that it does not need twice its
// memory.
//
// It deliberately does nothing where GOGC is set: whoever sets it knows better.
package garbage

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	room  = 32 << 20 // bytes that may be left, where the bounds below allow it
	least = 40       // percent of what lives
	most  = 400      // the same
)

// Room begins to set the collector's percentage after each collection, which is the
// whole process's, until end is called. Nobody else may set it meanwhile.
func Room() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	s := &setting{before: debug.SetGCPercent(most), percent: most}
	s.adjust()
	return s.end
}

// setting is the percentage that is in force.
type setting struct {
	before int

	mu      sync.Mutex
	percent int
	ended   bool
}

// adjust sets the percentage for what lives now, and comes again after the next
// collection, which is when a sentinel that nobody holds is found.
func (s *setting) adjust() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	if p := percent(alive()); p != s.percent {
		debug.SetGCPercent(p)
		s.percent = p
	}
	runtime.AddCleanup(&[16]byte{}, (*setting).adjust, s)
}

func (s *setting) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		debug.SetGCPercent(s.before)
	}
}

// percent is for a heap of which so many bytes live. It moves in steps, because a
// change stops the program for a moment.
func percent(live uint64) int {
	p := most
	if live > 0 {
		p = int(min(most, room*100/live))
	}
	return max(least, p-p%10)
}

// alive is how much the last collection has found to be in use; 0 before the first.
func alive() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}
