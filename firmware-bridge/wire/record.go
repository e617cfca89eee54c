package wire

import (
	"math"
	"strings"
	"unicode/utf8"

	"plantroom"
)

// Kinds of records: the first item of each. A record lies in a spool for as
// long as the services are away, over upgrades of the gateway too; a changed
// shape therefore gets a number of its own.
const (
	kindReading = 0
	kindReject  = 1
	kindGap     = 2
)

// AppendRecord appends the CBOR of one record: what the spool stores and a
// batch carries. The text and raw bytes of a reject and a gap's reason are cut
// to their bounds and made valid UTF-8, since an odd message must not prevent
// its own report; a reading out of bounds, or a record that is more than one
// of reading, reject and gap, is refused with CodeInvalid.
func AppendRecord(dst []byte, r plantroom.Record) ([]byte, error) {
	switch {
	case r.Reject != nil && r.Gap != nil, (r.Reject != nil || r.Gap != nil) && r.Reading != plantroom.Reading{}:
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "a record is one of a reading, a reject and a gap, not several")
	case r.Reject != nil:
		return appendReject(dst, r.Reject), nil
	case r.Gap != nil:
		return appendGap(dst, r.Gap)
	}
	return appendReading(dst, &r.Reading)
}

// appendReading appends [0, device, signal, value, at], and quality as a sixth
// item where it is not Good.
func appendReading(dst []byte, r *plantroom.Reading) ([]byte, error) {
	if err := checkReading(r); err != nil {
		return dst, err
	}
	items := uint64(5)
	if r.Quality != plantroom.Good {
		items = 6
	}
	dst = appendHead(dst, majorArray, items)
	dst = append(dst, kindReading)
	dst = appendText(dst, string(r.Device))
	dst = appendText(dst, r.Signal)
	switch r.Value.Kind() {
	case plantroom.FloatKind:
		dst = appendFloat(dst, r.Value.Num())
	case plantroom.StringKind:
		dst = appendText(dst, r.Value.Str())
	case plantroom.BoolKind:
		dst = appendBool(dst, r.Value.True())
	}
	dst = appendInt(dst, int64(r.At))
	if r.Quality != plantroom.Good {
		dst = appendHead(dst, majorUint, uint64(r.Quality))
	}
	return dst, nil
}

func checkReading(r *plantroom.Reading) error {
	switch {
	case !nameOK(string(r.Device)):
		return plantroom.Errorf(plantroom.CodeInvalid, "device id %.40q is not 1 to %d bytes of UTF-8", r.Device, MaxName)
	case !nameOK(r.Signal):
		return plantroom.Errorf(plantroom.CodeInvalid, "signal name %.40q of %s is not 1 to %d bytes of UTF-8", r.Signal, r.Device, MaxName)
	case r.Value.Kind() == plantroom.NoValue:
		return plantroom.Errorf(plantroom.CodeInvalid, "reading %s of %s has no value", r.Signal, r.Device)
	case len(r.Value.Str()) > MaxState || !utf8.ValidString(r.Value.Str()):
		return plantroom.Errorf(plantroom.CodeInvalid, "value %.40q of %s %s is not at most %d bytes of UTF-8", r.Value.Str(), r.Device, r.Signal, MaxState)
	case r.Quality > plantroom.Simulated:
		return plantroom.Errorf(plantroom.CodeInvalid, "quality %d of %s %s is not known", r.Quality, r.Device, r.Signal)
	}
	return nil
}

func nameOK(s string) bool { return s != "" && len(s) <= MaxName && utf8.ValidString(s) }

// appendReject appends [1, source, reason, raw, received].
func appendReject(dst []byte, r *plantroom.Reject) []byte {
	dst = appendHead(dst, majorArray, 5)
	dst = append(dst, kindReject)
	dst = appendText(dst, clip(r.Source, MaxSource))
	dst = appendText(dst, clip(r.Reason, MaxReason))
	dst = appendBytes(dst, r.Raw[:min(len(r.Raw), plantroom.MaxRaw)])
	return appendInt(dst, int64(r.Received))
}

// appendGap appends [2, first, last, reason, at].
func appendGap(dst []byte, g *plantroom.Gap) ([]byte, error) {
	if g.First < 1 || g.Last < g.First || g.Last > maxSequence {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "a gap from %d to %d is not a range of sequence numbers", g.First, g.Last)
	}
	dst = appendHead(dst, majorArray, 5)
	dst = append(dst, kindGap)
	dst = appendHead(dst, majorUint, g.First)
	dst = appendHead(dst, majorUint, g.Last)
	dst = appendText(dst, clip(g.Reason, MaxReason))
	return appendInt(dst, int64(g.At)), nil
}

// clip makes s valid UTF-8 of at most max bytes.
func clip(s string, max int) string {
	if len(s) <= max && utf8.ValidString(s) {
		return s
	}
	s = strings.ToValidUTF8(s[:min(len(s), 2*max)], "\uFFFD")
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}

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
	case kind > kindGap:
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
