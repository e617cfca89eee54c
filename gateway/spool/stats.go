package spool

import "plantroom"

// Stats is what a spool has done since Open, and holds now.
type Stats struct {
	Records  uint64 // kept: from Base to Next, gaps not counted
	Bytes    int64  // of the segment files
	MaxBytes int64  // the limit of Bytes
	Segments int

	Stored  uint64 // records made durable
	Groups  uint64 // tries to store a group, failed ones included
	Refused uint64 // records refused with ErrFull
	Failed  uint64 // records refused because the disk failed
	Sealed  uint64 // segments given up after an error of the disk
	Lost    uint64 // numbers found missing, at Open or since

	Full  bool  // the newest record was refused with ErrFull, and nothing was removed since
	Fault error // why the last group failed; nil: it was stored
}

// Stats returns the present numbers.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Bytes, st.MaxBytes, st.Segments = s.bytes, s.opt.MaxBytes, len(s.segs)
	st.Records = s.next - s.base
	for _, g := range s.gaps.gaps {
		if first, end := max(g.first, s.base), min(g.last+1, s.next); first < end {
			st.Records -= end - first
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
