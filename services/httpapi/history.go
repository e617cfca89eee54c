package httpapi

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"plantroom"
	"plantroom/services/history"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/problem"
)

// History answers what is asked of the past: a history.Follower.
type History interface {
	// Read lets f ask, and returns up to when the store was followed; CodeUnavailable
	// while it is read for the first time.
	Read(f func(*history.Table) error) (asOf plantroom.Instant, err error)
}

// historyNeed is who may ask of the past.
const historyNeed = guard.Viewer

// The parameters that questions share.
var (
	ofPlaces = []string{"building", "asset", "domain"}
	ofOrders = append(slices.Clip(ofPlaces), "contractor", "severity", "rule")
	ofRange  = []string{"from", "to"}
)

// historyRoutes lists what boards ask.
func (a *API) historyRoutes() []guard.Route {
	route := func(name string, f answer, params ...[]string) guard.Route {
		return guard.Route{Pattern: "GET /api/v1/history/" + name, Need: historyNeed, Handler: a.handler(a.later(f), slices.Concat(params...))}
	}
	return []guard.Route{
		route("orders", a.pastOrders, ofRange, ofOrders, []string{"open", "state", "limit", "before"}),
		route("incidents", a.pastIncidents, ofRange, ofOrders, []string{"limit"}),
		route("compliance", a.compliance, ofRange, ofOrders, []string{"clock", "by"}),
		route("league", a.league, ofRange, ofOrders),
		route("burndown", a.burndown, ofRange, ofOrders, []string{"order", "clock", "points"}),
		route("states", a.states, ofRange, ofPlaces),
		route("now", a.statesNow, ofPlaces),
		route("kpi", a.kpi, ofRange, ofPlaces),
		route("gateways", a.pastGateways, []string{"building"}),
		route("events", a.pastEvents, ofRange, ofOrders, []string{"after", "limit", "subject"}),
	}
}

// retryAfter is when to ask again while the history is being read, in seconds.
const retryAfter = "5"

// later tells whoever comes too early when to come again. The log has its own
// word on it: boards ask all the time.
func (a *API) later(f answer) answer {
	quiet := slog.New(slog.DiscardHandler)
	return func(w http.ResponseWriter, r *http.Request, q *query) error {
		if _, err := a.opt.History.Read(func(*history.Table) error { return nil }); err != nil && plantroom.CodeOf(err) == plantroom.CodeUnavailable {
			w.Header().Set("Retry-After", retryAfter)
			problem.Write(w, r, quiet, err)
			return nil
		}
		return f(w, r, q)
	}
}

// past is the envelope of what is answered about the past. Unknown names the ids
// that were asked for and that nobody knows.
type past[T any] struct {
	Items   []T               `json:"items"`
	Unknown []string          `json:"unknown"`
	AsOf    plantroom.Instant `json:"as_of"`
	Next    string            `json:"next,omitempty"` // the cursor of the next page
	More    bool              `json:"more,omitempty"` // there is more than fits; there is no next page
}

// ask puts a question about what a filter selects, and fills in the envelope.
func ask[T any](a *API, q *query, f *history.Filter, question func(*history.Table, *history.Book) ([]T, error)) (p past[T], err error) {
	if q.err != nil {
		return p, q.err
	}
	book, err := a.books.of(a.opt.Estate(), a.opt.Domains)
	if err != nil {
		return p, err
	}
	p.AsOf, err = a.opt.History.Read(func(t *history.Table) (err error) {
		p.Unknown = t.Unknown(book, f)
		p.Items, err = question(t, book)
		return err
	})
	if p.Items == nil {
		p.Items = []T{}
	}
	return p, err
}

// books holds the Book of the present estate.
type books struct {
	mu     sync.Mutex
	estate *plantroom.Estate
	book   *history.Book
}

func (b *books) of(e *plantroom.Estate, domains []plantroom.Domain) (*history.Book, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.estate != e {
		book, err := history.NewBook(e, domains)
		if err != nil {
			return nil, err
		}
		b.estate, b.book = e, book
	}
	return b.book, nil
}

// The bounds of questions.
const (
	maxIDs   = 1000                  // of one kind
	maxRange = 3654 * 24 * time.Hour // ten years and a day
)

// span reads the range that a question is about.
func (q *query) span() (from, to plantroom.Instant) {
	from, to = q.instant("from"), q.instant("to")
	for _, name := range ofRange {
		if q.err == nil && q.values.Get(name) == "" {
			q.err = plantroom.Errorf(plantroom.CodeInvalid, "query parameter %q is missing: this question is about a time, as in from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z", name)
		}
	}
	if from.IsZero() { // the first moment of 1970, which would be taken for no time, and written as none
		from++
	}
	if q.err == nil && (to <= from || to.Sub(from) > maxRange) {
		q.err = plantroom.Errorf(plantroom.CodeInvalid, "the time from %s to %s is empty or longer than ten years: ask for a shorter one", from, to)
	}
	return from, to
}

// filter reads what a question is about; of a parameter that the route does not
// take there is none.
func (q *query) filter() history.Filter {
	f := history.Filter{Buildings: ids[plantroom.BuildingID](q, "building", maxIDs), Assets: ids[plantroom.AssetID](q, "asset", maxIDs),
		Domains: ids[plantroom.DomainName](q, "domain", maxIDs), Contractors: ids[plantroom.ContractorID](q, "contractor", maxIDs),
		Rules: ids[plantroom.RuleID](q, "rule", maxIDs)}
	for _, word := range oneOf(q, "severity", []string{"low", "medium", "high", "life"}) {
		var s plantroom.Severity
		_ = s.UnmarshalText([]byte(word)) // it is one of them
		f.Severities = append(f.Severities, s)
	}
	return f
}

// ids reads a list of ids with commas between them.
func ids[T ~string](q *query, name string, most int) []T {
	v := q.values.Get(name)
	if v == "" {
		return nil
	}
	if n := strings.Count(v, ",") + 1; n > most {
		if q.err == nil {
			q.err = plantroom.Errorf(plantroom.CodeInvalid, "query parameter %q lists %d ids, and %d at most are taken: leave it out to ask for all", name, n, most)
		}
		return nil
	}
	var out []T
	for id := range strings.SplitSeq(v, ",") {
		if plantroom.ValidID(id) != nil {
			q.fail(name, "ids of a-z 0-9 - _ . with commas between them")
			return nil
		}
		out = append(out, T(id))
	}
	return out
}
