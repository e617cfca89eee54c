package load

import (
	"sort"

	"plantroom/firmware-bridge/wire"
)

// Sender decides which batch a gateway sends next: a window of batches that
// are not judged, and again from where the services ask for it. It is a pure
// state machine for one goroutine.
type Sender struct {
	Epoch   uint64
	Window  int // batches that may be on their way
	Batches []Batch

	// Resent counts batches that the services asked for again.
	Resent int

	next   int // the batch to send next
	ack    wire.Ack
	replay uint64 // up to here records count by Stored, because they were asked for again
}

// Next gives the batch to send now; false: wait for an acknowledgement.
func (s *Sender) Next() (Batch, bool) {
	if s.next >= len(s.Batches) || s.flight() >= s.Window {
		return Batch{}, false
	}
	s.next++
	return s.Batches[s.next-1], true
}

// Take takes an acknowledgement; those of other epochs are somebody else's.
func (s *Sender) Take(a wire.Ack) {
	if a.Epoch != s.Epoch {
		return
	}
	fresh := s.replay == 0 || s.flight() == 0
	s.ack = a
	if a.Rewind && fresh {
		s.replay = a.Seen
		back := s.place(a.Stored)
		s.Resent += max(0, s.next-back)
		s.next = back
	}
	if a.Stored >= s.replay {
		s.replay = 0
	}
}

// Done reports whether everything is stored.
func (s *Sender) Done() bool {
	return len(s.Batches) == 0 || s.ack.Stored >= s.Batches[len(s.Batches)-1].Last
}

// flight is how many batches are on their way.
func (s *Sender) flight() int {
	settled := s.ack.Seen
	if s.ack.Stored < s.replay {
		settled = s.ack.Stored
	}
	return max(0, s.next-s.place(settled))
}

// place is the index of the first batch that has a record behind seq.
func (s *Sender) place(seq uint64) int {
	return sort.Search(len(s.Batches), func(i int) bool { return s.Batches[i].Last > seq })
}
