package sparkplug_test

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
)

// The writer of the tests: an edge node's side of the schema, apart from the
// reader's code.

type pb []byte

func (b pb) varint(field int, v uint64) pb {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3), v)
}

func (b pb) bytes(field int, v string) pb {
	return append(binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3|2), uint64(len(v))), v...)
}

func (b pb) fixed32(field int, v uint32) pb {
	return binary.LittleEndian.AppendUint32(binary.AppendUvarint(b, uint64(field)<<3|5), v)
}

func (b pb) fixed64(field int, v uint64) pb {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(b, uint64(field)<<3|1), v)
}

// m starts a metric by name and type; birth metrics have both.
func m(name string, datatype int) pb {
	b := pb{}
	if name != "" {
		b = b.bytes(1, name)
	}
	if datatype > 0 {
		b = b.varint(4, uint64(datatype))
	}
	return b
}

func (b pb) alias(a uint64) pb   { return b.varint(2, a) }
func (b pb) at(ms uint64) pb     { return b.varint(3, ms) }
func (b pb) historical() pb      { return b.varint(5, 1) }
func (b pb) null() pb            { return b.varint(7, 1) }
func (b pb) int(v uint32) pb     { return b.varint(10, uint64(v)) }
func (b pb) long(v uint64) pb    { return b.varint(11, v) }
func (b pb) float(v float32) pb  { return b.fixed32(12, math.Float32bits(v)) }
func (b pb) double(v float64) pb { return b.fixed64(13, math.Float64bits(v)) }
func (b pb) text(v string) pb    { return b.bytes(15, v) }
func (b pb) bool(v bool) pb      { return b.varint(14, map[bool]uint64{true: 1}[v]) }
func (b pb) properties(v pb) pb  { return b.bytes(9, string(v)) }
func (b pb) metrics(ms ...pb) pb { return b.repeat(2, ms) }
func (b pb) seq(n int) pb        { return b.varint(3, uint64(n)) }
func (b pb) repeat(f int, ms []pb) pb {
	for _, m := range ms {
		b = b.bytes(f, string(m))
	}
	return b
}

// says is a message of time ms with its seq; a negative seq is left out.
func says(ms uint64, seq int, metrics ...pb) []byte {
	b := pb{}.varint(1, ms).metrics(metrics...)
	if seq >= 0 {
		b = b.seq(seq)
	}
	return b
}

// nbirth is a node's birth with the metrics that every birth has.
func nbirth(ms uint64, seq int, bdSeq uint64, metrics ...pb) []byte {
	return says(ms, seq, slices.Concat([]pb{
		m("bdSeq", 8).at(ms).long(bdSeq),
		m("Node Control/Rebirth", 11).at(ms).bool(false),
	}, metrics)...)
}

// ndeath is the will of a node: one metric, no seq.
func ndeath(ms, bdSeq uint64) []byte { return says(ms, -1, m("bdSeq", 8).at(ms).long(bdSeq)) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
