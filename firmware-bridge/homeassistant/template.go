package homeassistant

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/jsonwalk"
)

// Limits on a template.
const (
	maxTemplate = 512 // bytes
	maxSteps    = 8
	maxFilters  = 4
)

// template is a value template; nil is {{ value }}.
type template struct {
	json    bool // of value_json
	path    []jsonwalk.Step
	filters []filter
}

// filter is one of a template's filters.
type filter struct {
	name     string
	places   int // of round
	fallback *string
}

// parseTemplate reads a template; "" is none.
func parseTemplate(s string) (*template, error) {
	if s == "" {
		return nil, nil
	}
	p := &parser{rest: s}
	t := p.template()
	if len(s) > maxTemplate || p.failed {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the template %.80q does more than read a value: let another source read the raw topic", s)
	}
	return t, nil
}

// parser takes a template apart. The first failure sticks.
type parser struct {
	rest   string
	failed bool
}

func (p *parser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// try takes a token where it is next.
func (p *parser) try(token string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok && !p.failed {
		p.rest = rest
	}
	return ok && !p.failed
}

func (p *parser) must(token string) {
	if !p.try(token) {
		p.failed = true
	}
}

// name takes a run of letters, digits and _.
func (p *parser) name() string {
	p.skip()
	n := 0
	for n < len(p.rest) {
		c := p.rest[n]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
		n++
	}
	s := p.rest[:n]
	p.rest = p.rest[n:]
	if n == 0 {
		p.failed = true
	}
	return s
}

// quoted takes a text in quotes of either kind, without escapes.
func (p *parser) quoted() (string, bool) {
	p.skip()
	if p.rest == "" || p.rest[0] != '\'' && p.rest[0] != '"' {
		return "", false
	}
	s, rest, ok := strings.Cut(p.rest[1:], p.rest[:1])
	if !ok || strings.Contains(s, `\`) {
		p.failed = true
		return "", false
	}
	p.rest = rest
	return s, true
}

// literal takes a text, a number or a truth value, as the text that it is.
func (p *parser) literal() string {
	if s, ok := p.quoted(); ok {
		return s
	}
	p.skip()
	n := 0
	for n < len(p.rest) && strings.IndexByte("+-.0123456789abcdefghijklmnopqrstuvwxyzTFN", p.rest[n]) >= 0 {
		n++
	}
	s := p.rest[:n]
	p.rest = p.rest[n:]
	switch s {
	case "true":
		return "True"
	case "false":
		return "False"
	case "none":
		return "None"
	case "True", "False", "None":
		return s
	}
	if _, ok := number(s); !ok {
		p.failed = true
	}
	return s
}

func (p *parser) template() *template {
	t := &template{}
	p.must("{{")
	switch p.name() {
	case "value":
	case "value_json":
		t.json = true
		p.path(t)
	default:
		p.failed = true
	}
	for !p.failed && p.try("|") {
		if t.filters = append(t.filters, p.filter()); len(t.filters) > maxFilters {
			p.failed = true
		}
	}
	p.must("}}")
	p.skip()
	p.failed = p.failed || p.rest != ""
	return t
}

func (p *parser) path(t *template) {
	for !p.failed {
		switch {
		case p.try("."):
			t.path = append(t.path, jsonwalk.Step{Key: p.name()})
		case p.try("["):
			if key, ok := p.quoted(); ok {
				p.failed = p.failed || key == ""
				t.path = append(t.path, jsonwalk.Step{Key: key})
			} else {
				n, err := strconv.Atoi(p.name())
				p.failed = p.failed || err != nil || n < 0 || n > 1000
				t.path = append(t.path, jsonwalk.Step{Index: n})
			}
			p.must("]")
		default:
			return
		}
		p.failed = p.failed || len(t.path) > maxSteps
	}
}

func (p *parser) filter() filter {
	f := filter{name: p.name()}
	argument := ""
	given := p.try("(") && !p.try(")")
	if given {
		argument = p.literal()
		p.must(")")
	}
	switch f.name {
	case "float", "int":
		if given {
			f.fallback = &argument
		}
	case "default":
		f.fallback = &argument
		p.failed = p.failed || !given
	case "round":
		if given {
			n, err := strconv.Atoi(argument)
			p.failed = p.failed || err != nil || n < 0 || n > 12
			f.places = n
		}
	case "is_defined": // what is not there gives nothing in any case
		p.failed = p.failed || given
	default:
		p.failed = true
	}
	return f
}

// render gives the text of a payload; ok is false where it holds no such value.
func (t *template) render(payload []byte) (s string, ok bool, err error) {
	if t == nil {
		return string(payload), true, nil
	}
	if s, ok = string(payload), true; t.json {
		if !json.Valid(payload) {
			return "", false, plantroom.Errorf(plantroom.CodeInvalid, "the payload is not JSON")
		}
		s, ok = "", false
		if value := jsonwalk.Find(payload, t.path); value != nil {
			if s, ok = text(value); !ok {
				return "", false, plantroom.Errorf(plantroom.CodeInvalid, "the template leads to an object or an array")
			}
		}
	}
	for _, f := range t.filters {
		if s, ok, err = f.apply(s, ok); err != nil {
			return "", false, err
		}
	}
	return s, ok, nil
}

// apply works on a value, or on none where ok is false.
func (f *filter) apply(s string, ok bool) (string, bool, error) {
	if f.name == "is_defined" {
		return s, ok, nil
	}
	if f.name == "default" {
		if !ok {
			s = *f.fallback
		}
		return s, true, nil
	}
	v, is := number(strings.TrimSpace(s))
	switch {
	case ok && (s == "True" || s == "False"):
		v, is = 0, true
		if s == "True" {
			v = 1
		}
	case !is && f.fallback != nil:
		return *f.fallback, true, nil
	case !ok:
		return "", false, nil
	case !is:
		return "", false, plantroom.Errorf(plantroom.CodeInvalid, "%.40q is not a number", s)
	}
	switch f.name {
	case "int":
		v = math.Trunc(v)
	case "round":
		shift := math.Pow10(f.places)
		if shifted := v * shift; !math.IsInf(shifted, 0) {
			v = math.RoundToEven(shifted) / shift
		}
	}
	return strconv.FormatFloat(v, 'g', -1, 64), true, nil
}
