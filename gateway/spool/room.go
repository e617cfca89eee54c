package spool

import "math"

// Level says how much room is left.
type Level string

// The levels.
const (
	LevelOK   Level = "ok"
	LevelHigh Level = "high" // nine tenths are used, or the disk is near its reserve: spare records are dropped
	LevelFull Level = "full" // records are refused
)

// room is what a spool may take, in bytes.
type room struct {
	used, max     int64
	free, reserve int64 // of the disk; free is MaxInt64 where it does not count
}

// short reports whether room is short. Where it was, it is so until there is
// clearly more than when it became so, or it would come and go with each trim.
func (r room) short(was bool) bool {
	if was {
		return r.used > r.max/100*85 || r.free < times(r.reserve, 3)
	}
	return r.used > r.max/100*90 || r.free < times(r.reserve, 2)
}

// times multiplies without an overflow.
func times(n, by int64) int64 {
	if n > math.MaxInt64/by {
		return math.MaxInt64
	}
	return n * by
}

// admit says whether cost more bytes may be taken. The caller holds s.mu.
func (s *Spool) admit(cost int64) error {
	r := s.space(s.flight + s.pending.size() + cost)
	if !s.high && r.short(false) {
		s.press()
	}
	switch {
	case r.used > r.max:
		return ErrFull
	case r.free < r.reserve:
		return ErrReserve
	}
	return nil
}

// space works out what there is once waiting more bytes are written. The
// caller holds s.mu.
func (s *Spool) space(waiting int64) room {
	r := room{used: s.bytes + waiting, max: s.opt.MaxBytes, free: math.MaxInt64, reserve: s.opt.Reserve}
	if s.freeKnown && s.opt.Reserve > 0 {
		r.free = s.free - waiting
	}
	return r
}

// level sums up. The caller holds s.mu.
func (s *Spool) level() Level {
	switch {
	case s.refusing != nil:
		return LevelFull
	case s.high:
		return LevelHigh
	}
	return LevelOK
}

// look asks the disk how much is free, and judges the room anew. It reports
// whether room is short.
func (s *Spool) look() bool {
	free, err := s.opt.FS.Free(s.opt.Dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free, s.freeKnown = min(free, 1<<60), err == nil // far from an overflow
	r := s.space(s.flight + s.pending.size())
	if high := r.short(s.high); high != s.high {
		s.high = high
		s.opt.Logger.Warn("the room for readings", "short", high, "bytes", r.used, "max", r.max, "disk_free", free, "reserve", r.reserve)
	}
	if s.refusing == ErrReserve && r.free >= r.reserve+r.reserve/4 { // nobody may try for long
		s.refusing = nil
	}
	return s.high
}
