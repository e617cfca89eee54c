package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

const schemaURL = "schema.json"

// validate notes what the schema finds wrong with what was readable. The error
// is for a schema that is itself broken.
func (d *Doc) validate(schema []byte) error {
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return fmt.Errorf("read the schema of %s: %w", d.file, err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, raw); err != nil {
		return fmt.Errorf("load the schema of %s: %w", d.file, err)
	}
	s, err := c.Compile(schemaURL)
	if err != nil {
		return fmt.Errorf("compile the schema of %s: %w", d.file, err)
	}
	var bad *jsonschema.ValidationError
	if errors.As(s.Validate(d.tree), &bad) {
		e := explainer{doc: d, schema: raw, unread: slices.Clone(d.spoilt)}
		e.explain(bad)
	}
	return nil
}

// explainer puts the validator's findings into the words of whoever wrote the
// file.
type explainer struct {
	doc    *Doc
	schema any
	unread []string // values that could not be read: what is wrong with them is known
}

func (e *explainer) explain(v *jsonschema.ValidationError) {
	switch v.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		if best := nearest(v.Causes); best != nil {
			e.explain(best)
			return
		}
	default:
		if len(v.Causes) > 0 {
			for _, c := range v.Causes {
				e.explain(c)
			}
			return
		}
	}
	e.leaf(v)
}

// nearest picks, of the alternatives that all failed, the one whose faults lie
// deepest: that is the one the author meant.
func nearest(causes []*jsonschema.ValidationError) *jsonschema.ValidationError {
	var best *jsonschema.ValidationError
	most := -1
	for _, c := range causes {
		if n := depth(c); n > most {
			best, most = c, n
		}
	}
	return best
}

func depth(v *jsonschema.ValidationError) int {
	n := 2 * len(v.InstanceLocation)
	if _, wrongType := v.ErrorKind.(*kind.Type); wrongType {
		n--
	}
	for _, c := range v.Causes {
		n = max(n, depth(c))
	}
	return n
}

func (e *explainer) add(path, problem, remedy string) { e.addAt(path, path, problem, remedy) }

// addAt adds a fault that shows at path and spoils another value.
func (e *explainer) addAt(path, spoilt, problem, remedy string) {
	if !slices.ContainsFunc(e.unread, func(u string) bool { return within(spoilt, u) }) {
		e.doc.note(spoilt, e.doc.Fault(path, problem, remedy))
	}
}

// leaf explains a finding that has no finer one below it.
func (e *explainer) leaf(v *jsonschema.ValidationError) {
	m := mapping{explainer: e, path: pointer(v.InstanceLocation), given: keys(e.value(v.InstanceLocation)), says: e.says(v.SchemaURL)}
	m.node, _ = e.at(v.SchemaURL).(map[string]any)
	if m.leaf(v.ErrorKind) {
		return
	}
	problem, remedy := wording(v.ErrorKind, m.says)
	e.add(m.path, problem, remedy)
}

// says returns what the schema says that a value is: at the location itself,
// or, for one of several permitted forms, where they are listed.
func (e *explainer) says(location string) string {
	node, _ := e.at(location).(map[string]any)
	if s, ok := node["description"].(string); ok {
		return "it is " + s
	}
	if form := oneOfForms.FindStringIndex(location); form != nil {
		return e.says(location[:form[0]])
	}
	return ""
}

// oneOfForms matches the end of the location of a permitted form.
var oneOfForms = regexp.MustCompile(`/(anyOf|oneOf)/[0-9]+$`)

// at finds the part of the schema that a location (…#/properties/x) names.
func (e *explainer) at(location string) any {
	_, frag, _ := strings.Cut(location, "#")
	if frag = strings.TrimPrefix(frag, "/"); frag == "" {
		return e.schema
	}
	segs := strings.Split(frag, "/")
	for i, seg := range segs {
		segs[i] = unescape(seg)
	}
	return descend(e.schema, segs)
}

// value returns what the file has at a location.
func (e *explainer) value(location []string) any { return descend(e.doc.tree, location) }

// descend follows keys and indexes; nil: there is nothing.
func descend(cur any, segs []string) any {
	for _, seg := range segs {
		switch c := cur.(type) {
		case map[string]any:
			cur = c[seg]
		case []any:
			i, err := strconv.Atoi(seg)
			if err != nil || i < 0 || i >= len(c) {
				return nil
			}
			cur = c[i]
		default:
			return nil
		}
	}
	return cur
}

func pointer(loc []string) string {
	var b strings.Builder
	for _, s := range loc {
		b.WriteString("/" + Escape(s))
	}
	return b.String()
}

func keys(v any) []string {
	m, _ := v.(map[string]any)
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
