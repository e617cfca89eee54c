package wire

import (
	"math"
	"unicode/utf8"

	"plantroom"
)

// DecodeRecord reads one record. Whatever is not exactly what AppendRecord
// writes is refused with CodeInvalid. Nothing in the result aliases b. Where
// many records are read, a Decoder is cheaper.
func DecodeRecord(b []byte) (plantroom.Record, error) {
	var d Decoder
	return d.decode(b)
}

// Decoder reads records and keeps the names that it meets, so that the
// thousands of readings of one device share one string. The zero Decoder is
// ready to use; it serves one goroutine at a time.
type Decoder struct {
	names map[string]string
}

// maxNames bounds the table of names; a full one is dropped and built anew,
// since devices that no longer speak leave names behind.
const maxNames = 1 << 14

// Record reads one record as DecodeRecord does.
func (d *Decoder) Record(b []byte) (plantroom.Record, error) {
	if d.names == nil {
		d.names = make(map[string]string)
	}
	return d.decode(b)
}

func (d *Decoder) decode(b []byte) (rec plantroom.Record, err error) {
	if len(b) > MaxRecordBytes {
		return rec, plantroom.Errorf(plantroom.CodeTooLarge, "a record of %d bytes: at most %d", len(b), MaxRecordBytes)
	}
	r := reader{b: b}
	items := r.array(math.MaxInt32, "a record")
	kind := r.uint("the kind of the record")
	switch {
	case r.err != nil:
	case kind == kindReading && (items == 5 || items == 6):
		d.reading(&r, items, &rec.Reading)
	case kind == kindReject && items == 5:
		rec.Reject = readReject(&r)
	case kind == kindGap && items == 5:
		rec.Gap = readGap(&r)
	case kind == kindDropped && items == 1:
		rec.Dropped = true
	case kind > kindDropped:
		r.fail("a record of kind %d is not known here", kind)
	default:
		r.fail("a record of kind %d with %d items", kind, items)
	}
	if err := r.end(); err != nil {
		return plantroom.Record{}, err
	}
	return rec, nil
}

func (d *Decoder) reading(r *reader, items int, out *plantroom.Reading) {
	out.Device = plantroom.DeviceID(d.name(r, "a device id"))
	out.Signal = d.name(r, "a signal name")
	out.Value = d.value(r)
	out.At = r.instant("the time of the reading")
	if items == 6 {
		q := r.uint("a quality")
		if r.err == nil && (q == uint64(plantroom.Good) || q > uint64(plantroom.Simulated)) {
			r.fail("quality %d is not 1 to %d", q, plantroom.Simulated)
		}
		out.Quality = plantroom.Quality(q)
	}
}

// name reads a text of 1 to MaxName bytes.
func (d *Decoder) name(r *reader, what string) string {
	b := r.rawText(MaxName, what)
	if r.err == nil && len(b) == 0 {
		r.fail("%s is empty", what)
	}
	return d.intern(r, b, what)
}

// intern makes a string of b, the same one for the same bytes.
func (d *Decoder) intern(r *reader, b []byte, what string) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	if !utf8.Valid(b) {
		r.fail("%s is not UTF-8", what)
	}
	if r.err != nil {
		return ""
	}
	s := string(b)
	if d.names != nil {
		if len(d.names) >= maxNames {
			clear(d.names)
		}
		d.names[s] = s
	}
	return s
}

// value reads a float, a text or a bool.
func (d *Decoder) value(r *reader) plantroom.Value {
	if r.err != nil {
		return plantroom.Value{}
	}
	if r.at >= len(r.b) {
		r.fail("the message ends where a value should be")
		return plantroom.Value{}
	}
	switch initial := r.b[r.at]; {
	case initial == cborFloat16, initial == cborFloat32, initial == cborFloat64:
		return plantroom.Float(r.float("a number"))
	case initial&0xe0 == majorText:
		return plantroom.String(d.intern(r, r.rawText(MaxState, "a state"), "a state"))
	case initial == cborFalse, initial == cborTrue:
		return plantroom.Bool(r.bool("true or false"))
	default:
		r.fail("0x%02x is not a value: a float, a text, true or false", initial)
		return plantroom.Value{}
	}
}

func readReject(r *reader) *plantroom.Reject {
	return &plantroom.Reject{
		Source:   r.text(MaxSource, "the source of a reject"),
		Reason:   r.text(MaxReason, "the reason of a reject"),
		Raw:      append([]byte(nil), r.bytes(plantroom.MaxRaw, "the raw bytes of a reject")...),
		Received: r.instant("the time of a reject"),
	}
}

func readGap(r *reader) *plantroom.Gap {
	g := &plantroom.Gap{
		First:  r.sequence("the first number of a gap"),
		Last:   r.sequence("the last number of a gap"),
		Reason: r.text(MaxReason, "the reason of a gap"),
		At:     r.instant("the time of a gap"),
	}
	if r.err == nil && (g.First < 1 || g.Last < g.First) {
		r.fail("a gap from %d to %d is not a range of sequence numbers", g.First, g.Last)
	}
	return g
}
