package sparkplug

import (
	"encoding/binary"
	"math"

	"plantroom"
)

// Limits on one message.
const (
	maxPayload = 256 << 10 // bytes
	maxMetrics = 2000
	maxName    = 256 // of a metric, in bytes
	maxText    = 128 // of a value, in bytes: what the wire carries
)

// Field numbers of Payload and of Metric (chapter 6, "Google Protocol Buffer
// Schema"). The reader skips those that are not here.
const (
	payloadTimestamp, payloadMetrics, payloadSeq = 1, 2, 3

	metricName, metricAlias, metricTimestamp, metricDatatype = 1, 2, 3, 4
	metricHistorical, metricNull                             = 5, 7
	metricInt, metricLong, metricFloat, metricDouble         = 10, 11, 12, 13
	metricBool, metricText, metricBytes, metricExtension     = 14, 15, 16, 19
)

// Wire types of Protocol Buffers. Groups, 3 and 4, are not in the schema.
const (
	wireVarint, wire64, wireBytes, wire32 = 0, 1, 2, 5
)

// payload is a message with its metrics still in their bytes.
type payload struct {
	timestamp uint64 // ms since 1970; 0: absent
	seq       uint64
	hasSeq    bool
	raw       []byte // the whole message; metrics are read from it again
	count     int
}

// metric is one metric as it was sent. Texts lie in the message.
type metric struct {
	name       []byte
	alias      uint64
	hasAlias   bool
	timestamp  uint64 // ms since 1970; 0: absent
	datatype   uint64 // 0: absent
	historical bool
	null       bool
	value      byte // the field number of the value that was set last, as protobuf has it for a oneof; 0: none
	bits       uint64
	text       []byte
}

// field is one field of a message.
type field struct {
	number uint64
	wire   byte
	bits   uint64 // of a number
	bytes  []byte // of wireBytes
}

var errCut = plantroom.Errorf(plantroom.CodeInvalid, "the message ends within a field")

// next takes one field off b.
func next(b []byte) (f field, rest []byte, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 {
		return f, nil, errCut
	}
	b = b[n:]
	f.number, f.wire = tag>>3, byte(tag&7)
	if f.number == 0 {
		return f, nil, plantroom.Errorf(plantroom.CodeInvalid, "a field has the number 0")
	}
	switch f.wire {
	case wireVarint:
		if f.bits, n = binary.Uvarint(b); n <= 0 {
			return f, nil, errCut
		}
		return f, b[n:], nil
	case wire64:
		if len(b) < 8 {
			return f, nil, errCut
		}
		f.bits = binary.LittleEndian.Uint64(b)
		return f, b[8:], nil
	case wire32:
		if len(b) < 4 {
			return f, nil, errCut
		}
		f.bits = uint64(binary.LittleEndian.Uint32(b))
		return f, b[4:], nil
	case wireBytes:
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return f, nil, errCut
		}
		f.bytes = b[n : n+int(size)]
		return f, b[n+int(size):], nil
	}
	return f, nil, plantroom.Errorf(plantroom.CodeInvalid, "a field has the wire type %d", f.wire)
}

// want checks the wire type of a field that the reader uses.
func (f *field) want(wire byte) error {
	if f.wire != wire {
		return plantroom.Errorf(plantroom.CodeInvalid, "field %d has the wire type %d, not %d", f.number, f.wire, wire)
	}
	return nil
}

// readPayload reads a message and looks once through all its metrics, so that
// none of a message that is malformed anywhere is used.
func readPayload(b []byte) (payload, error) {
	p := payload{raw: b}
	if len(b) > maxPayload {
		return p, plantroom.Errorf(plantroom.CodeInvalid, "payload of %d bytes, at most %d", len(b), maxPayload)
	}
	for rest := b; len(rest) > 0; {
		var f field
		var err error
		if f, rest, err = next(rest); err != nil {
			return p, err
		}
		switch f.number {
		case payloadTimestamp:
			err = f.want(wireVarint)
			p.timestamp = f.bits
		case payloadSeq:
			err = f.want(wireVarint)
			p.seq, p.hasSeq = f.bits, true
		case payloadMetrics:
			if err = f.want(wireBytes); err != nil {
				break
			}
			if p.count++; p.count > maxMetrics {
				return p, plantroom.Errorf(plantroom.CodeInvalid, "more than %d metrics", maxMetrics)
			}
			_, err = readMetric(f.bytes)
		}
		if err != nil {
			return p, err
		}
	}
	if p.hasSeq && p.seq > 255 {
		return p, plantroom.Errorf(plantroom.CodeInvalid, "seq is %d: it counts from 0 to 255", p.seq)
	}
	return p, nil
}

// metrics gives the metrics of a message that readPayload has found good.
func (p *payload) metrics(yield func(metric) bool) {
	for rest := p.raw; len(rest) > 0; {
		f, after, err := next(rest)
		if err != nil {
			return
		}
		rest = after
		if f.number != payloadMetrics {
			continue
		}
		m, err := readMetric(f.bytes)
		if err != nil || !yield(m) {
			return
		}
	}
}

func readMetric(b []byte) (metric, error) {
	var m metric
	for len(b) > 0 {
		var f field
		var err error
		if f, b, err = next(b); err != nil {
			return m, err
		}
		if err = m.take(&f); err != nil {
			return m, plantroom.Errorf(plantroom.CodeInvalid, "metric %.40q: %w", m.name, err)
		}
	}
	return m, nil
}

// take sets what a field says.
func (m *metric) take(f *field) (err error) {
	switch f.number {
	case metricName:
		err = f.want(wireBytes)
		m.name = f.bytes
	case metricAlias:
		err = f.want(wireVarint)
		m.alias, m.hasAlias = f.bits, true
	case metricTimestamp:
		err = f.want(wireVarint)
		m.timestamp = f.bits
	case metricDatatype:
		err = f.want(wireVarint)
		m.datatype = f.bits
	case metricHistorical:
		err = f.want(wireVarint)
		m.historical = f.bits != 0
	case metricNull:
		err = f.want(wireVarint)
		m.null = f.bits != 0
	case metricInt, metricLong, metricBool:
		err = f.want(wireVarint)
		m.value, m.bits = byte(f.number), f.bits
	case metricFloat:
		err = f.want(wire32)
		m.value, m.bits = metricFloat, f.bits
	case metricDouble:
		err = f.want(wire64)
		m.value, m.bits = metricDouble, f.bits
	case metricText:
		err = f.want(wireBytes)
		m.value, m.text = metricText, f.bytes
	default:
		if f.number >= metricBytes && f.number <= metricExtension {
			m.value = byte(f.number)
		}
	}
	return err
}

// maxMillis is the latest time in ms that an Instant holds.
const maxMillis = math.MaxInt64 / 1_000_000

// rebirth is the payload of a rebirth request: Node Control/Rebirth = true
// (tck-id-operational-behavior-data-commands-ncmd-rebirth-name and -value), with
// a timestamp (tck-id-payloads-ncmd-timestamp) and without a sequence number
// (tck-id-payloads-ncmd-seq).
func rebirth(now plantroom.Instant) []byte {
	ms := uint64(now / 1_000_000)
	m := append([]byte{metricName<<3 | wireBytes, byte(len(rebirthName))}, rebirthName...)
	m = binary.AppendUvarint(append(m, metricTimestamp<<3|wireVarint), ms)
	m = append(m, metricDatatype<<3|wireVarint, typeBoolean, metricBool<<3|wireVarint, 1)
	b := binary.AppendUvarint([]byte{payloadTimestamp<<3 | wireVarint}, ms)
	b = append(b, payloadMetrics<<3|wireBytes, byte(len(m)))
	return append(b, m...)
}
