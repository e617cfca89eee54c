package wire

import (
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
	kindDropped = 3
)

// AppendRecord appends the CBOR of one record: what the spool stores and a
// batch carries. The text and raw bytes of a reject and a gap's reason are cut
// to their bounds and made valid UTF-8, since an odd message must not prevent
// its own report; a reading out of bounds, or a record that is more than one
// thing, is refused with CodeInvalid.
func AppendRecord(dst []byte, r plantroom.Record) ([]byte, error) {
	things := 0
	for _, is := range []bool{r.Reading != plantroom.Reading{}, r.Reject != nil, r.Gap != nil, r.Dropped} {
		if is {
			things++
		}
	}
	switch {
	case things > 1:
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "a record is one of a reading, a reject, a gap and a dropped one, not several")
	case r.Dropped:
		return append(dst, majorArray|1, kindDropped), nil
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

// Peek reads the device id and the signal name of a record that AppendRecord
// has made, without decoding the rest; they alias rec. ok is false for a record
// that is no reading.
func Peek(rec []byte) (device, signal []byte, ok bool) {
	r := reader{b: rec}
	items := r.array(6, "a record")
	kind := r.uint("the kind of the record")
	if r.err != nil || kind != kindReading || items < 5 {
		return nil, nil, false
	}
	device = r.rawText(MaxName, "a device id")
	signal = r.rawText(MaxName, "a signal name")
	return device, signal, r.err == nil
}
