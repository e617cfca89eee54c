package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"plantroom"
)

// reader takes CBOR items off a message. The first failure sticks: what is
// read after it is zero, so a decoder checks once, at its end.
type reader struct {
	b   []byte
	at  int
	err error
}

// fail notes what is wrong at the present byte, unless something was before.
func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		e := plantroom.Errorf(plantroom.CodeInvalid, format, args...)
		r.err = plantroom.Errorf(plantroom.CodeInvalid, "byte %d: %w", r.at, e)
	}
}

// end fails if anything follows the message.
func (r *reader) end() error {
	if r.err == nil && r.at != len(r.b) {
		r.fail("%d bytes follow the end of the message", len(r.b)-r.at)
	}
	return r.err
}

// head reads an initial byte of the given major type and its argument, which
// must be in the shortest form.
func (r *reader) head(major byte, what string) uint64 {
	if r.err != nil {
		return 0
	}
	if r.at >= len(r.b) {
		r.fail("the message ends where %s should be", what)
		return 0
	}
	initial := r.b[r.at]
	if initial&0xe0 != major {
		r.fail("0x%02x is not %s", initial, what)
		return 0
	}
	if n := uint64(initial & 0x1f); n < 24 {
		r.at++
		return n
	}
	return r.longArgument(initial&0x1f, what)
}

// longArgument reads an argument of 1, 2, 4 or 8 bytes behind the initial byte.
func (r *reader) longArgument(info byte, what string) uint64 {
	if info > 27 {
		r.fail("%s has no definite length", what)
		return 0
	}
	size := 1 << (info - 24)
	if len(r.b)-r.at < 1+size {
		r.fail("the message ends within %s", what)
		return 0
	}
	var n, least uint64
	switch arg := r.b[r.at+1:]; size {
	case 1:
		n, least = uint64(arg[0]), 24
	case 2:
		n, least = uint64(binary.BigEndian.Uint16(arg)), 1<<8
	case 4:
		n, least = uint64(binary.BigEndian.Uint32(arg)), 1<<16
	case 8:
		n, least = binary.BigEndian.Uint64(arg), 1<<32
	}
	if n < least {
		r.fail("%s is not in its shortest form", what)
		return 0
	}
	r.at += 1 + size
	return n
}

// array reads an array's head and returns its length, at most max.
func (r *reader) array(max int, what string) int {
	n := r.head(majorArray, what)
	if n > uint64(max) {
		r.fail("%s has %d items: at most %d", what, n, max)
		return 0
	}
	return int(n)
}

// uint reads an unsigned integer.
func (r *reader) uint(what string) uint64 { return r.head(majorUint, what) }

// sequence reads a number of the spool's sequence.
func (r *reader) sequence(what string) uint64 {
	n := r.uint(what)
	if n > maxSequence {
		r.fail("%s is %d: beyond 2^63-1", what, n)
		return 0
	}
	return n
}

// instant reads a signed 64-bit integer.
func (r *reader) instant(what string) plantroom.Instant {
	major := byte(majorUint)
	if r.err == nil && r.at < len(r.b) && r.b[r.at]&0xe0 == majorNeg {
		major = majorNeg
	}
	n := r.head(major, what)
	if n > math.MaxInt64 {
		r.fail("%s is beyond 64 bits", what)
		return 0
	}
	if major == majorNeg {
		return plantroom.Instant(^int64(n))
	}
	return plantroom.Instant(n)
}

// bool reads true or false.
func (r *reader) bool(what string) bool {
	switch {
	case r.err != nil:
	case r.at >= len(r.b):
		r.fail("the message ends where %s should be", what)
	case r.b[r.at] == cborFalse, r.b[r.at] == cborTrue:
		r.at++
		return r.b[r.at-1] == cborTrue
	default:
		r.fail("0x%02x is not %s", r.b[r.at], what)
	}
	return false
}

// bytes reads a byte string of at most max bytes, aliasing the message.
func (r *reader) bytes(max int, what string) []byte { return r.chunk(majorBytes, max, what) }

// rawText reads a text string of at most max bytes, aliasing the message. The
// caller has to see to it that the text is UTF-8; text does.
func (r *reader) rawText(max int, what string) []byte { return r.chunk(majorText, max, what) }

// text reads a text string of at most max bytes.
func (r *reader) text(max int, what string) string {
	b := r.rawText(max, what)
	if !utf8.Valid(b) {
		r.fail("%s is not UTF-8", what)
		return ""
	}
	return string(b)
}

// chunk reads a string of definite length.
func (r *reader) chunk(major byte, max int, what string) []byte {
	n := r.head(major, what)
	if n > uint64(max) {
		r.fail("%s has %d bytes: at most %d", what, n, max)
		return nil
	}
	if r.err != nil {
		return nil
	}
	if len(r.b)-r.at < int(n) {
		r.fail("the message ends within %s", what)
		return nil
	}
	b := r.b[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return b
}

// float reads a floating-point number, which must be in the shortest form
// that holds it.
func (r *reader) float(what string) float64 {
	if r.err != nil {
		return 0
	}
	b := r.b[r.at:]
	switch {
	case len(b) >= 3 && b[0] == cborFloat16:
		h := binary.BigEndian.Uint16(b[1:])
		if h&0x7c00 == 0x7c00 && h&0x3ff != 0 {
			if h != halfNaN {
				r.fail("NaN is written 0x%04x: only 0x%04x is permitted", h, halfNaN)
				return 0
			}
			r.at += 3
			return math.NaN()
		}
		r.at += 3
		return halfValue(h)
	case len(b) >= 5 && b[0] == cborFloat32:
		f := math.Float32frombits(binary.BigEndian.Uint32(b[1:]))
		if _, short := halfBits(f); short || f != f {
			r.fail("%s is not in its shortest form", what)
			return 0
		}
		r.at += 5
		return float64(f)
	case len(b) >= 9 && b[0] == cborFloat64:
		f := math.Float64frombits(binary.BigEndian.Uint64(b[1:]))
		if float64(float32(f)) == f || f != f {
			r.fail("%s is not in its shortest form", what)
			return 0
		}
		r.at += 9
		return f
	}
	r.fail("the message ends within %s", what)
	return 0
}
