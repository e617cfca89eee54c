package spool

import (
	"context"
	"time"
)

// maxPending is how many bytes of records may wait for the committer before
// callers are held back.
const maxPending = 4 << 20

// group is the records that one sync makes durable.
type group struct {
	payload []byte // back to back
	lengths []int  // of the payloads
	tags    []tag  // of the records
	items   []item
	since   time.Time // when the first of them arrived
}

// item is what one call has put into a group.
type item struct {
	records int
	done    func(first uint64, err error)
}

// size is what the group takes on disk, in bytes.
func (g *group) size() int64 { return int64(len(g.payload)) + int64(len(g.lengths))*frameHeader }

func (g *group) add(done func(uint64, error), t tag, recs ...[]byte) {
	for _, r := range recs {
		g.payload = append(g.payload, r...)
		g.lengths = append(g.lengths, len(r))
		g.tags = append(g.tags, t)
	}
	g.items = append(g.items, item{len(recs), done})
}

// reset empties the group and keeps its memory.
func (g *group) reset() {
	clear(g.items)
	g.payload, g.lengths, g.tags, g.items = g.payload[:0], g.lengths[:0], g.tags[:0], g.items[:0]
}

// Submit hands over one record of 1 to MaxRecord bytes; it is copied. done is
// called once, after the sync that made the record durable, with its sequence
// number, or with an error if the record was not stored. The committer calls
// done, in order of sequence numbers; done must be quick and must not call
// Submit, Append or Close.
//
// An error of Submit itself means that done will not be called: ErrFull,
// ErrReserve, ErrClosed, CodeInvalid or CodeTooLarge. While more than 4 MiB wait for the
// disk, Submit waits too.
func (s *Spool) Submit(rec []byte, done func(seq uint64, err error)) error {
	return s.enqueue(done, tagKept, rec)
}

// SubmitSpare is Submit for a record that may be dropped, the oldest first,
// once room is short. Read then gives Dropped in its place.
func (s *Spool) SubmitSpare(rec []byte, done func(seq uint64, err error)) error {
	return s.enqueue(done, tagSpare, rec)
}

// Append stores records under consecutive sequence numbers, all or none, and
// returns the first of these after the sync. When ctx ends early the records
// may still be stored. Errors are those of Submit and of the disk
// (CodeUnavailable).
func (s *Spool) Append(ctx context.Context, recs ...[]byte) (first uint64, err error) {
	if len(recs) == 0 {
		return s.Next(), nil
	}
	type result struct {
		first uint64
		err   error
	}
	stored := make(chan result, 1)
	if err := s.enqueue(func(first uint64, err error) { stored <- result{first, err} }, tagKept, recs...); err != nil {
		return 0, err
	}
	select {
	case r := <-stored:
		return r.first, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *Spool) enqueue(done func(uint64, error), t tag, recs ...[]byte) error {
	cost := int64(0)
	for _, r := range recs {
		if len(r) < 1 || len(r) > MaxRecord {
			return tooLong(len(r))
		}
		cost += frameHeader + int64(len(r))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pending.payload) >= maxPending && !s.closing {
		s.room.Wait()
	}
	if s.closing {
		return ErrClosed
	}
	if err := s.admit(cost); err != nil {
		s.stats.Refused += uint64(len(recs))
		s.refusing = err
		return err
	}
	s.refusing = nil
	before := len(s.pending.lengths)
	if before == 0 {
		s.pending.since = time.Now()
	}
	s.pending.add(done, t, recs...)
	if after := len(s.pending.lengths); before == 0 || before < s.opt.MaxGroup && after >= s.opt.MaxGroup {
		s.signal()
	}
	return nil
}
