package spool

import (
	"fmt"
	"io"
)

// window is how much of a segment is read at once, in bytes.
const window = 256 << 10

// scanner walks the intact frames of one segment and finds its way past
// damage. It reads nothing at or beyond end.
type scanner struct {
	r    io.ReaderAt
	read func(r io.ReaderAt, b []byte, off int64) error // fills b; nil: readAround
	seed uint32
	end  int64

	off  int64  // of the byte after the last intact frame
	want uint64 // the sequence number expected there

	// Behind damage, the last frame whose header was sound: bytes below
	// knownOff and numbers below knownSeq are accounted for.
	knownOff int64
	knownSeq uint64
	// cut: at knownOff stands the sound header of a frame that reaches
	// beyond end.
	cut bool

	buf    []byte // a piece of the segment
	bufOff int64
}

// seek puts the scanner on a frame boundary.
func (sc *scanner) seek(off int64, seq uint64) {
	sc.off, sc.want = off, seq
	sc.knownOff, sc.knownSeq, sc.cut = off, seq, false
}

// next returns the next intact frame; its payload is good until the next
// call. ok is false where there is none up to end: off and want then still
// stand behind the last intact frame. A number above the former want means
// that the frames between are damaged. err is the file's error.
func (sc *scanner) next() (h frame, payload []byte, ok bool, err error) {
	for off := sc.knownOff; off+minFrame <= sc.end; {
		b, err := sc.peek(off, frameHeader)
		if err != nil {
			return h, nil, false, err
		}
		h, ok := parseFrame(b, sc.seed, sc.knownSeq, sc.knownSeq+uint64((off-sc.knownOff)/minFrame))
		switch {
		case !ok:
			off++
		case off+h.size() > sc.end:
			sc.cut = sc.cut || off == sc.knownOff
			off++
		default:
			b, err := sc.peek(off, int(h.size()))
			if err != nil {
				return h, nil, false, err
			}
			off += h.size()
			sc.knownOff, sc.knownSeq, sc.cut = off, h.seq+1, false
			payload := b[frameHeader:]
			if n := h.numbers(payload); n > 0 && h.holds(sc.seed, payload) {
				sc.off, sc.want, sc.knownSeq = off, h.seq+n, h.seq+n
				return h, payload, true, nil
			}
		}
	}
	return frame{}, nil, false, nil
}

// peek returns n bytes at off, both within the segment.
func (sc *scanner) peek(off int64, n int) ([]byte, error) {
	if at := off - sc.bufOff; at >= 0 && at+int64(n) <= int64(len(sc.buf)) {
		return sc.buf[at : at+int64(n)], nil
	}
	size := int(min(int64(max(n, window)), sc.end-off))
	if cap(sc.buf) < size {
		sc.buf = make([]byte, size)
	}
	sc.buf, sc.bufOff = sc.buf[:size], off
	read := sc.read
	if read == nil {
		read = readAround
	}
	if err := read(sc.r, sc.buf, off); err != nil {
		sc.buf = sc.buf[:0]
		return nil, err
	}
	return sc.buf[:n], nil
}

// readWhole fills b from off, or fails: what cannot be read now may be
// readable later.
func readWhole(r io.ReaderAt, b []byte, off int64) error {
	if n, err := r.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("read %d bytes at %d: %w", len(b), off, err)
	}
	return nil
}

// readWhatIs fills b from off. What cannot be read becomes zeros.
func readWhatIs(r io.ReaderAt, b []byte, off int64) error {
	if readAround(r, b, off) != nil {
		clear(b)
	}
	return nil
}

// readAround fills b from off. Blocks that cannot be read, as from a bad
// sector, become zeros; it fails only where nothing can be read.
func readAround(r io.ReaderAt, b []byte, off int64) error {
	if n, _ := r.ReadAt(b, off); n == len(b) {
		return nil
	}
	const block = 4096
	var failed error
	good := false
	for at := 0; at < len(b); {
		n := min(block-int((off+int64(at))%block), len(b)-at)
		if got, err := r.ReadAt(b[at:at+n], off+int64(at)); got == n {
			good = true
		} else {
			failed = err
			clear(b[at : at+n])
		}
		at += n
	}
	if !good {
		return fmt.Errorf("read %d bytes at %d: %w", len(b), off, failed)
	}
	return nil
}

// blank reports whether bytes from off to end are all zero: space that was
// given to the file but never written.
func (sc *scanner) blank(off int64) bool {
	for ; off < sc.end; off += window {
		b, err := sc.peek(off, int(min(window, sc.end-off)))
		if err != nil {
			return false
		}
		for _, c := range b {
			if c != 0 {
				return false
			}
		}
	}
	return true
}
