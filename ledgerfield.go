package plantroom

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
)

// LedgerField is a part of a ledger row that can be shown or left out by
// itself: at, kind, subject, actor, and each member of the body. A member's
// name is its key as it stands in the JSON text, quotes included; a body that is
// no compact JSON object is one field, named body.
type LedgerField struct {
	Name   string
	Value  string // at: nanoseconds as decimal digits; a member: its JSON text
	Salt   Hash   // of this field alone: to show one field opens no other
	Digest Hash   // SHA-256 over Salt and Value
}

// bodyField names a body that is not taken apart.
const bodyField = "body"

// Fields takes the row apart, without loss: fields that differ come of rows
// that differ.
func (r *LedgerRow) Fields() []LedgerField {
	fields := []LedgerField{{Name: "at", Value: strconv.FormatInt(int64(r.At), 10)},
		{Name: "kind", Value: r.Kind}, {Name: "subject", Value: r.Subject}, {Name: "actor", Value: r.Actor}}
	if members := members(r.Body); LedgerBody(members) == string(r.Body) && len(members) > 0 {
		fields = append(fields, members...)
	} else {
		fields = append(fields, LedgerField{Name: bodyField, Value: string(r.Body)})
	}
	for i := range fields {
		mac := hmac.New(sha256.New, r.Salt[:])
		mac.Write([]byte(fields[i].Name))
		mac.Sum(fields[i].Salt[:0])
		fields[i].Digest = fields[i].Sum()
	}
	return fields
}

// Sum computes the digest of a field that is shown.
func (f *LedgerField) Sum() Hash {
	h := sha256.New()
	h.Write(f.Salt[:])
	h.Write([]byte(f.Value))
	var out Hash
	h.Sum(out[:0])
	return out
}

// LedgerContent is what a row's fields come to: SHA-256 over each name, behind
// its length as four bytes, and its digest. Of a field that is left out it takes
// no more than that.
func LedgerContent(fields []LedgerField) Hash {
	h := sha256.New()
	var n [4]byte
	for i := range fields {
		binary.BigEndian.PutUint32(n[:], uint32(len(fields[i].Name)))
		h.Write(n[:])
		h.Write([]byte(fields[i].Name))
		h.Write(fields[i].Digest[:])
	}
	var out Hash
	h.Sum(out[:0])
	return out
}

// linkForm tells the hashed text of a salted row from that of the first form,
// which begins with a hash.
const linkForm = "plantroom ledger row, second form\n"

// LedgerLink is the hash of a salted row: SHA-256 over a fixed line, the hash
// of the row before, the row's number (eight bytes, big-endian) and its content.
func LedgerLink(prev Hash, seq int64, content Hash) Hash {
	b := make([]byte, 0, len(linkForm)+2*sha256.Size+8)
	b = append(append(b, linkForm...), prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	return sha256.Sum256(append(b, content[:]...))
}

// LedgerBody puts the members of a body together again.
func LedgerBody(members []LedgerField) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(m.Name)
		b.WriteByte(':')
		b.WriteString(m.Value)
	}
	b.WriteByte('}')
	return b.String()
}

// members lists the members of a JSON object; less than all of them where it is
// none, or not compact.
func members(body []byte) []LedgerField {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []LedgerField
	for dec.More() {
		from := dec.InputOffset()
		if len(out) > 0 {
			from++ // the comma
		}
		if _, err := dec.Token(); err != nil {
			return out
		}
		name := body[from:dec.InputOffset()]
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return out
		}
		out = append(out, LedgerField{Name: string(name), Value: string(value)})
	}
	return out
}
