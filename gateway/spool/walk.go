package spool

import "io"

// walker gives the records of a segment one by one, whether they stand alone
// or in blocks, and runs of dropped ones.
type walker struct {
	sc  scanner
	inf inflater

	seq  uint64 // of the record that comes next, as far as it is known
	have bool   // head is that record
	head entry
	raw  []byte // entries of the open block behind head
	end  uint64 // the number after the open block
}

// begin starts at a mark of a file.
func (w *walker) begin(f io.ReaderAt, seed uint32, at mark) {
	w.sc = scanner{r: f, seed: seed, buf: w.sc.buf[:0]}
	w.seek(at)
}

// seek puts the walker on a frame boundary.
func (w *walker) seek(at mark) {
	w.sc.seek(at.off, at.seq)
	w.seq, w.have, w.raw = at.seq, false, nil
}

// peek returns the next record, or run of dropped ones, again and again until
// it is skipped; it is good until then. ok is false where there is none up to
// the scanner's end. Numbers that were jumped are those of damaged frames.
func (w *walker) peek() (e entry, ok bool, err error) {
	for !w.have {
		if len(w.raw) > 0 {
			w.unpack()
			continue
		}
		h, payload, ok, err := w.sc.next()
		if err != nil || !ok {
			return entry{}, false, err
		}
		if h.tag == tagBlock {
			if raw, numbers, ok := w.inf.open(payload); ok {
				w.raw, w.seq, w.end = raw, h.seq, h.seq+numbers
			}
			continue
		}
		w.head, w.have, w.seq = entry{seq: h.seq, n: 1, payload: payload, spare: h.tag == tagSpare}, true, h.seq
	}
	return w.head, true, nil
}

// unpack takes the next entry off the open block, or gives the rest of it up.
func (w *walker) unpack() {
	e, rest, ok := cut(w.raw)
	if !ok || e.n > w.end-w.seq {
		w.raw = nil
		return
	}
	e.seq = w.seq
	w.head, w.raw, w.have = e, rest, true
}

// skip goes on behind n numbers of what peek has returned.
func (w *walker) skip(n uint64) {
	w.seq += n
	w.head.seq, w.head.n = w.seq, w.head.n-n
	w.have = w.head.n > 0
}
