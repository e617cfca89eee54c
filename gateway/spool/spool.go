package spool

import (
	"context"
	"io"
	"path/filepath"
	"sync"
	"time"
)

// Spool is an open spool. Its methods may be called from any goroutine.
//
// One goroutine, the committer, writes to the newest segment; another, the
// keeper, writes older ones again. They are started by Open and ended by
// Close. Locks are taken in the order readMu, metaMu, mu.
type Spool struct {
	opt   Options
	lock  io.Closer
	epoch uint64
	seed  uint32 // of the frames' checksums

	metaMu   sync.Mutex
	metaFile File
	meta     meta // as it is on disk

	readMu sync.Mutex
	reader reader

	mu      sync.Mutex
	room    sync.Cond     // pending was taken, or closing was set
	arrived chan struct{} // capacity 1: the committer should look
	changed chan struct{} // closed and replaced when next or closing changes
	segs    []*segment    // ascending, the newest last; never empty after Open
	gaps    gapSet
	base    uint64 // oldest number that is not acknowledged
	next    uint64 // next number; all below is durable or lost
	bytes   int64  // size of the segments' files
	flight  int64  // what the group being written may add to bytes
	pending group  // waiting records
	turn    bool   // the committer should begin another segment
	closing bool
	stats   Stats

	free      int64 // of the disk, as of the last look and what was written since
	freeKnown bool
	high      bool          // room is short
	refusing  error         // why the newest record was refused
	pressed   chan struct{} // capacity 1: the keeper should look
	quit      chan struct{} // closed: the keeper should end
	kept      chan struct{} // closed: it has

	// The committer's own; Close takes them over when it has ended.
	active    File   // the newest segment's file; nil after a failure
	reserved  uint64 // the durable limit: numbers below may be used
	current   group
	taken     time.Time // when current was
	paced     bool      // the next group has time
	out       []byte
	retryAt   time.Time // not before then another segment is tried
	lastFault error     // why there is no active segment
	ended     chan struct{}
	closeOnce sync.Once
	closeErr  error
}

// Open opens the spool in a directory, or makes a new one, and heals what a
// crash or a damaged disk has left behind; Recovery says what that was. It
// reads and checks every record once.
//
// It fails with CodeConflict where another process has the spool open, with
// CodeInvalid where Options are wrong or the files are of a later version,
// and with CodeUnavailable where the disk fails. Damage never makes it fail.
func Open(o Options) (*Spool, Recovery, error) {
	o, err := o.check()
	if err != nil {
		return nil, Recovery{}, err
	}
	s := &Spool{
		opt:     o,
		arrived: make(chan struct{}, 1),
		changed: make(chan struct{}),
		ended:   make(chan struct{}),
		pressed: make(chan struct{}, 1),
		quit:    make(chan struct{}),
		kept:    make(chan struct{}),
	}
	s.room.L = &s.mu
	rec, err := s.recover()
	if err != nil {
		s.release()
		return nil, rec, err
	}
	rec.log(o.Logger, o.Dir)
	s.look()
	go s.commitLoop()
	go s.keepLoop()
	return s, rec, nil
}

// Close stores the records that are waiting, notes that the spool was closed
// properly, and gives its directory free. All callbacks of Submit have
// returned before it does. Closing again does nothing.
func (s *Spool) Close() error {
	s.closeOnce.Do(func() {
		s.mu.Lock()
		s.closing = true
		s.room.Broadcast()
		s.mu.Unlock()
		s.signal()
		<-s.ended
		close(s.quit)
		<-s.kept
		s.closeErr = s.shut()
	})
	return s.closeErr
}

// shut runs after the committer has ended.
func (s *Spool) shut() error {
	s.readMu.Lock()
	defer s.readMu.Unlock()
	s.reader.close()
	err := s.writeMeta(func(m *meta) { m.clean, m.limit = true, s.next })
	s.release()
	s.mu.Lock()
	s.announce()
	s.mu.Unlock()
	return err
}

// release closes what is open, the lock last. The files' content is durable
// or given up by now, so that a failing close loses nothing.
func (s *Spool) release() {
	for _, c := range []io.Closer{s.active, s.metaFile, s.lock} {
		if c != nil {
			_ = c.Close()
		}
	}
}

func (s *Spool) path(name string) string { return filepath.Join(s.opt.Dir, name) }

// Epoch returns the random number under which this spool's sequence numbers
// are unique. It changes only when the directory is new or has lost so much
// that the numbers in use are not known any more.
func (s *Spool) Epoch() uint64 { return s.epoch }

// Base returns the oldest sequence number that the spool still keeps; it
// equals Next when it keeps nothing. Numbers in a gap are never Base.
func (s *Spool) Base() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return min(s.gaps.skip(s.base), s.next)
}

// Next returns the sequence number that the next accepted record will get.
// Every record below it is durable.
func (s *Spool) Next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

// Wait returns when Next is above from: then Read(from, …) finds something.
// It returns ctx's error, or ErrClosed once the spool is closing.
func (s *Spool) Wait(ctx context.Context, from uint64) error {
	for {
		s.mu.Lock()
		next, closing, changed := s.next, s.closing, s.changed
		s.mu.Unlock()
		switch {
		case next > from:
			return nil
		case closing:
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// announce wakes those who Wait. The caller holds s.mu.
func (s *Spool) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// signal makes the committer look at what is pending.
func (s *Spool) signal() {
	select {
	case s.arrived <- struct{}{}:
	default: // it will look anyway
	}
}
