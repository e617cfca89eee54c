package icalendar

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of what is read.
const (
	MaxSize        = 1 << 20 // bytes
	MaxEvents      = 2000    // events, each occurrence of a recurring one counted
	maxLine        = 8 << 10 // bytes of a line, unfolded
	maxDepth       = 8       // components in components
	maxParams      = 20      // of one property
	maxFaults      = 20      // then reading ends
	maxExceptions  = 1000    // dates that one event leaves out or adds
	maxRuleLength  = 500     // bytes
	maxRuleEntries = 64      // of a part of a rule
)

// Fault is something in a calendar that cannot be taken.
type Fault struct {
	Line    int // from 1
	Problem string
	Remedy  string
}

// Error gives "line 7: problem; remedy".
func (f Fault) Error() string { return fmt.Sprintf("line %d: %s; %s", f.Line, f.Problem, f.Remedy) }

// Faults is all that is wrong with a calendar, in its order.
type Faults []Fault

// Error gives the faults, a line each.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// property is one content line: NAME;PARAM=VALUE:value.
type property struct {
	line   int
	name   string // in capitals
	params map[string]string
	value  string
}

// logical is a line with what was folded.
type logical struct {
	number int
	text   string
}

// unfold puts folded lines together, and takes LF for CRLF.
func unfold(src []byte) ([]logical, *Fault) {
	switch {
	case len(src) > MaxSize:
		return nil, &Fault{1, fmt.Sprintf("the calendar has %d bytes", len(src)), fmt.Sprintf("export a shorter time: at most %d bytes are read", MaxSize)}
	case !utf8.Valid(src):
		return nil, &Fault{1, "the calendar is not UTF-8", "export it as UTF-8"}
	}
	var out []logical
	number := 0
	for raw := range strings.Lines(strings.TrimPrefix(string(src), "\uFEFF")) {
		number++
		l := strings.TrimRight(raw, "\r\n")
		switch {
		case l == "":
		case (l[0] == ' ' || l[0] == '\t') && len(out) > 0:
			if len(out[len(out)-1].text)+len(l) > maxLine {
				return nil, &Fault{number, "a line is too long", fmt.Sprintf("at most %d bytes are read", maxLine)}
			}
			out[len(out)-1].text += l[1:]
		case len(l) > maxLine:
			return nil, &Fault{number, "a line is too long", fmt.Sprintf("at most %d bytes are read", maxLine)}
		default:
			out = append(out, logical{number, l})
		}
	}
	return out, nil
}

// parse takes a content line apart: RFC 5545 section 3.1.
func parse(l logical) (property, *Fault) {
	p := property{line: l.number, params: map[string]string{}}
	i := strings.IndexAny(l.text, ":;")
	if i <= 0 {
		return p, &Fault{l.number, "this is no content line", "a calendar is made of NAME:value"}
	}
	p.name = strings.ToUpper(l.text[:i])
	rest := l.text[i:]
	for rest[0] == ';' {
		name, after, ok := strings.Cut(rest[1:], "=")
		if !ok || len(p.params) == maxParams {
			return p, &Fault{l.number, "the parameters of " + p.name + " cannot be read", "write NAME;PARAMETER=value:value"}
		}
		value, more := paramValue(after)
		if more == "" {
			return p, &Fault{l.number, "the parameters of " + p.name + " do not end", "write NAME;PARAMETER=value:value"}
		}
		p.params[strings.ToUpper(name)] = value
		rest = more
	}
	p.value = rest[1:]
	return p, nil
}

// paramValue cuts a parameter's value, of several the whole list, from what
// follows; "": nothing does.
func paramValue(s string) (value, rest string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case !quoted && (s[i] == ';' || s[i] == ':'):
			return strings.ReplaceAll(s[:i], `"`, ""), s[i:]
		}
	}
	return "", ""
}

// unescape reads a value of type TEXT.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'n' || s[i] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
