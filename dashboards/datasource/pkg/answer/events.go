package answer

import (
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
	Name: "dispatch_events", Thing: "events",
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
	rows, unknown, err := e.read(ctx, nil, limit)
	if err != nil {
		return answered{}, err
	}
	more := len(rows) >= limit
	if a.Number {
		return answered{number(a.Name, "events", int64(len(rows))), unknown, more, len(rows) == 0}, nil
	}
	return answered{data.Frames{EventFrame(a.Desk, rows)}, unknown, more, false}, nil
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

// After returns at most limit events that follow one, the oldest first; nil:
// the newest that there are.
func (e Events) After(ctx context.Context, seq *int64, limit int) ([]api.Entry, error) {
	rows, _, err := e.read(ctx, seq, limit)
	return rows, err
}

func (e Events) read(ctx context.Context, after *int64, limit int) (rows []api.Entry, unknown []string, err error) {
	if len(e.subjects) > maxSubjects {
		return nil, nil, &query.Error{Text: fmt.Sprintf("dispatch_events is asked of %d orders, %d at most are read: choose fewer, or All", len(e.subjects), maxSubjects)}
	}
	subjects := e.subjects
	if len(subjects) == 0 {
		subjects = []string{""}
	}
	for _, s := range subjects {
		page, err := e.desk.API.Events(ctx, api.EventsQuery{Filter: e.filter, After: after, Subject: s, Limit: limit})
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, page.Items...)
		for _, u := range page.Unknown {
			if !slices.Contains(unknown, u) {
				unknown = append(unknown, u)
			}
		}
	}
	slices.SortStableFunc(rows, func(x, y api.Entry) int { return int(max(min(x.Seq-y.Seq, 1), -1)) })
	switch {
	case len(rows) <= limit:
	case after == nil:
		rows = rows[len(rows)-limit:] // the newest
	default:
		rows = rows[:limit] // those that follow at once
	}
	return rows, unknown, nil
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
