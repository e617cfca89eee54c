package spool

import (
	"errors"
	"slices"
)

var (
	errDamaged = errors.New("spool: a segment with damage is not written again")
	errLarger  = errors.New("spool: the segment would not become smaller")
	errTrimmed = errors.New("spool: the segment was acknowledged meanwhile")
)

// rewrite writes a sealed segment again, in blocks, and without its spare
// records if drop is set. The new file is durable before it takes the place of
// the old one, so at any time one of the two is whole.
func (s *Spool) rewrite(seg *segment, drop bool) error {
	p := &packer{seed: s.seed}
	name := s.path(seg.name + freshSuffix)
	to, err := s.opt.FS.Create(name)
	if err != nil {
		return err
	}
	dropped, err := s.copyTo(p, to, seg, drop)
	err = errors.Join(err, to.Close())
	if err == nil && !drop && p.off > seg.size/10*9 {
		err = errLarger
	}
	if err == nil {
		err = s.exchange(seg, p, name, dropped)
	}
	if err != nil {
		_ = s.opt.FS.Remove(name) // where it is in place already there is none
	}
	return err
}

// copyTo writes seg's records into an empty file and syncs it.
func (s *Spool) copyTo(p *packer, to File, seg *segment, drop bool) (dropped uint64, err error) {
	from, err := s.opt.FS.Open(s.path(seg.name))
	if err != nil {
		return 0, err
	}
	defer from.Close() // it is only read
	p.begin(to, s.epoch, seg.first)
	defer p.end()
	var w walker
	w.begin(from, s.seed, mark{seg.first, segmentHeader})
	w.sc.end, w.sc.read = seg.end, readWhole
	for want := seg.first; want < seg.next; {
		e, ok, err := w.peek()
		switch {
		case err != nil:
			return 0, err
		case !ok || e.seq != want:
			return 0, errDamaged
		case s.ending():
			return 0, ErrClosed
		}
		e.n = min(e.n, seg.next-want)
		if e.spare && drop {
			e = entry{seq: e.seq, n: 1, dropped: true}
			dropped++
		}
		if err := p.add(e); err != nil {
			return 0, err
		}
		want += e.n
		w.skip(e.n)
	}
	return dropped, p.finish()
}

// ending reports whether the keeper should end.
func (s *Spool) ending() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// exchange puts the new file in the place of the old one. A segment that was
// trimmed meanwhile stays away.
func (s *Spool) exchange(seg *segment, p *packer, name string, dropped uint64) error {
	s.readMu.Lock()
	defer s.readMu.Unlock()
	if !s.holds(seg) {
		return errTrimmed
	}
	if err := s.opt.FS.Rename(name, s.path(seg.name)); err != nil {
		return err
	}
	s.reader.leave(seg)
	s.mu.Lock()
	s.bytes += p.off - seg.size
	s.free -= p.off - seg.size
	seg.size, seg.end, seg.index = p.off, p.off, p.index
	seg.load, seg.packed = p.total, true
	s.stats.Packed++
	s.stats.Dropped += dropped
	s.refusing = nil
	s.mu.Unlock()
	// Where this fails the old file may come back with a power cut. Nothing is
	// lost then: it has more in it, not less.
	return s.opt.FS.SyncDir(s.opt.Dir)
}

func (s *Spool) holds(seg *segment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.segs, seg)
}
