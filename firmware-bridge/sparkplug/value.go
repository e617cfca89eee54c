package sparkplug

import (
	"math"
	"strings"
	"unicode/utf8"

	"plantroom"
)

// Data types (chapter 6, "Data Types") that carry a value of ours.
const (
	typeInt8, typeInt16, typeInt32, typeInt64     = 1, 2, 3, 4
	typeUInt8, typeUInt16, typeUInt32, typeUInt64 = 5, 6, 7, 8
	typeFloat, typeDouble, typeBoolean            = 9, 10, 11
	typeString, typeText, typeUUID                = 12, 14, 15
	maxDatatype                                   = 34 // DateTimeArray
)

const (
	bdSeqName   = "bdSeq"
	rebirthName = "Node Control/Rebirth"
)

// usable reports whether metrics of a type can be signals at all.
func usable(datatype uint64) bool {
	return datatype >= typeInt8 && datatype <= typeString || datatype == typeText || datatype == typeUUID
}

// control reports the metrics by which a node is controlled or tied to its
// death: they measure nothing.
func control(name string) bool {
	return name == bdSeqName || strings.HasPrefix(name, "Node Control/") || strings.HasPrefix(name, "Device Control/")
}

// read makes a value of a metric of a type; ok is false where there is none.
func (m *metric) read(datatype uint64) (v plantroom.Value, ok bool, err error) {
	if m.null || m.value == 0 {
		return v, false, nil
	}
	switch datatype {
	case typeInt8, typeInt16, typeInt32, typeInt64, typeUInt8, typeUInt16, typeUInt32, typeUInt64:
		if m.value != metricInt && m.value != metricLong {
			return v, false, m.mismatch(datatype)
		}
		f, err := integer(datatype, m.value, m.bits)
		return plantroom.Float(f), err == nil, err
	case typeFloat, typeDouble:
		f := math.Float64frombits(m.bits)
		switch m.value {
		case metricFloat:
			f = float64(math.Float32frombits(uint32(m.bits)))
		case metricDouble:
		default:
			return v, false, m.mismatch(datatype)
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return v, false, plantroom.Errorf(plantroom.CodeInvalid, "%v is not a finite number", f)
		}
		return plantroom.Float(f), true, nil
	case typeBoolean:
		if m.value != metricBool {
			return v, false, m.mismatch(datatype)
		}
		return plantroom.Bool(m.bits != 0), true, nil
	case typeString, typeText, typeUUID:
		if m.value != metricText {
			return v, false, m.mismatch(datatype)
		}
		if len(m.text) > maxText || !utf8.Valid(m.text) {
			return v, false, plantroom.Errorf(plantroom.CodeInvalid, "a text of %d bytes: at most %d, in UTF-8", len(m.text), maxText)
		}
		return plantroom.String(string(m.text)), true, nil
	}
	return v, false, nil
}

func (m *metric) mismatch(datatype uint64) error {
	return plantroom.Errorf(plantroom.CodeInvalid, "data type %d with a value in field %d", datatype, m.value)
}

// integer reads a whole number. The specification has small ones in int_value
// and 64 bits in long_value, negative ones as two's complement (chapter 6,
// "Data Types"); libraries differ in the field, and in whether a narrow negative
// number fills its own width or all 32 or 64 bits. All of these can be told
// apart; a number that does not fit its type in any of them is an error.
func integer(datatype uint64, field byte, bits uint64) (float64, error) {
	width := uint(8) << ((datatype - 1) % 4)
	signed := datatype <= typeInt64
	if signed {
		if field == metricInt && bits > math.MaxInt32 {
			if width == 64 || bits > math.MaxUint32 {
				return 0, plantroom.Errorf(plantroom.CodeInvalid, "%d in int_value has an unknown sign", bits)
			}
			bits |= 0xFFFF_FFFF_0000_0000 // the sign of 32 bits in 64
		}
		n := int64(bits)
		if width < 64 && n >= 1<<(width-1) && n < 1<<width { // fills its own width
			n -= 1 << width
		}
		if width < 64 && (n < -1<<(width-1) || n >= 1<<(width-1)) {
			return 0, plantroom.Errorf(plantroom.CodeInvalid, "%d does not fit %d bits", n, width)
		}
		return float64(n), nil
	}
	if width < 64 && bits >= 1<<width {
		return 0, plantroom.Errorf(plantroom.CodeInvalid, "%d does not fit %d bits", bits, width)
	}
	return float64(bits), nil
}

// clockSet is the earliest time in ms that a device can mean; before it, its
// clock was never set. 2000-01-01.
const clockSet = 946_684_800_000

// when gives a metric its time: its own, else the message's, else that of
// receipt. A device without a set clock gets the time of receipt, estimated.
func when(m *metric, p *payload, received plantroom.Instant) (plantroom.Instant, plantroom.Quality) {
	ms := m.timestamp
	if ms == 0 {
		ms = p.timestamp
	}
	quality := plantroom.Good
	at := received
	switch {
	case ms == 0:
	case ms < clockSet || ms > maxMillis:
		quality = plantroom.EstimatedTime
	default:
		at = plantroom.Instant(ms) * 1_000_000
	}
	if m.historical {
		quality = plantroom.Historical
	}
	return at, quality
}
