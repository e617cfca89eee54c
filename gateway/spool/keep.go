package spool

import (
	"errors"
	"time"
)

const (
	// keepEvery is how often the keeper looks at the disk: space that comes
	// back is seen so soon.
	keepEvery = time.Second
	// packAfter is how long a segment waits before it is packed. While the
	// services keep up it is gone by then.
	packAfter = 30 * time.Second
	// sparePart is the part of a segment that has to be spare before it is
	// written again without.
	sparePart = 16
	// keepPause is how long the keeper leaves a failing disk alone.
	keepPause = 5 * time.Second
)

// keepLoop is the keeper: it looks at the room now and then, and makes some.
func (s *Spool) keepLoop() {
	defer close(s.kept)
	t := time.NewTicker(keepEvery)
	defer t.Stop()
	var again time.Time // not before then after a failure
	for {
		select {
		case <-s.quit:
			return
		case <-s.pressed:
		case <-t.C:
		}
		short := s.look()
		now := time.Now()
		if s.opt.unkept || now.Before(again) {
			continue
		}
		for s.makeRoom(now, short) {
			short = s.look()
		}
		if s.Stats().Room != nil {
			again = now.Add(keepPause)
		}
	}
}

// press makes the keeper look at once.
func (s *Spool) press() {
	select {
	case s.pressed <- struct{}{}:
	default: // it will look anyway
	}
}

// makeRoom writes one segment again, and reports whether there may be more to
// do.
func (s *Spool) makeRoom(now time.Time, short bool) bool {
	seg, drop := s.choose(now, short)
	if seg == nil || s.ending() {
		return false
	}
	err := s.rewrite(seg, drop)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, errDamaged):
		seg.left, err = true, nil
	case errors.Is(err, errLarger):
		seg.packed, err = true, nil // as good as
	case errors.Is(err, errTrimmed), errors.Is(err, ErrClosed):
		err = nil
	}
	if err != nil && s.stats.Room == nil {
		s.opt.Logger.Error("a segment cannot be written again to make room", "segment", seg.name, "err", err)
	}
	s.stats.Room = nil
	if err != nil {
		s.stats.Room = s.fault("make room in spool", err)
	}
	return err == nil
}

// choose picks the segment to write again: the oldest that is not packed; if
// room is short and all are, the oldest of which enough can be dropped. nil:
// none. The newest is never touched; where it alone is in the way, the committer
// is asked to begin another one.
func (s *Spool) choose(now time.Time, short bool) (seg *segment, drop bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sealed := s.segs[:len(s.segs)-1]
	for _, seg := range sealed {
		if !seg.packed && !seg.left && seg.next > seg.first && (short || now.Sub(seg.since) >= packAfter) {
			return seg, false
		}
	}
	for _, seg := range sealed {
		if short && !seg.left && seg.spare > 0 && seg.spare >= seg.load.bytes/sparePart {
			return seg, true
		}
	}
	// One large group can have made the newest as large as the spool may be: then
	// nothing more comes that would seal it.
	if newest := s.segs[len(s.segs)-1]; short && newest.spare > 0 && newest.end >= s.opt.SegmentBytes {
		s.turn = true
		s.signal()
	}
	return nil, false
}
