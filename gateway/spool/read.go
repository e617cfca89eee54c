package spool

import (
	"errors"
	"io/fs"
	"time"

	"plantroom"
)

// reader is the place where the last Read ended, so that the next one goes on
// from there.
type reader struct {
	seg  *segment
	file File
	walk walker

	failed uint64 // the number from which the last Read could not read; 0: it could
}

func (r *reader) close() {
	if r.file != nil {
		_ = r.file.Close() // it was only read
	}
	r.seg, r.file = nil, nil
}

// leave closes the reader's file if it is seg's.
func (r *reader) leave(seg *segment) {
	if r.seg == seg {
		r.close()
	}
}

// Read returns up to maxRecs durable records of together up to maxBytes
// payload bytes, with consecutive numbers that begin with first; one record
// is returned even where it alone is longer than maxBytes. The records are
// the caller's to keep.
//
// first is from wherever that record is there. It is above from where from
// was trimmed, or lies in a gap (see Gaps): the numbers between are not
// coming. A Read never goes across a gap. No records and no error mean that
// there is nothing from from on yet; see Wait.
//
// After an error (CodeUnavailable) the caller should wait a moment and try
// again. What cannot be read the second time either is lost, and so is a
// segment whose file is not there any more. Such a loss is noted on disk before
// Read goes on behind it; where that fails the whole disk may be away, and
// nothing is given up.
func (s *Spool) Read(from uint64, maxRecs, maxBytes int) (first uint64, recs [][]byte, err error) {
	s.readMu.Lock()
	defer s.readMu.Unlock()
	for {
		part, err := s.locate(from)
		if err != nil || part.seg == nil {
			return part.from, nil, err
		}
		again := s.reader.failed == part.from
		first, recs, err := s.readPart(part, again, maxRecs, maxBytes)
		missing := errors.Is(err, fs.ErrNotExist)
		if err != nil && len(recs) == 0 && !again && !missing {
			s.reader.failed = part.from
			return part.from, nil, s.fault("read spool", err)
		}
		if len(recs) == 0 {
			if maxRecs <= 0 {
				return part.from, nil, nil
			}
			first = part.next
		}
		g := gap{part.from, first - 1, plantroom.At(time.Now()), causeDamage}
		if missing {
			g.cause = causeMissing
		}
		if err := s.giveUp(g, again || missing); err != nil {
			return part.from, nil, err
		}
		s.reader.failed = 0
		if len(recs) > 0 {
			return first, recs, nil
		}
		from = part.next
	}
}

// giveUp notes that Read did not find records; nothing where the gap is empty.
// Damage that was read need not be noted on disk: whoever reads it again finds
// it again.
func (s *Spool) giveUp(g gap, durably bool) error {
	if g.first > g.last {
		return nil
	}
	if durably {
		err := s.writeMeta(func(m *meta) {
			known := gapSet{m.gaps}
			known.add(g)
			m.gaps = known.gaps
		})
		if err != nil {
			return err
		}
	}
	s.lose(g)
	return nil
}

// part is the piece of a segment that a Read looks at.
type part struct {
	seg  *segment // nil: there is nothing yet
	from uint64
	next uint64 // numbers from here on are not in the segment, or not yet
	end  int64
	at   mark // where to begin
}

// locate finds the segment that holds from, or what follows it.
func (s *Spool) locate(from uint64) (part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return part{from: from}, ErrClosed
	}
	from = s.gaps.skip(max(from, s.base))
	if from >= s.next {
		return part{from: from}, nil
	}
	i := len(s.segs) - 1
	for i > 0 && s.segs[i].first > from {
		i--
	}
	seg := s.segs[i]
	return part{seg, from, min(seg.next, s.next), seg.end, seg.find(from)}, nil
}

// firstArena is the memory for the first records of a Read, in bytes; more
// comes in doubled pieces. While the services keep up a Read returns a dozen
// records, ten times a second.
const firstArena = 4 << 10

// readPart collects consecutive records of one segment. again: what cannot be
// read is left out.
func (s *Spool) readPart(p part, again bool, maxRecs, maxBytes int) (first uint64, recs [][]byte, err error) {
	if err := s.point(p); err != nil {
		return 0, nil, err
	}
	w := &s.reader.walk
	w.sc.read = readWhole
	if again {
		w.sc.read = readWhatIs
	}
	var arena []byte
	size := firstArena / 2
	for total := 0; len(recs) < maxRecs; w.skip(1) {
		e, ok, err := w.peek()
		switch {
		case err != nil:
			s.reader.close()
			return first, recs, err
		case !ok || e.seq >= p.next:
			return first, recs, nil
		case e.seq < p.from:
			continue
		}
		payload := e.payload
		if e.dropped {
			payload = s.opt.Dropped
		}
		switch {
		case len(recs) == 0:
			first = e.seq
		case e.seq != first+uint64(len(recs)) || total+len(payload) > maxBytes:
			return first, recs, nil
		}
		if cap(arena)-len(arena) < len(payload) {
			size = min(2*size, window, max(maxBytes-total, 0))
			arena = make([]byte, 0, max(len(payload), size))
		}
		at := len(arena)
		arena = append(arena, payload...)
		recs = append(recs, arena[at:len(arena):len(arena)])
		total += len(payload)
	}
	return first, recs, nil
}

// point puts the reader on p.at, or leaves it where it is, if that is nearer.
func (s *Spool) point(p part) error {
	r := &s.reader
	if r.seg != p.seg {
		r.close()
		f, err := s.opt.FS.Open(s.path(p.seg.name))
		if err != nil {
			return err
		}
		r.seg, r.file = p.seg, f
		r.walk.begin(f, s.seed, p.at)
	}
	r.walk.sc.end = p.end
	if r.walk.seq > p.from || r.walk.seq < p.at.seq {
		r.walk.seek(p.at)
	}
	return nil
}
