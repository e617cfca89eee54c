package spool

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// restartPause is how long the committer leaves a failing disk alone before
// it tries to begin another segment.
const restartPause = time.Second

const (
	// pace is how far groups are apart while records come steadily. At a
	// hundred a second, groups after each linger would wake the disk, the
	// acknowledgements and the uplink for two or three records.
	// It is less than the sources gather messages for: whatever they bring at
	// once then waits for no more than the linger.
	pace = 100 * time.Millisecond
	// steady is how many records within a pace are too many for that: a broker
	// that sends no more than 20 messages ahead (mosquitto's default) would wait
	// for us. It must be below 20, or such a one would look steady for ever.
	steady = 18
)

// commitLoop is the committer: group after group until Close.
func (s *Spool) commitLoop() {
	defer close(s.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for s.gather(timer) {
		first, err := s.store(&s.current)
		s.settle(err)
		for _, it := range s.current.items {
			it.done(first, err)
			if err == nil {
				first += uint64(it.records)
			}
		}
		s.current.reset()
	}
}

// gather waits for records, lingers for more, and makes what is pending the
// current group. It returns false when the spool closes and nothing is left.
func (s *Spool) gather(timer *time.Timer) bool {
	for {
		s.mu.Lock()
		n, wait := len(s.pending.lengths), time.Duration(0)
		if n > 0 {
			wait = s.patience(time.Now())
		}
		if s.closing || n >= s.opt.MaxGroup || n > 0 && wait <= 0 {
			s.pending, s.current = s.current, s.pending
			s.flight = s.current.size()
			s.take(time.Now())
			s.room.Broadcast()
			s.mu.Unlock()
			return n > 0
		}
		turn := s.turn
		s.turn = false
		s.mu.Unlock()
		if turn {
			_ = s.restart() // the keeper asks again
			continue
		}
		if n == 0 {
			<-s.arrived
			continue
		}
		timer.Reset(wait)
		select {
		case <-s.arrived:
		case <-timer.C:
		}
	}
}

// patience is how long the records that wait may still wait for others. The
// caller holds s.mu.
func (s *Spool) patience(now time.Time) time.Duration {
	wait := s.opt.Linger - now.Sub(s.pending.since)
	if s.paced && s.opt.Linger > 0 {
		wait = max(wait, pace-now.Sub(s.taken))
	}
	return wait
}

// take notes when the current group was, and whether the next has time: it was
// of several callers, who were neither many nor fast.
func (s *Spool) take(now time.Time) {
	n := time.Duration(len(s.current.items))
	s.paced = n > 1 && n*pace < steady*now.Sub(s.taken)
	s.taken = now
}

// settle counts a group that has been stored or has failed.
func (s *Spool) settle(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = 0
	s.stats.Groups++
	if n := uint64(len(s.current.lengths)); err == nil {
		s.stats.Stored += n
		s.stats.Fault = nil
		return
	} else {
		s.stats.Failed += n
	}
	if s.stats.Fault == nil {
		s.opt.Logger.Error("records are refused", "err", err)
	}
	s.stats.Fault = err
}

// store makes a group durable and returns its first sequence number. After
// an error nothing of the group is acknowledged, and its numbers are free.
func (s *Spool) store(g *group) (first uint64, err error) {
	if err := s.prepare(g); err != nil {
		return 0, err
	}
	seg := s.newest()
	s.out = s.out[:0]
	index, payload, loaded := seg.index, g.payload, seg.load
	for i, n := range g.lengths {
		seq := seg.next + uint64(i)
		index = note(index, seq, seg.end+int64(len(s.out)))
		s.out = appendFrame(s.out, s.seed, g.tags[i], seq, payload[:n])
		loaded.add(frame{length: n, tag: g.tags[i]}.load(nil))
		payload = payload[n:]
	}
	if _, err := s.active.WriteAt(s.out, seg.end); err != nil {
		s.undo(seg, err)
		return 0, s.fault("write to spool", err)
	}
	if err := s.active.Sync(); err != nil {
		s.seal(seg, err)
		return 0, s.fault("sync spool", err)
	}
	return s.publish(seg, index, loaded, len(g.lengths)), nil
}

// publish makes the records just synced visible.
func (s *Spool) publish(seg *segment, index []mark, loaded load, records int) (first uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first = seg.next
	seg.index, seg.load = index, loaded
	seg.next += uint64(records)
	seg.end += int64(len(s.out))
	s.bytes += seg.end - seg.size
	s.free -= seg.end - seg.size
	seg.size = seg.end
	s.next = seg.next
	s.announce()
	return first
}

// prepare sees to it that there is a segment with room for the group, and
// that its numbers are reserved.
func (s *Spool) prepare(g *group) error {
	seg := s.newest()
	full := seg.next > seg.first && seg.end+g.size() > s.opt.SegmentBytes
	if s.active == nil || full {
		if err := s.restart(); err != nil {
			return err
		}
		seg = s.newest()
	}
	if last := s.next + uint64(len(g.lengths)); last > s.reserved {
		return s.reserve(seg.first, last+reserveStep)
	}
	return nil
}

// reserve makes it durable that the numbers below limit may be in use, and
// that the newest segment begins with tail.
func (s *Spool) reserve(tail, limit uint64) error {
	err := s.writeMeta(func(m *meta) { m.clean, m.tail, m.limit = false, tail, limit })
	if err == nil {
		s.reserved = limit
	}
	return err
}

// newest returns the segment that is written to.
func (s *Spool) newest() *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.segs[len(s.segs)-1]
}

// undo takes back a failed write. Where the disk was full the segment can be
// used again; after any other error it is sealed.
func (s *Spool) undo(seg *segment, err error) {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		if s.active.Truncate(seg.end) == nil {
			return
		}
	}
	s.seal(seg, err)
}

// seal gives up a segment after a failed write or sync. What was durable in
// it stays; what was not is overruled by the next segment's first number.
func (s *Spool) seal(seg *segment, why error) {
	s.opt.Logger.Error("segment sealed after an error of the disk", "segment", seg.name, "err", why)
	size, err := s.active.Size()
	if err != nil {
		size = seg.end + int64(len(s.out))
	}
	_ = s.active.Close() // its content is durable or given up
	s.active = nil
	s.mu.Lock()
	s.stats.Sealed++
	s.bytes += size - seg.size
	seg.size = size
	s.mu.Unlock()
	if err := s.restart(); err != nil {
		s.opt.Logger.Error("no new segment could be begun", "err", err)
	}
}

// restart begins a new segment, at most once in restartPause while that
// fails.
func (s *Spool) restart() error {
	if now := time.Now(); s.lastFault != nil {
		if now.Before(s.retryAt) {
			return s.lastFault
		}
	}
	s.lastFault = s.begin()
	s.retryAt = time.Now().Add(restartPause)
	return s.lastFault
}

// begin starts the segment whose first number is s.next. The one before it is
// given up first, whatever comes: as soon as a file with that first number
// may exist, it overrules what would still be written to the older one.
func (s *Spool) begin() error {
	if s.active != nil {
		_ = s.active.Close() // synced with its last group
		s.active = nil
	}
	f, err := s.createSegment(s.next)
	if err != nil {
		return err
	}
	if err := s.reserve(s.next, s.next+reserveStep); err != nil {
		_ = f.Close()
		return err
	}
	s.active = f
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adopt(&segment{name: segmentName(s.next), first: s.next, next: s.next, end: segmentHeader, size: segmentHeader, since: time.Now()})
	return nil
}

// adopt makes seg the newest segment. An older one of the same name held
// nothing durable and has been overwritten. The caller holds s.mu.
func (s *Spool) adopt(seg *segment) {
	if n := len(s.segs); n > 0 && s.segs[n-1].name == seg.name {
		s.bytes -= s.segs[n-1].size
		s.segs = s.segs[:n-1]
	}
	s.segs = append(s.segs, seg)
	s.bytes += seg.size
}

// createSegment makes an empty, durable segment.
func (s *Spool) createSegment(first uint64) (File, error) {
	name := s.path(segmentName(first))
	f, err := s.opt.FS.Create(name)
	if err != nil {
		return nil, s.fault("create segment", err)
	}
	head := segmentHead{formatVersion, s.epoch, first}.encode()
	_, err = f.WriteAt(head, 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = s.opt.FS.SyncDir(s.opt.Dir)
	}
	if err != nil {
		_ = f.Close() // it holds nothing; the next attempt overwrites it
		return nil, s.fault("create segment", err)
	}
	return f, nil
}

// lose notes that records are gone and returns what was not known before.
func (s *Spool) lose(g gap) []gap {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.first = max(g.first, s.base)
	if g.first > g.last {
		return nil
	}
	fresh := s.gaps.add(g)
	for _, g := range fresh {
		s.stats.Lost += g.last - g.first + 1
		s.opt.Logger.Error("records are lost", "first", g.first, "last", g.last, "reason", fmt.Sprint(g.cause))
	}
	return fresh
}
