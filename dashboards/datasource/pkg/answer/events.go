package answer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/query"
)

// dispatchEvents is a log line for each row of the ledger that tells of orders,
// incidents and gateways. For an alert it is their number.
var dispatchEvents = Type{
	Name: "dispatch_events", Thing: "events", Log: true,
	Filters:  []string{"building", "asset", "domain", "contractor", "severity", "rule", "order", "subject"},
	Measures: []string{"events"},
	frames:   eventFrames,
}

// maxSubjects is how many orders events can be asked of: each is a request.
const maxSubjects = 10

func eventFrames(ctx context.Context, a *asked) (answered, error) {
	e := EventsOf(a.Desk, a.Question)
	limit := a.limit()
	if a.Number {
		limit = 1000
	}
	got, err := e.read(ctx, limit)
	if err != nil {
		return answered{}, err
	}
	if a.Number {
		return answered{number(a.Name, "events", int64(len(got.Rows))), got.unknown, got.More, len(got.Rows) == 0}, nil
	}
	return answered{data.Frames{EventFrame(a.Desk, got.Rows)}, got.unknown, got.More, false}, nil
}

// Events is what a stream of events follows.
type Events struct {
	desk     Desk
	filter   api.Filter
	subjects []string // none: of everything
}

// EventsOf is what a query of events asks for. The range of a stream has no end.
func EventsOf(d Desk, q Question) Events {
	a := asked{Desk: d, Question: q}
	e := Events{desk: d, filter: a.filter(), subjects: q.Query.Order}
	if s := q.Query.Subject; s != "" && !slices.Contains(e.subjects, s) {
		e.subjects = append(slices.Clone(e.subjects), s)
	}
	return e
}

// Happened is a part of the ledger.
type Happened struct {
	Rows []api.Entry // the oldest first
	Next int64       // behind it the story goes on
	More bool        // and there is some of it already, or, of the newest ones, some before

	unknown []string
}

// Newest returns the newest events of the range, at most limit, and behind which
// number of the whole ledger a stream goes on.
func (e Events) Newest(ctx context.Context, limit int) (Happened, error) {
	if len(e.subjects) == 0 {
		return e.read(ctx, limit)
	}
	// What the ledger has now, before any of the subjects is asked for: what happens
	// meanwhile comes later, and what happened long ago does not come as new.
	_, next, err := e.page(ctx, api.EventsQuery{Filter: api.Filter{From: e.filter.From, To: e.filter.To}, Limit: 1})
	if err != nil {
		return Happened{}, err
	}
	h, err := e.read(ctx, limit)
	h.Rows = slices.DeleteFunc(h.Rows, func(r api.Entry) bool { return r.Seq > next })
	h.Next = next
	return h, err
}

// After returns at most limit events that follow one. The range counts no more:
// a stream has no end. Subjects are picked here, out of one page: several pages
// would be of several moments, and what happened between them be missed.
func (e Events) After(ctx context.Context, seq int64, limit int) (Happened, error) {
	e.filter.From, e.filter.To = time.Time{}, time.Time{}
	page, next, err := e.page(ctx, api.EventsQuery{Filter: e.filter, After: &seq, Limit: limit})
	if err != nil {
		return Happened{}, err
	}
	return Happened{Rows: slices.DeleteFunc(page.Items, func(r api.Entry) bool {
		return len(e.subjects) > 0 && !slices.Contains(e.subjects, r.Subject)
	}), Next: next, More: page.More, unknown: page.Unknown}, nil
}

// page asks for one page, and for where the story goes on behind it.
func (e Events) page(ctx context.Context, q api.EventsQuery) (api.Answer[api.Entry], int64, error) {
	page, err := e.desk.API.Events(ctx, q)
	if err != nil {
		return page, 0, err
	}
	next, err := strconv.ParseInt(string(page.Next), 10, 64)
	if err != nil {
		return page, 0, &api.Error{Status: 502, Text: fmt.Sprintf("Plantroom at %s does not say where its events go on: its version may not fit", e.desk.API.Address())}
	}
	return page, next, nil
}

// read returns the newest events of the range, of each subject where there are some.
func (e Events) read(ctx context.Context, limit int) (h Happened, err error) {
	if len(e.subjects) > maxSubjects {
		return h, &query.Error{Text: fmt.Sprintf("dispatch_events is asked of %d orders, %d at most are read: choose fewer, or All", len(e.subjects), maxSubjects)}
	}
	subjects := e.subjects
	if len(subjects) == 0 {
		subjects = []string{""}
	}
	for _, s := range subjects {
		page, next, err := e.page(ctx, api.EventsQuery{Filter: e.filter, Subject: s, Limit: limit})
		if err != nil {
			return h, err
		}
		h.Rows = append(h.Rows, page.Items...)
		h.Next, h.More = max(h.Next, next), h.More || page.More
		for _, u := range page.Unknown {
			if !slices.Contains(h.unknown, u) {
				h.unknown = append(h.unknown, u)
			}
		}
	}
	slices.SortStableFunc(h.Rows, func(x, y api.Entry) int { return cmp.Compare(x.Seq, y.Seq) })
	if n := len(h.Rows) - limit; n > 0 {
		h.Rows, h.More = h.Rows[n:], true // the newest
	}
	return h, nil
}

// EventFrame is the frame of events, in the fields of Grafana's log lines.
// Rows are told apart by id, so that one that comes twice is shown once.
func EventFrame(d Desk, rows []api.Entry) *data.Frame {
	f := frame("dispatch_events", data.FrameTypeLogLines,
		column("timestamp", rows, func(e *api.Entry) time.Time { return e.At }),
		column("body", rows, func(e *api.Entry) string { return string(e.Text) }),
		column("severity", rows, func(e *api.Entry) string { return e.Level }),
		column("id", rows, func(e *api.Entry) string { return strconv.FormatInt(e.Seq, 10) }),
		column("labels", rows, eventLabels),
		column("subject", rows, func(e *api.Entry) string { return e.Subject }, named("Subject"), d.link("Open it", toHref)),
		column("href", rows, func(e *api.Entry) string { return path(e.Href) }, hidden),
	)
	f.Meta.TypeVersion = data.FrameTypeVersion{0, 0}
	f.Meta.PreferredVisualization = data.VisTypeLogs
	f.Meta.UniqueRowIDFields = []int{3}
	return f
}

func eventLabels(e *api.Entry) json.RawMessage {
	b, err := json.Marshal(map[string]string{"kind": e.Kind, "subject": e.Subject, "actor": e.Actor})
	if err != nil { // strings can always be written
		return json.RawMessage("{}")
	}
	return b
}
