package wire

import (
	"encoding/binary"
	"math"
)

// CBOR major types (RFC 8949 §3.1), shifted into place.
const (
	majorUint  = 0 << 5
	majorNeg   = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorOther = 7 << 5
)

// Initial bytes of major type 7.
const (
	cborFalse   = 0xf4
	cborTrue    = 0xf5
	cborFloat16 = 0xf9
	cborFloat32 = 0xfa
	cborFloat64 = 0xfb
)

// halfNaN is the only NaN on the wire.
const halfNaN = 0x7e00

// appendHead appends an initial byte and its argument in the shortest form.
func appendHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

func appendInt(dst []byte, i int64) []byte {
	if i < 0 {
		return appendHead(dst, majorNeg, uint64(^i))
	}
	return appendHead(dst, majorUint, uint64(i))
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, majorBytes, uint64(len(b))), b...)
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, cborTrue)
	}
	return append(dst, cborFalse)
}

// appendFloat appends the shortest of half, single and double precision that
// holds f exactly.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) {
		return binary.BigEndian.AppendUint16(append(dst, cborFloat16), halfNaN)
	}
	single := float32(f)
	if float64(single) != f {
		return binary.BigEndian.AppendUint64(append(dst, cborFloat64), math.Float64bits(f))
	}
	if half, ok := halfBits(single); ok {
		return binary.BigEndian.AppendUint16(append(dst, cborFloat16), half)
	}
	return binary.BigEndian.AppendUint32(append(dst, cborFloat32), math.Float32bits(single))
}

// halfBits returns f in IEEE 754 binary16, if that holds it exactly. f is not
// NaN.
func halfBits(f float32) (uint16, bool) {
	bits := math.Float32bits(f)
	sign := uint16(bits>>16) & 0x8000
	exp := int(bits>>23&0xff) - 127
	frac := bits & (1<<23 - 1)
	switch {
	case bits<<1 == 0:
		return sign, true
	case exp == 128:
		return sign | 0x7c00, true
	case exp >= -14 && exp <= 15:
		return sign | uint16(exp+15)<<10 | uint16(frac>>13), frac&(1<<13-1) == 0
	case exp >= -24 && exp < -14: // subnormal: a multiple of 2⁻²⁴
		frac |= 1 << 23
		shift := -(exp + 1)
		return sign | uint16(frac>>shift), frac&(1<<shift-1) == 0
	}
	return 0, false
}

// halfValue is the inverse of halfBits. h is not NaN.
func halfValue(h uint16) float64 {
	exp, frac := uint64(h>>10&0x1f), uint64(h&0x3ff)
	var f float64
	switch exp {
	case 0:
		f = float64(frac) / (1 << 24)
	case 0x1f:
		f = math.Inf(1)
	default:
		f = math.Float64frombits((exp+1023-15)<<52 | frac<<42)
	}
	if h&0x8000 != 0 {
		return -f
	}
	return f
}
