// Package answer turns one query into Grafana's frames: a file for each type of
// query, and Types, the list of them.
//
// It asks the server and lays out what it says. It computes no figure of its
// own but counts of rows, reads no settings and knows nothing of gRPC.
package answer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/query"
)

// Type is one kind of query.
type Type struct {
	Name     string
	Thing    string   // what a row is, in the plural, for messages
	Filters  []string // the fields by which it can be narrowed
	Now      bool     // it tells of the present: the range of time is not looked at
	Log      bool     // the newest rows are what is looked for: that there were more before is in order
	Measures []string // the numbers that an alert can take, the first is the usual one; none: it has no number
	frames   func(context.Context, *asked) (answered, error)
}

// Types lists every type of query, in the order of the editor.
func Types() []Type {
	return []Type{workOrders, incidents, slaCompliance, contractorLeague, slaBurndown, assetState, assetCurrent, assetKPI, gateways, dispatchEvents}
}

// Question is a query with what Grafana says around it.
type Question struct {
	Query     query.Query
	Ignored   []string // fields of it that nobody knows
	From, To  time.Time
	MaxPoints int64 // about as many as the panel has pixels; 0: unknown
	Number    bool  // asked by an alert or an expression, which take one number for each row
}

// Desk is whom to ask, and where people find its pages.
type Desk struct {
	API    *api.Client
	Public string // address of Plantroom's pages for browsers, without a slash at its end
}

// asked is a question on its way.
type asked struct {
	Desk
	Question
	Type
	zone *time.Location
}

// answered is what a type gives back: at least one frame, with all its columns
// also where there are no rows.
type answered struct {
	frames  data.Frames
	unknown []string
	more    bool // there is more than the limit
	empty   bool // there is nothing, although a row says so
}

// maxUnknown is how many unknown ids are named.
const maxUnknown = 10

// Ask answers a question. Errors are *query.Error, where the question is at
// fault, and *api.Error.
func Ask(ctx context.Context, d Desk, q Question) (data.Frames, error) {
	a := asked{Desk: d, Question: q, zone: time.UTC}
	i := slices.IndexFunc(Types(), func(t Type) bool { return t.Name == q.Query.Type })
	if i < 0 {
		return nil, unknownType(q.Query.Type)
	}
	a.Type = Types()[i]
	if err := a.check(); err != nil {
		return nil, err
	}
	got, err := a.frames(ctx, &a)
	if err != nil {
		return nil, err
	}
	if q.Number && len(got.unknown) > 0 { // it would look healthy for ever
		return nil, &query.Error{Text: unknownIDs(got.unknown) + ": correct the query"}
	}
	a.explain(got)
	return got.frames, nil
}

func unknownType(name string) error {
	var known []string
	for _, t := range Types() {
		known = append(known, t.Name)
	}
	what := "the query has no type"
	if name != "" {
		what = fmt.Sprintf("this data source has no query type %q: it may come from a newer version, then update the plugin", name)
	}
	return &query.Error{Text: what + "; the types are " + strings.Join(known, ", ")}
}

// check says what is wrong with a question, before the server is asked.
func (a *asked) check() error {
	for _, f := range a.Query.Used() {
		if !slices.Contains(a.Filters, f) {
			return &query.Error{Text: fmt.Sprintf("%s cannot be narrowed by %q: it takes %s", a.Name, f, strings.Join(a.Filters, ", "))}
		}
	}
	if m := a.Query.Measure; m != "" && !slices.Contains(a.Measures, m) {
		return &query.Error{Text: fmt.Sprintf("%s has no number %q: %s", a.Name, m, a.numbers())}
	}
	if a.Number && len(a.Measures) == 0 {
		return &query.Error{Text: fmt.Sprintf("%s %s, so neither an alert nor an expression can use it: take asset_current or asset_kpi", a.Name, a.numbers())}
	}
	if a.Number && len(a.Ignored) > 0 { // a filter that is misspelt would watch something else
		return &query.Error{Text: a.ignored() + ": correct the query"}
	}
	if a.Query.Measure != "" {
		a.Number = true
	} else if a.Number {
		a.Query.Measure = a.Measures[0]
	}
	if a.Now {
		return nil
	}
	return query.Range(a.From, a.To)
}

func (a *asked) numbers() string {
	if len(a.Measures) == 0 {
		return "gives no numbers"
	}
	return "it has " + strings.Join(a.Measures, ", ")
}

func (a *asked) ignored() string {
	return fmt.Sprintf("nobody knows the query's field %s", strings.Join(a.Ignored, ", "))
}

func unknownIDs(ids []string) string {
	more := ""
	if len(ids) > maxUnknown {
		more = fmt.Sprintf(" and %d more", len(ids)-maxUnknown)
		ids = ids[:maxUnknown]
	}
	return "the estate has no " + strings.Join(ids, ", ") + more
}

// explain puts into notices what a panel cannot show.
func (a *asked) explain(got answered) {
	first := got.frames[0]
	warn := func(text string) {
		first.AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: text})
	}
	if len(got.unknown) > 0 {
		warn(unknownIDs(got.unknown) + ", so nothing is shown of it")
	}
	if len(a.Ignored) > 0 {
		warn(a.ignored() + "; it was left out")
	}
	switch {
	case got.more && a.Log && !a.Number:
		first.AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: fmt.Sprintf("these are the newest %s: what was before is not shown", a.Thing)})
	case got.more:
		warn(fmt.Sprintf("there are more %s than are shown: choose a shorter range or a higher limit", a.Thing))
	}
	rows := 0
	for _, f := range got.frames {
		rows += f.Rows()
	}
	if rows == 0 || got.empty {
		first.AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: a.nothing()})
	}
}

// nothing says that there is nothing, so that an empty panel does not look as
// if it had not been asked.
func (a *asked) nothing() string {
	what := "no " + a.Thing
	used := slices.DeleteFunc(a.Query.Used(), func(f string) bool { return f == "by" }) // which narrows nothing
	if len(used) > 0 {
		what += " that fit " + strings.Join(used, ", ")
	}
	if a.Now || a.Query.Open {
		return what + " now"
	}
	return fmt.Sprintf("%s between %s and %s", what, a.From.UTC().Format(moment), a.To.UTC().Format(moment))
}

const moment = "2006-01-02 15:04 MST"

// filter is the question's part that the server narrows by.
func (a *asked) filter() api.Filter {
	q := &a.Query
	return api.Filter{From: a.From, To: a.To, Building: q.Building, Asset: q.Asset, Domain: q.Domain, Contractor: q.Contractor, Severity: q.Severity, Rule: q.Rule}
}

// limit is how many rows are asked for.
func (a *asked) limit() int {
	if a.Query.Limit > 0 {
		return a.Query.Limit
	}
	return 100
}
