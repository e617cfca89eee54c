package yamldoc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// mapping explains what is wrong with the keys of a mapping.
type mapping struct {
	*explainer
	path  string
	node  map[string]any // its schema
	given []string       // its keys
	says  string         // what it is
}

// leaf explains a finding about keys, and reports whether it was one.
func (m *mapping) leaf(k jsonschema.ErrorKind) bool {
	switch k := k.(type) {
	case *kind.AdditionalProperties:
		for _, p := range k.Properties {
			m.add(m.path+"/"+Escape(p), fmt.Sprintf("the key %q is not known here", p), suggest(p, m.known()))
		}
	case *kind.Required:
		for _, p := range k.Missing {
			m.addAt(m.path, m.path+"/"+Escape(p), fmt.Sprintf("the key %q is missing", p), "add it: "+m.describe(p))
		}
	case *kind.MinProperties:
		m.tooFew(k.Want)
	case *kind.MaxProperties:
		m.tooMany(k.Want)
	default:
		return false
	}
	return true
}

// known are the keys that the mapping may have; none: any.
func (m *mapping) known() []string { return keys(m.node["properties"]) }

// required are the keys that it must have.
func (m *mapping) required() []string {
	var out []string
	list, _ := m.node["required"].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// tooFew leaves it to the faults of the missing keys, where there are some.
func (m *mapping) tooFew(want int) {
	if len(without(m.required(), m.given)) > 0 {
		return
	}
	problem := "this has no keys"
	if len(m.given) > 0 {
		problem = "this has only " + enumerate(m.given)
	}
	remedy := "give at least " + count(want, "key", "keys")
	if more := without(m.known(), m.given); len(more) > 0 {
		remedy = fmt.Sprintf("add %s of %s", number(want-len(m.given)), strings.Join(more, ", "))
	}
	m.add(m.path, problem, then(m.says, remedy))
}

// tooMany leaves it to the faults of the unknown keys, where it is them that
// are too many.
func (m *mapping) tooMany(want int) {
	given := m.given
	if known := m.known(); m.node["additionalProperties"] == false {
		given = without(given, without(given, known))
	}
	if len(given) <= want {
		return
	}
	kept := without(given, without(given, m.required()))
	rest := without(given, kept)
	remedy := fmt.Sprintf("keep %s of %s", number(want-len(kept)), strings.Join(rest, ", "))
	if len(kept) > 0 {
		remedy = fmt.Sprintf("keep %s, and %s of %s", strings.Join(kept, ", "), number(want-len(kept)), strings.Join(rest, ", "))
	}
	m.add(m.path, "this has "+enumerate(given)+" together", then(m.says, remedy))
}

// describe says what a missing key is for, from the schema.
func (m *mapping) describe(key string) string {
	props, _ := m.node["properties"].(map[string]any)
	p, _ := props[key].(map[string]any)
	if ref, ok := p["$ref"].(string); ok && p["description"] == nil {
		p, _ = m.at(ref).(map[string]any)
	}
	if s, ok := p["description"].(string); ok {
		return s
	}
	if choices, ok := p["enum"].([]any); ok {
		return "one of " + list(choices)
	}
	if typ, ok := p["type"].(string); ok {
		return article(typ)
	}
	return "give it a value"
}

// without returns the entries of a list that another does not have.
func without(list, other []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(other, s) {
			out = append(out, s)
		}
	}
	return out
}
