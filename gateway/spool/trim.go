package spool

import (
	"errors"
	"io/fs"
)

// Trim says that every record up to and including upTo is stored at the far
// end and need not be kept. Numbers that are not in use yet are ignored, and
// so is an upTo below an earlier one.
//
// Space comes back a segment at a time. Between segments the trim is noted
// only in memory: after a crash the spool may offer trimmed records again. An
// error (CodeUnavailable) means that a segment could not be removed; the next
// Trim tries again.
func (s *Spool) Trim(upTo uint64) error {
	s.readMu.Lock()
	defer s.readMu.Unlock()
	removable, err := s.advance(upTo)
	if err != nil || len(removable) == 0 {
		return err
	}
	// The base has to be durable first: a segment that is missing above it
	// counts as lost.
	if err := s.writeMeta(func(*meta) {}); err != nil {
		return err
	}
	for _, seg := range removable {
		s.reader.leave(seg)
		if err := s.opt.FS.Remove(s.path(seg.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.fault("remove segment", err)
		}
		s.mu.Lock()
		s.segs = s.segs[1:]
		s.bytes -= seg.size
		s.free += seg.size
		s.refusing = nil
		s.mu.Unlock()
	}
	if err := s.opt.FS.SyncDir(s.opt.Dir); err != nil {
		return s.fault("remove segment", err)
	}
	return nil
}

// advance moves the base and returns the segments that lie below it.
func (s *Spool) advance(upTo uint64) (removable []*segment, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, ErrClosed
	}
	if upTo >= s.next {
		upTo = s.next - 1
	}
	s.base = max(s.base, upTo+1)
	s.gaps.drop(s.base)
	for i, seg := range s.segs[:len(s.segs)-1] {
		if s.segs[i+1].first > s.base {
			break
		}
		removable = append(removable, seg)
	}
	return removable, nil
}
