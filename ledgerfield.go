package plantroom

import (
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
	key := newFieldKey(r.Salt)
	for i := range fields {
		fields[i].Salt = key.of(fields[i].Name)
		fields[i].Digest = fields[i].Sum()
	}
	return fields
}

// fieldKey makes the salts of a row's fields: HMAC-SHA256 (RFC 2104) of their
// names under the row's salt, with its two inner keys made once. crypto/hmac
// allocates for each, and rows are hashed on the way of every transition.
type fieldKey struct{ inner, outer [sha256.BlockSize]byte }

func newFieldKey(s Salt) (k fieldKey) {
	copy(k.inner[:], s[:])
	k.outer = k.inner
	for i := range k.inner {
		k.inner[i] ^= 0x36
		k.outer[i] ^= 0x5c
	}
	return k
}

func (k *fieldKey) of(name string) Hash {
	b := make([]byte, 0, 4*sha256.BlockSize)
	sum := sha256.Sum256(append(append(b, k.inner[:]...), name...))
	return sha256.Sum256(append(append(b, k.outer[:]...), sum[:]...))
}

// Sum computes the digest of a field that is shown.
func (f *LedgerField) Sum() Hash {
	b := make([]byte, 0, len(f.Salt)+len(f.Value))
	return sha256.Sum256(append(append(b, f.Salt[:]...), f.Value...))
}

// LedgerContent is what a row's fields come to: SHA-256 over each name, behind
// its length as four bytes, and its digest. Of a field that is left out it takes
// no more than that.
func LedgerContent(fields []LedgerField) Hash {
	b := make([]byte, 0, len(fields)*64)
	for i := range fields {
		b = binary.BigEndian.AppendUint32(b, uint32(len(fields[i].Name)))
		b = append(b, fields[i].Name...)
		b = append(b, fields[i].Digest[:]...)
	}
	return sha256.Sum256(b)
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

// members lists the members of a compact JSON object, in slices of its text;
// none where it is no such thing, or has whitespace between its members.
func members(body []byte) []LedgerField {
	if len(body) < 2 || body[0] != '{' || body[len(body)-1] != '}' || !json.Valid(body) {
		return nil
	}
	var out []LedgerField
	for rest := string(body[1 : len(body)-1]); rest != ""; {
		name := rest[:endOf(rest, ':')]
		if name == rest {
			return nil // a brace within whitespace
		}
		rest = rest[len(name)+1:]
		value := rest[:endOf(rest, ',')]
		if rest = rest[len(value):]; rest != "" {
			rest = rest[1:]
		}
		if name != strings.TrimSpace(name) || value != strings.TrimSpace(value) {
			return nil
		}
		out = append(out, LedgerField{Name: name, Value: value})
	}
	return out
}

// endOf returns where a valid JSON text first has a byte that stands in no
// string, object or array, or its length.
func endOf(text string, stop byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case depth == 0 && c == stop:
			return i
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return len(text)
}
