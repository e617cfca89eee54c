package provider

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/notify/wording"
)

// Placeholders stand in braces: {to}, {setting.NAME}, {secret.NAME}. They are
// filled into strings before these are encoded for their place, so that no value
// can end the string that it stands in.

// text is a string with placeholders: parts in turn literal and name.
type text []part

type part struct {
	literal string
	name    string // of a placeholder; "": literal
}

// The names that a call gives. All but to, message, text, asset, building and
// link are ASCII.
const (
	toName       = "to"
	messageName  = "message"  // subject and link, within the limit
	textName     = "text"     // the subject alone, within the limit
	linkName     = "link"     // the job link, or the order's page; may be empty
	idName       = "id"       // the call's, the same over all tries
	kindName     = "kind"     // as in order.dispatched
	orderName    = "order"    // as in wo-000001
	severityName = "severity" // low, medium, high, life
	gravityName  = "gravity"  // the severity in the call's language
	langName     = "lang"     // en or zh: the call's language
	urgencyName  = "urgency"  // 2 low, 3 medium or not known, 4 high, 5 life
	assetName    = "asset"
	buildingName = "building"
	codeName     = "code" // four digits, new at each try, that have to come back
)

// A scope is what may be filled in at a place.
type scope []string

var (
	settings  = scope{"setting."}
	operators = scope{"setting.", "secret."}
	inHeaders = scope{"setting.", "secret.", idName, kindName, orderName, severityName, langName, urgencyName}
	anything  = scope{"setting.", "secret.", toName, messageName, textName, linkName, idName, kindName, orderName, severityName, gravityName, langName, urgencyName, assetName, buildingName, codeName}
)

func (s scope) has(name string) bool {
	for _, n := range s {
		if name == n || strings.HasSuffix(n, ".") && strings.HasPrefix(name, n) && plantroom.ValidID(strings.TrimPrefix(name, n)) == nil {
			return true
		}
	}
	return false
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// text compiles a string. A brace that belongs to no placeholder is a fault: it
// would be sent, and somebody would wonder.
func (c *compiler) text(at, s string, may scope) text {
	var out text
	last := 0
	literal := func(l string) {
		if strings.ContainsAny(l, "{}") {
			c.fault(at, fmt.Sprintf("%q has a brace that belongs to no placeholder", s), "write placeholders as in {to}; a body of JSON is written as a mapping")
		}
		if l != "" {
			out = append(out, part{literal: l})
		}
	}
	for _, m := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		literal(s[last:m[0]])
		name := s[m[2]:m[3]]
		if !may.has(name) {
			c.fault(at, fmt.Sprintf("{%s} cannot be filled in here", name), "use one of "+strings.ReplaceAll(strings.Join(may, ", "), ".", ".NAME"))
		}
		c.note(name)
		out = append(out, part{name: name})
		last = m[1]
	}
	literal(s[last:])
	return out
}

// note remembers what a template needs.
func (c *compiler) note(name string) {
	add := func(list *[]string, n string) {
		if !slices.Contains(*list, n) {
			*list = append(*list, n)
		}
	}
	if n, is := strings.CutPrefix(name, "setting."); is {
		add(&c.t.Settings, n)
	} else if n, is := strings.CutPrefix(name, "secret."); is {
		add(&c.t.Secrets, n)
	} else if name == codeName {
		c.t.ReadBack = true
	}
}

func (c *compiler) pairs(at string, m map[string]string, may scope) []pair {
	var out []pair
	for _, name := range sorted(m) {
		out = append(out, pair{name, c.text(at+"/"+yamldoc.Escape(name), m[name], may)})
	}
	return out
}

// node is a JSON value with placeholders in its strings.
type node struct {
	text   text // where it is a string
	number bool // it is {urgency} and nothing else: a number in JSON
	object []entry
	list   []node
	plain  any // a number, a boolean or null
	kind   byte
}

type entry struct {
	key  string
	node node
}

func (c *compiler) tree(at string, v any, depth int) node {
	if depth > maxDepth {
		c.fault(at, "it is nested too deeply", fmt.Sprintf("use at most %d levels", maxDepth))
		return node{}
	}
	switch v := v.(type) {
	case string:
		return node{kind: 's', text: c.text(at, v, anything), number: v == "{"+urgencyName+"}"}
	case map[string]any:
		n := node{kind: 'o'}
		for _, k := range sorted(v) {
			n.object = append(n.object, entry{k, c.tree(at+"/"+yamldoc.Escape(k), v[k], depth+1)})
		}
		return n
	case []any:
		n := node{kind: 'l'}
		for i, e := range v {
			n.list = append(n.list, c.tree(fmt.Sprintf("%s/%d", at, i), e, depth+1))
		}
		return n
	}
	return node{kind: 'p', plain: v}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// values are what is filled in, by name.
type values map[string]string

// of gives the values of a call.
func (t *Template) values(c plantroom.Call, code string) values {
	m := wording.Read(c)
	plain := m
	plain.Link = ""
	return values{toName: c.To, messageName: m.Short(t.limit), textName: plain.Short(t.limit), linkName: m.Link, idName: m.ID, kindName: m.Kind,
		orderName: m.Order, severityName: m.Severity, gravityName: m.Gravity, langName: m.Lang, urgencyName: urgency(m.Severity), assetName: m.Asset, buildingName: m.Building, codeName: code}
}

// urgency is on the scale of ntfy's priorities, 1 to 5 with 3 the usual one.
func urgency(severity string) string {
	switch severity {
	case "life":
		return "5"
	case "high":
		return "4"
	case "low":
		return "2"
	}
	return "3"
}

// fill puts values into a text; escape is for its place, nil for none.
func (t text) fill(v values, escape func(string) string) string {
	var b strings.Builder
	for _, p := range t {
		switch {
		case p.name == "":
			b.WriteString(p.literal)
		case escape != nil:
			b.WriteString(escape(v[p.name]))
		default:
			b.WriteString(v[p.name])
		}
	}
	return b.String()
}

// value is a tree with everything filled in, for encoding/json.
func (n node) value(v values) any {
	switch n.kind {
	case 's':
		if n.number {
			return int(v[urgencyName][0] - '0')
		}
		return n.text.fill(v, nil)
	case 'o':
		m := make(map[string]any, len(n.object))
		for _, e := range n.object {
			m[e.key] = e.node.value(v)
		}
		return m
	case 'l':
		l := make([]any, len(n.list))
		for i, e := range n.list {
			l[i] = e.value(v)
		}
		return l
	}
	return n.plain
}
