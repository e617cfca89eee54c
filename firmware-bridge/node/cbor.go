package node

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"plantroom"
)

// The link's part of CBOR (RFC 8949): unsigned integers up to 32 bits, text,
// arrays, false, true, and half and single precision, each in its only
// deterministic form. wire's has more, and its names in its messages.
const (
	majorUint   = 0 << 5
	majorText   = 3 << 5
	majorArray  = 4 << 5
	cborFalse   = 0xf4
	cborTrue    = 0xf5
	cborFloat16 = 0xf9
	cborFloat32 = 0xfa
)

func appendHead(dst []byte, major byte, n uint32) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, major|26), n)
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint32(len(s))), s...)
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, cborTrue)
	}
	return append(dst, cborFalse)
}

// appendFloat appends a finite f in half precision where that holds it.
func appendFloat(dst []byte, f float32) []byte {
	if h, ok := halfBits(f); ok {
		return binary.BigEndian.AppendUint16(append(dst, cborFloat16), h)
	}
	return binary.BigEndian.AppendUint32(append(dst, cborFloat32), math.Float32bits(f))
}

// halfBits returns a finite f in IEEE 754 binary16, if that holds it exactly.
func halfBits(f float32) (uint16, bool) {
	bits := math.Float32bits(f)
	sign, exp, frac := uint16(bits>>16)&0x8000, int(bits>>23&0xff)-127, bits&(1<<23-1)
	switch {
	case bits<<1 == 0:
		return sign, true
	case exp >= -14 && exp <= 15:
		return sign | uint16(exp+15)<<10 | uint16(frac>>13), frac&(1<<13-1) == 0
	case exp >= -24 && exp < -14: // subnormal: a multiple of 2⁻²⁴
		frac |= 1 << 23
		shift := -(exp + 1)
		return sign | uint16(frac>>shift), frac&(1<<shift-1) == 0
	}
	return 0, false
}

// halfValue is the inverse of halfBits; infinity and NaN come out as such.
func halfValue(h uint16) float32 {
	exp, frac := uint32(h>>10&0x1f), uint32(h&0x3ff)
	var f float32
	switch exp {
	case 0:
		f = float32(frac) / (1 << 24)
	case 0x1f:
		f = math.Float32frombits(0xff<<23 | frac<<13)
	default:
		f = math.Float32frombits((exp+127-15)<<23 | frac<<13)
	}
	if h&0x8000 != 0 {
		return -f
	}
	return f
}

// reader takes items off a body. The first failure sticks, and what is read
// after it is zero.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		e := plantroom.Errorf(plantroom.CodeInvalid, format, args...)
		r.err = plantroom.Errorf(plantroom.CodeInvalid, "byte %d: %w", r.at, e)
	}
}

// take returns the next n bytes.
func (r *reader) take(n int, what string) []byte {
	if r.err == nil && len(r.b)-r.at < n {
		r.fail("the message ends within %s", what)
	}
	if r.err != nil {
		return make([]byte, min(n, 4)) // callers with a longer n look at err first
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

// head reads an initial byte of a major type and its argument, of at most max
// and in the shortest form.
func (r *reader) head(major byte, max uint32, what string) uint32 {
	initial := r.take(1, what)[0]
	if r.err == nil && initial&0xe0 != major {
		r.fail("0x%02x is not %s", initial, what)
	}
	var n, least uint32
	switch info := initial & 0x1f; {
	case info < 24:
		n = uint32(info)
	case info == 24:
		n, least = uint32(r.take(1, what)[0]), 24
	case info == 25:
		n, least = uint32(binary.BigEndian.Uint16(r.take(2, what))), 1<<8
	case info == 26:
		n, least = binary.BigEndian.Uint32(r.take(4, what)), 1<<16
	default:
		r.fail("%s has an argument beyond 32 bits", what)
	}
	if r.err == nil && n < least {
		r.fail("%s is not in its shortest form", what)
	}
	if r.err == nil && n > max {
		r.fail("%s is %d: at most %d", what, n, max)
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *reader) uint(max uint32, what string) uint32 { return r.head(majorUint, max, what) }

func (r *reader) text(max uint32, what string) string {
	n := int(r.head(majorText, max, what))
	if r.err != nil {
		return ""
	}
	b := r.take(n, what)
	if r.err == nil && !utf8.Valid(b) {
		r.fail("%s is not UTF-8", what)
	}
	if r.err != nil {
		return ""
	}
	return string(b)
}

func (r *reader) bool(what string) bool {
	b := r.take(1, what)[0]
	if r.err == nil && b != cborFalse && b != cborTrue {
		r.fail("0x%02x is not %s", b, what)
	}
	return b == cborTrue
}

// value reads a finite number, a state or a truth value.
func (r *reader) value() plantroom.Value {
	if r.err == nil && r.at < len(r.b) {
		switch initial := r.b[r.at]; {
		case initial == cborFloat16 || initial == cborFloat32:
			return plantroom.Float(float64(r.float()))
		case initial&0xe0 == majorText:
			return plantroom.String(r.text(MaxState, "a state"))
		}
	}
	return plantroom.Bool(r.bool("a value: a half or single precision number, a text, true or false"))
}

func (r *reader) float() float32 {
	var f float32
	if r.take(1, "a number")[0] == cborFloat16 {
		f = halfValue(binary.BigEndian.Uint16(r.take(2, "a number")))
	} else {
		f = math.Float32frombits(binary.BigEndian.Uint32(r.take(4, "a number")))
		if _, short := halfBits(f); r.err == nil && short {
			r.fail("a number is not in its shortest form")
		}
	}
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		r.fail("a number is not finite")
	}
	return f
}

// end fails if anything follows the message.
func (r *reader) end() error {
	if r.err == nil && r.at != len(r.b) {
		r.fail("%d bytes follow the end of the message", len(r.b)-r.at)
	}
	return r.err
}
