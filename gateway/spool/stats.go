package spool

import "plantroom"

// Stats is what a spool has done since Open, and holds now.
type Stats struct {
	Records  uint64 // kept: from Base to Next; gaps, and what was dropped from segments that lie beyond Base, not counted
	Bytes    int64  // of the segment files
	MaxBytes int64  // the limit of Bytes
	Segments int

	Stored  uint64 // records made durable
	Groups  uint64 // tries to store a group, failed ones included
	Refused uint64 // records refused with ErrFull or ErrReserve
	Failed  uint64 // records refused because the disk failed
	Sealed  uint64 // segments given up after an error of the disk
	Lost    uint64 // numbers found missing, at Open or since
	Dropped uint64 // records dropped to make room
	Packed  uint64 // times that a segment was written again, smaller

	Full    bool  // the newest record was refused for want of room, and nothing has changed since
	Refusal error // why: ErrFull or ErrReserve
	Level   Level
	Free    int64 // of the disk; negative: not known
	Reserve int64 // of Free, which is left to others

	Fault error // why the last group failed; nil: it was stored
	Room  error // why the last try to write a segment again failed; nil: it did not
}

// Stats returns the present numbers.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Bytes, st.MaxBytes, st.Segments = s.bytes, s.opt.MaxBytes, len(s.segs)
	st.Full, st.Refusal, st.Level, st.Free, st.Reserve = s.refusing != nil, s.refusing, s.level(), s.free, s.opt.Reserve
	if !s.freeKnown {
		st.Free = -1
	}
	st.Records = s.next - s.base
	for _, seg := range s.segs {
		if seg.first >= s.base { // of the one in which the base lies it is not known which are behind it
			st.Records -= min(seg.dropped, st.Records)
		}
	}
	for _, g := range s.gaps.gaps {
		if first, end := max(g.first, s.base), min(g.last+1, s.next); first < end {
			st.Records -= min(end-first, st.Records) // a gap may hold dropped ones
		}
	}
	return st
}

// Gaps returns the runs of numbers from Base on whose records are lost, in
// order. A gap stays until everything up to its end has been trimmed.
func (s *Spool) Gaps() []plantroom.Gap {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gaps []plantroom.Gap
	for _, g := range s.gaps.gaps {
		gaps = append(gaps, g.public())
	}
	return gaps
}
