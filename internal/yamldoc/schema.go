package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

const schemaURL = "schema.json"

// validate returns what the schema finds wrong. The error is for a schema that
// is itself broken.
func (d *Doc) validate(schema []byte) (Faults, error) {
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, fmt.Errorf("read the schema of %s: %w", d.file, err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, raw); err != nil {
		return nil, fmt.Errorf("load the schema of %s: %w", d.file, err)
	}
	s, err := c.Compile(schemaURL)
	if err != nil {
		return nil, fmt.Errorf("compile the schema of %s: %w", d.file, err)
	}
	var bad *jsonschema.ValidationError
	if errors.As(s.Validate(d.tree), &bad) {
		e := explainer{doc: d, schema: raw}
		e.explain(bad)
		return e.faults, nil
	}
	return nil, nil
}

// explainer puts the validator's findings into the words of whoever wrote the
// file.
type explainer struct {
	doc    *Doc
	schema any
	faults Faults
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

func (e *explainer) add(path, problem, remedy string) {
	e.faults = append(e.faults, e.doc.Fault(path, problem, remedy))
}

func (e *explainer) leaf(v *jsonschema.ValidationError) {
	path := pointer(v.InstanceLocation)
	node, _ := e.at(v.SchemaURL).(map[string]any)
	says, _ := node["description"].(string)
	if says != "" {
		says = "it is " + says
	}
	switch k := v.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		known := keys(node["properties"])
		for _, p := range k.Properties {
			e.add(path+"/"+escape(p), fmt.Sprintf("the key %q is not known here", p), suggest(p, known))
		}
	case *kind.PropertyNames:
		e.add(path+"/"+escape(k.Property), fmt.Sprintf("the key %q is not permitted here", k.Property), says)
	case *kind.Required:
		for _, p := range k.Missing {
			e.add(path, fmt.Sprintf("the key %q is missing", p), "add it: "+e.describe(node, p))
		}
	case *kind.Type:
		e.add(path, fmt.Sprintf("this is %s, not %s", article(k.Got), article(strings.Join(k.Want, " or "))), says)
	case *kind.Enum:
		e.add(path, fmt.Sprintf("%s is not permitted", show(k.Got)), "use one of "+list(k.Want))
	case *kind.Const:
		e.add(path, fmt.Sprintf("%s is not permitted", show(k.Got)), "use "+show(k.Want))
	case *kind.Pattern:
		e.add(path, fmt.Sprintf("%s does not have the right form", show(k.Got)), or(says, "it has to match "+k.Want))
	case *kind.OneOf, *kind.AnyOf:
		e.add(path, "this fits none, or several, of the permitted forms", says)
	default:
		e.add(path, v.ErrorKind.LocalizedString(printer), says)
	}
}

// describe says what a missing property is for, from the schema.
func (e *explainer) describe(node map[string]any, property string) string {
	props, _ := node["properties"].(map[string]any)
	p, _ := props[property].(map[string]any)
	if ref, ok := p["$ref"].(string); ok && p["description"] == nil {
		p, _ = e.at(ref).(map[string]any)
	}
	if s, ok := p["description"].(string); ok {
		return s
	}
	return "see the schema"
}

// at finds the part of the schema that a location (…#/properties/x) names.
func (e *explainer) at(location string) any {
	_, frag, _ := strings.Cut(location, "#")
	cur := e.schema
	for _, seg := range strings.Split(strings.TrimPrefix(frag, "/"), "/") {
		if seg == "" {
			continue
		}
		seg = strings.ReplaceAll(strings.ReplaceAll(seg, "~1", "/"), "~0", "~")
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
		b.WriteString("/" + escape(s))
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
