// Package yamldoc reads one YAML file strictly against its JSON Schema and
// names every fault in it by file, line and column, with what would be right.
//
// It supports the YAML that people write in configuration files. It
// deliberately refuses anchors, aliases, merge keys, tags, repeated keys and
// several documents in one file: they hide what a file says.
package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 4 << 20

// Doc is a file that was read.
type Doc struct {
	file   string
	tree   any
	at     map[string]pos
	faults Faults
	spoilt []string // the values that the faults are about
}

type pos struct{ line, col int }

// Parse reads src and checks it against a JSON Schema (2020-12). The error is
// of type Faults and holds everything that is wrong, in the order of the file.
// The Doc is there also with faults, for checks of what is Sound; it is nil
// where the file is not YAML.
func Parse(file string, src []byte, schema []byte) (*Doc, error) {
	if len(src) > MaxSize {
		return nil, Faults{{File: file, Line: 1, Col: 1, Problem: fmt.Sprintf("the file has %d bytes", len(src)),
			Remedy: fmt.Sprintf("keep it below %d bytes", MaxSize)}}
	}
	d := &Doc{file: file, at: map[string]pos{"": {1, 1}}}
	if line := bottomless(src); line > 0 {
		return nil, Faults{d.tooDeep(line)}
	}
	f, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey()) // we name them ourselves, all of them
	if err != nil {
		return nil, Faults{d.syntax(err)}
	}
	w := walker{doc: d}
	body := true
	switch {
	case len(f.Docs) > 1 && f.Docs[1].Body != nil:
		w.fault("", f.Docs[1].Start, "a second document begins here", "keep one document in a file")
		body = false
	case len(f.Docs) > 0 && f.Docs[0].Body != nil:
		d.tree = w.node("", f.Docs[0].Body)
	}
	if body {
		if err := d.validate(schema); err != nil {
			return nil, err
		}
	}
	return d, d.Faults().Err()
}

func (d *Doc) syntax(err error) Fault {
	f := Fault{File: d.file, Line: 1, Col: 1, Problem: err.Error(), Remedy: "check indentation, colons and quotes around here"}
	var y yaml.Error
	if errors.As(err, &y) {
		f.Problem = y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Col = t.Position.Line, t.Position.Column
		}
	}
	return f
}

// Decode stores the document in v, which carries json tags; of a document with
// faults, what is sound. The error is of type Faults where values do not fit,
// and then holds those of Parse as well. A key for which v has no field is
// another error: the schema and the struct have drifted apart.
func (d *Doc) Decode(v any) error {
	d.prune()
	err := d.decode(v)
	if err == nil {
		return d.Faults().Err()
	}
	before := len(d.faults)
	d.misfits(reflect.TypeOf(v), d.tree, "")
	if len(d.faults) == before {
		return err
	}
	d.prune()
	if err := d.decode(v); err != nil {
		return err
	}
	return d.Faults().Err()
}

func (d *Doc) decode(v any) error {
	b, err := json.Marshal(d.tree)
	if err != nil {
		return fmt.Errorf("decode %s: %w", d.file, err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("decode %s: %w", d.file, err)
	}
	return nil
}

// File returns the name that Parse was given.
func (d *Doc) File() string { return d.file }

// Line returns the line on which the value at a JSON pointer stands, or that
// of the nearest value around it.
func (d *Doc) Line(pointer string) int { return d.find(pointer).line }

// Fault makes a fault at the value that a JSON pointer (/buildings/0/id)
// names, for checks that a schema cannot express.
func (d *Doc) Fault(pointer, problem, remedy string) Fault {
	p := d.find(pointer)
	return Fault{File: d.file, Line: p.line, Col: p.col, Path: pointer, Problem: problem, Remedy: remedy}
}

func (d *Doc) find(pointer string) pos {
	for {
		if p, ok := d.at[pointer]; ok {
			return p
		}
		i := strings.LastIndexByte(pointer, '/')
		if i < 0 {
			return d.at[""]
		}
		pointer = pointer[:i]
	}
}
