package modbus

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"plantroom"
)

// Answer is what a device has answered: Words of a table of registers, Bits of
// a table of bits.
type Answer struct {
	Words []uint16
	Bits  []bool
}

// Bytes gives the answer as it came over the wire, for a reject.
func (a Answer) Bytes() []byte {
	if a.Words != nil {
		out := make([]byte, 0, 2*len(a.Words))
		for _, w := range a.Words {
			out = binary.BigEndian.AppendUint16(out, w)
		}
		return out
	}
	out := make([]byte, (len(a.Bits)+7)/8)
	for i, on := range a.Bits {
		if on {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}

// named is how many points an error names.
const named = 5

// Decode makes samples of an answer, in the order of the addresses. The error
// (CodeInvalid) names the points, at most five, that have no value that their
// map permits; the samples of the others are good.
func (r *Request) Decode(a Answer, address string, at plantroom.Instant) ([]plantroom.Sample, error) {
	got, unit := len(a.Words), "registers"
	if r.Table.Bits() {
		got, unit = len(a.Bits), "bits"
	}
	if got != int(r.Count) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the answer has %d %s where %d were asked for", got, unit, r.Count)
	}
	out := make([]plantroom.Sample, 0, len(r.Points))
	var bad []string
	for _, p := range r.Points {
		v, err := p.value(a, int(p.Address)-int(r.Address), r.Table.Bits())
		if err != nil {
			bad = append(bad, err.Error())
			continue
		}
		if v.Kind() != plantroom.NoValue {
			out = append(out, plantroom.Sample{Address: address, Signal: p.Signal, Value: v, At: at})
		}
	}
	if len(bad) > 0 {
		if more := len(bad) - named; more > 0 {
			bad = append(bad[:named], fmt.Sprintf("and %d more", more))
		}
		return out, plantroom.Errorf(plantroom.CodeInvalid, "map %s: %s", r.Map, strings.Join(bad, "; "))
	}
	return out, nil
}

// value decodes the point whose registers begin at index i of the answer. No
// value and no error: the device has none.
func (p *Point) value(a Answer, i int, isBits bool) (plantroom.Value, error) {
	var raw uint32
	switch {
	case isBits && a.Bits[i]:
		raw = 1
	case isBits:
	case p.registers() == 2:
		raw = p.order32(a.Words[i], a.Words[i+1])
	default:
		raw = uint32(p.order16(a.Words[i]))
	}
	if p.Type == Bit {
		raw = raw >> p.Bit & 1
	}
	for _, none := range p.Absent {
		if raw == none {
			return plantroom.Value{}, nil
		}
	}
	if p.Mask != 0 {
		raw = raw & p.Mask >> bits.TrailingZeros32(p.Mask)
	}
	if p.Type == Float32 {
		f := math.Float32frombits(raw)
		if f != f || f-f != 0 { // NaN; infinite
			return plantroom.Value{}, nil
		}
		return p.number(shortest(f))
	}
	n := p.signed(raw)
	switch {
	case p.Values != nil:
		state, ok := p.Values[strconv.FormatInt(n, 10)]
		if !ok {
			return plantroom.Value{}, plantroom.Errorf(plantroom.CodeInvalid, "%s reads %d, for which the map has no state", p.Signal, n)
		}
		return plantroom.String(state), nil
	case p.Type == Bit || isBits:
		return plantroom.Bool(raw != 0), nil
	}
	return p.number(float64(n))
}

// number scales a value and holds it against the limits.
func (p *Point) number(f float64) (plantroom.Value, error) {
	if p.Scale != 0 || p.Offset != 0 {
		scale := p.Scale
		if scale == 0 {
			scale = 1
		}
		f = rounded(f*scale + p.Offset)
	}
	if p.Min != nil && f < *p.Min || p.Max != nil && f > *p.Max || math.IsInf(f, 0) {
		return plantroom.Value{}, plantroom.Errorf(plantroom.CodeInvalid, "%s reads %g %s, which is outside its range", p.Signal, f, p.Unit)
	}
	return plantroom.Float(f), nil
}

func (p *Point) signed(raw uint32) int64 {
	switch p.Type {
	case Int16:
		return int64(int16(raw))
	case Int32:
		return int64(int32(raw))
	}
	return int64(raw)
}

func (p *Point) order16(w uint16) uint16 {
	if p.Order == Little {
		return bits.ReverseBytes16(w)
	}
	return w
}

func (p *Point) order32(first, second uint16) uint32 {
	switch p.Order {
	case Swapped:
		return uint32(second)<<16 | uint32(first)
	case Little:
		return bits.ReverseBytes32(uint32(first)<<16 | uint32(second))
	}
	return uint32(first)<<16 | uint32(second)
}

// shortest is the number that a person would write for a 32-bit float: 230.1,
// and not the 230.10000610351562 that a plain conversion makes of it.
func shortest(f float32) float64 {
	var b [32]byte
	out, _ := strconv.ParseFloat(string(strconv.AppendFloat(b[:0], float64(f), 'g', -1, 32)), 64) // of our own making
	return out
}

// rounded takes off what scaling by a decimal fraction adds: 2301 × 0.1 is
// 230.1. Registers hold at most 10 digits.
func rounded(f float64) float64 {
	var b [32]byte
	out, _ := strconv.ParseFloat(string(strconv.AppendFloat(b[:0], f, 'g', 14, 64)), 64) // of our own making
	return out
}
