package spool

import (
	"encoding/binary"
	"slices"

	"plantroom"
)

// cause says why records are missing.
type cause uint8

const (
	causeDamage  cause = iota + 1 // the bytes are there and wrong
	causeTail                     // the end of the newest segment is damaged
	causeMissing                  // a segment's file is gone
	causeClosed                   // the spool had been closed with these records in it
)

func (c cause) String() string {
	switch c {
	case causeDamage:
		return "the records are damaged on disk"
	case causeTail:
		return "the end of the newest segment is damaged; at most these numbers were in use"
	case causeMissing:
		return "a segment file is missing; at most these numbers were in use"
	case causeClosed:
		return "the records were there when the spool was closed and are not any more"
	}
	return "unknown"
}

// gap is a run of numbers, both ends included, whose records are lost.
type gap struct {
	first, last uint64
	at          plantroom.Instant // when it was found
	cause       cause
}

func (g gap) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, g.first)
	b = binary.LittleEndian.AppendUint64(b, g.last)
	b = binary.LittleEndian.AppendUint64(b, uint64(g.at))
	return append(b, byte(g.cause))
}

func parseGap(b []byte) gap {
	return gap{
		first: binary.LittleEndian.Uint64(b),
		last:  binary.LittleEndian.Uint64(b[8:]),
		at:    plantroom.Instant(binary.LittleEndian.Uint64(b[16:])),
		cause: cause(b[24]),
	}
}

func (g gap) public() plantroom.Gap {
	return plantroom.Gap{First: g.first, Last: g.last, Reason: g.cause.String(), At: g.at}
}

// gapSet is a set of gaps, ascending, which do not overlap.
type gapSet struct{ gaps []gap }

func (s *gapSet) list() []gap { return slices.Clone(s.gaps) }

// add puts in what is new of g and returns it.
func (s *gapSet) add(g gap) (fresh []gap) {
	first := g.first
	for _, old := range s.gaps {
		if old.last < first || old.first > g.last {
			continue
		}
		if first < old.first {
			fresh = append(fresh, gap{first, old.first - 1, g.at, g.cause})
		}
		first = old.last + 1
	}
	if first <= g.last {
		fresh = append(fresh, gap{first, g.last, g.at, g.cause})
	}
	s.gaps = append(s.gaps, fresh...)
	slices.SortFunc(s.gaps, func(a, b gap) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	return fresh
}

// drop forgets what lies before seq.
func (s *gapSet) drop(seq uint64) {
	s.gaps = slices.DeleteFunc(s.gaps, func(g gap) bool { return g.last < seq })
}

// skip returns seq, or the first number after the gaps in which it lies.
func (s *gapSet) skip(seq uint64) uint64 {
	for _, g := range s.gaps {
		if g.first <= seq && seq <= g.last {
			seq = g.last + 1
		}
	}
	return seq
}
