package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"plantroom"
)

// line is a row of the ledger as a bundle holds it: with its fields, each shown
// or as its digest, or as its content alone. A row of the first form, which has
// no salt, has all of its fields or none; with none its hash stands unproved.
type line struct {
	Seq     int64           `json:"seq"`
	Form    int             `json:"form"` // 1 or 2
	Prev    *plantroom.Hash `json:"prev,omitempty"`
	Hash    plantroom.Hash  `json:"hash"`
	Content *plantroom.Hash `json:"content,omitempty"`
	Fields  []lineField     `json:"fields,omitempty"`
}

// lineField has a value and, in the second form, its salt; or a digest.
type lineField struct {
	Name   string          `json:"name"`
	Value  *string         `json:"value,omitempty"`
	Salt   *plantroom.Hash `json:"salt,omitempty"`
	Digest *plantroom.Hash `json:"digest,omitempty"`
}

// whole makes the line of a row with those of its fields that show wants.
func whole(r *plantroom.LedgerRow, show func(name, value string) bool) line {
	l := line{Seq: r.Seq, Form: 2, Prev: &r.Prev, Hash: r.Hash}
	if r.Salt.IsZero() {
		return first(r, show)
	}
	for _, f := range r.Fields() {
		if utf8.ValidString(f.Value) && show(f.Name, f.Value) {
			l.Fields = append(l.Fields, lineField{Name: f.Name, Value: &f.Value, Salt: &f.Salt})
		} else {
			l.Fields = append(l.Fields, lineField{Name: f.Name, Digest: &f.Digest})
		}
	}
	return l
}

// first is whole for a row of the first form: all or nothing.
func first(r *plantroom.LedgerRow, show func(name, value string) bool) line {
	for _, f := range r.Fields() {
		if !utf8.ValidString(f.Value) || !show(f.Name, f.Value) {
			return bare(r)
		}
	}
	l := line{Seq: r.Seq, Form: 1, Prev: &r.Prev, Hash: r.Hash}
	for _, f := range [][2]string{{"at", strconv.FormatInt(int64(r.At), 10)}, {"kind", r.Kind}, {"subject", r.Subject}, {"actor", r.Actor}, {"body", string(r.Body)}} {
		l.Fields = append(l.Fields, lineField{Name: f[0], Value: &f[1]})
	}
	return l
}

// bare makes the line of a row that is another matter's.
func bare(r *plantroom.LedgerRow) line {
	if r.Salt.IsZero() {
		return line{Seq: r.Seq, Form: 1, Hash: r.Hash}
	}
	c := plantroom.LedgerContent(r.Fields())
	return line{Seq: r.Seq, Form: 2, Hash: r.Hash, Content: &c}
}

// encode gives the line's one spelling.
func (l *line) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(l)
	return b.Bytes(), err
}

// parseLine reads a line, which has to be spelt as encode does.
func parseLine(b []byte) (line, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("it is no row: %w", err)
	}
	again, err := l.encode()
	switch {
	case err != nil:
		return l, err
	case !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), b):
		return l, fmt.Errorf("it is not spelt as rows are")
	case l.Form != 1 && l.Form != 2 || l.Seq < 1 || l.Content != nil && l.Fields != nil || l.Form == 1 && l.Content != nil || l.Form == 2 && l.Content == nil && l.Fields == nil || l.Fields != nil && l.Prev == nil:
		return l, fmt.Errorf("it is of no form that rows have")
	}
	return l, nil
}

// proven reports whether the line shows what its hash is made of.
func (l *line) proven() bool { return l.Content != nil || l.Fields != nil }

// sum computes what the line's hash has to be behind prev.
func (l *line) sum(prev plantroom.Hash) (plantroom.Hash, error) {
	if l.Form == 1 {
		return l.sumFirst(prev)
	}
	if l.Content != nil {
		return plantroom.LedgerLink(prev, l.Seq, *l.Content), nil
	}
	fields := make([]plantroom.LedgerField, len(l.Fields))
	for i, f := range l.Fields {
		fields[i].Name = f.Name
		switch {
		case f.Value != nil && f.Salt != nil && f.Digest == nil:
			fields[i].Value, fields[i].Salt = *f.Value, *f.Salt
			fields[i].Digest = fields[i].Sum()
		case f.Digest != nil && f.Value == nil && f.Salt == nil:
			fields[i].Digest = *f.Digest
		default:
			return plantroom.Hash{}, fmt.Errorf("its field %q is neither shown nor left out", f.Name)
		}
	}
	return plantroom.LedgerLink(prev, l.Seq, plantroom.LedgerContent(fields)), nil
}

func (l *line) sumFirst(prev plantroom.Hash) (plantroom.Hash, error) {
	names := []string{"at", "kind", "subject", "actor", "body"}
	values := make([]string, len(names))
	if len(l.Fields) != len(names) {
		return plantroom.Hash{}, fmt.Errorf("it has %d fields of %d", len(l.Fields), len(names))
	}
	for i, f := range l.Fields {
		if f.Name != names[i] || f.Value == nil || f.Salt != nil || f.Digest != nil {
			return plantroom.Hash{}, fmt.Errorf("its field %q is not the one that belongs there", f.Name)
		}
		values[i] = *f.Value
	}
	at, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || strconv.FormatInt(at, 10) != values[0] {
		return plantroom.Hash{}, fmt.Errorf("its time %q is no number of nanoseconds", values[0])
	}
	r := plantroom.LedgerRow{Seq: l.Seq, At: plantroom.Instant(at), Kind: values[1], Subject: values[2], Actor: values[3], Body: json.RawMessage(values[4]), Prev: prev}
	return r.Sum(), nil
}

// value gives a field that is shown, "" for one that is not.
func (l *line) value(name string) string {
	i := slices.IndexFunc(l.Fields, func(f lineField) bool { return f.Name == name && f.Value != nil })
	if i < 0 {
		return ""
	}
	return *l.Fields[i].Value
}

// member gives a string of the row's body that is shown, "" for one that is not.
func (l *line) member(name string) string {
	var s string
	if l.Form == 1 {
		var body map[string]json.RawMessage
		if json.Unmarshal([]byte(l.value("body")), &body) == nil {
			_ = json.Unmarshal(body[name], &s) // no string: ""
		}
		return s
	}
	_ = json.Unmarshal([]byte(l.value(strconv.Quote(name))), &s) // no string: ""
	return s
}
