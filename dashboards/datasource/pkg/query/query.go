// Package query reads what a panel's target, an annotation or an alert asks
// for, and puts variables' values in their place. What it gives is bounded and
// safe to be sent to a server.
//
// It does not know which kinds of query there are, nor what each can be
// narrowed by: package answer does.
package query

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Query is one query, decoded. Empty means: not narrowed by that.
type Query struct {
	Type       string
	Building   []string
	Asset      []string
	Domain     []string
	Contractor []string
	Severity   []string
	Rule       []string
	Clock      []string
	Order      []string
	State      []string
	By         []string
	Subject    string
	Measure    string // which number an alert takes
	Open       bool
	Live       bool
	Limit      int // 0: the type's own
	Points     int // 0: as many as the panel has pixels for
}

// The limits of a query.
const (
	MaxBytes  = 1 << 20 // of its JSON; 10,000 asset ids are about 200 kB
	MaxValues = 1000    // in a list, after its variables were put in
	maxValue  = 64      // bytes, as the server's ids
)

// Error says what is wrong with a query, and what to do.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

func errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// grafanas are the fields with which Grafana itself dresses queries.
var grafanas = []string{"refId", "queryType", "datasource", "datasourceId", "datasourceUid", "intervalMs", "maxDataPoints", "hide", "key",
	"expression", "timeRange", "queryCachingTTL", "resultAssertions", "format", "model", "legendFormat", "range", "scenarioId", "type"}

// Decode reads a query's JSON. ignored names fields that nobody knows: a
// misspelt filter must not go unnoticed.
func Decode(raw json.RawMessage) (q Query, ignored []string, err error) {
	if len(raw) > MaxBytes {
		return q, nil, errorf("the query is %d kB long, %d kB at most are read: let a variable have fewer values or choose All", len(raw)>>10, MaxBytes>>10)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return q, nil, errorf("the query is not a JSON object: open it in the editor and save it again")
	}
	lists := q.lists()
	for name, v := range fields {
		if string(v) == "null" {
			continue
		}
		var bad error
		switch name {
		case "queryType":
			q.Type, bad = word(name, v)
		case "subject":
			q.Subject, bad = word(name, v)
		case "measure":
			q.Measure, bad = word(name, v)
		case "open":
			q.Open, bad = flag(name, v)
		case "live":
			q.Live, bad = flag(name, v)
		case "limit":
			q.Limit, bad = count(name, v, 1, 1000)
		case "points":
			q.Points, bad = count(name, v, 2, 500)
		default:
			if l, ok := lists[name]; ok {
				*l, bad = values(name, v)
			} else if !slices.Contains(grafanas, name) {
				ignored = append(ignored, clip(name))
			}
		}
		if bad != nil && (err == nil || bad.Error() < err.Error()) {
			err = bad // the first by its text: the order of a map is none
		}
	}
	slices.Sort(ignored)
	return q, ignored[:min(len(ignored), 10)], err
}

func (q *Query) lists() map[string]*[]string {
	return map[string]*[]string{"building": &q.Building, "asset": &q.Asset, "domain": &q.Domain, "contractor": &q.Contractor,
		"severity": &q.Severity, "rule": &q.Rule, "clock": &q.Clock, "order": &q.Order, "state": &q.State, "by": &q.By}
}

// Used names the filters that a query has, sorted.
func (q *Query) Used() []string {
	var names []string
	for name, l := range q.lists() {
		if len(*l) > 0 {
			names = append(names, name)
		}
	}
	if q.Subject != "" {
		names = append(names, "subject")
	}
	if q.Open {
		names = append(names, "open")
	}
	slices.Sort(names)
	return names
}

func word(name string, v json.RawMessage) (string, error) {
	var s string
	if json.Unmarshal(v, &s) != nil {
		return "", errorf("the query's field %q has to be a word", name)
	}
	if s = strings.TrimSpace(s); s == "" {
		return "", nil
	}
	if name == "queryType" {
		return clip(s), nil // whoever knows the types says what is wrong with it
	}
	return s, valid(name, s)
}

func flag(name string, v json.RawMessage) (bool, error) {
	var b bool
	if json.Unmarshal(v, &b) != nil {
		return false, errorf("the query's field %q has to be true or false", name)
	}
	return b, nil
}

func count(name string, v json.RawMessage, least, most int) (int, error) {
	var n float64
	if json.Unmarshal(v, &n) != nil || n != float64(int(n)) || int(n) < least || int(n) > most {
		return 0, errorf("the query's field %q has to be a number from %d to %d", name, least, most)
	}
	return int(n), nil
}

func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}
