package integration

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/dashboards/gen"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

// asker asks what boards ask, and keeps what came of it.
type asker struct {
	*grafana
	options  gen.Options
	queries  int             // that were asked
	rows     int             // that were answered
	filled   map[string]bool // columns of our frames, as "work_orders used", that held a value somewhere
	building map[string]string
}

func (g *grafana) asker() *asker {
	a := &asker{grafana: g, options: gen.Options{Domains: domains.All(), Devices: detect.Devices()}, filled: map[string]bool{}, building: map[string]string{}}
	for _, x := range g.Estate.Assets {
		a.building[string(x.ID)] = string(x.Building)
	}
	for _, x := range g.Estate.Gateways {
		if i := slices.IndexFunc(g.Estate.Zones, func(z plantroom.Zone) bool { return z.ID == x.Zone }); i >= 0 {
			a.building[string(x.ID)] = string(g.Estate.Zones[i].Building)
		}
	}
	return a
}

// choices are what boards are asked with: as they open, and narrowed. The asset
// board is about one asset, and is asked of one of each domain.
func choices(board string) (opened, narrowed []choice) {
	if board == gen.UID("asset") {
		for _, id := range []string{"b1-l1", "b2-l2", "b1-07a-wc", "b2-pumps", "b1-bin-4", "fire-n1"} {
			opened = append(opened, choice{"asset": {id}})
		}
		return opened, nil
	}
	return []choice{{}}, []choice{{"building": {"b1"}}, {"building": {"b1", "b3"}, "asset": {"b1-l1", "b1-l2", "b3-bin-4"}}}
}

// board asks everything that a board asks. A query has to have a row as the
// board opens; narrowed it may have none, and none of what was not chosen.
func (a *asker) board(t *testing.T, b gen.Board) {
	length, err := back(&b)
	if err != nil {
		t.Fatal(err)
	}
	to := time.Now()
	from := to.Add(-length)
	ask := func(place string, points int, targets []gen.Target, repeat string) {
		opened, narrowed := choices(b.UID)
		rows := make([]int, len(targets))
		for _, c := range opened {
			for _, c := range a.repeated(t, &b, c, repeat) {
				for i, n := range a.panel(t, place, &b, targets, c, from, to, points) {
					rows[i] += n
					if repeat != "" && n == 0 {
						t.Errorf("%s of %v has no rows", place, c)
					}
				}
			}
		}
		for i, n := range rows {
			a.demand(t, place, targets[i], n)
		}
		for _, c := range narrowed {
			for _, c := range a.repeated(t, &b, c, repeat) {
				a.panel(t, place, &b, targets, c, from, to, points)
			}
		}
	}
	for _, n := range b.Annotations.List {
		ask("annotation "+n.Name, 100, []gen.Target{n.Target}, "")
	}
	b.Each(func(p *gen.Panel) {
		if len(p.Targets) > 0 {
			points := 60 * p.GridPos.W
			if p.MaxDataPoints > 0 {
				points = p.MaxDataPoints
			}
			ask(p.Title, points, p.Targets, p.Repeat)
		}
	})
}

// repeated are the choices of a panel that is repeated for each value of a
// variable: of those that are chosen, or of all that it can have.
func (a *asker) repeated(t *testing.T, b *gen.Board, c choice, name string) []choice {
	t.Helper()
	if name == "" {
		return []choice{c}
	}
	values := c[name]
	for _, v := range b.Templating.List {
		if v.Name == name && len(values) == 0 {
			kind, building, domain, err := variableQuery(v)
			if err != nil {
				t.Fatal(err)
			}
			values = a.choicesOf(t, kind, url.Values{"building": c.list(building), "domain": c.list(domain)})
		}
	}
	var all []choice
	for _, v := range values {
		all = append(all, c.with(name, v))
	}
	if len(all) == 0 {
		t.Errorf("nothing to repeat by %s for %v", name, c)
	}
	return all
}

// panel asks a panel's queries in one request, as Grafana does, and returns how
// many rows each has.
func (a *asker) panel(t *testing.T, place string, b *gen.Board, targets []gen.Target, c choice, from, to time.Time, points int) []int {
	t.Helper()
	rows := make([]int, len(targets))
	var ours []any
	for i, target := range targets {
		switch q := target.(type) {
		case gen.Query:
			if err := q.Check(); err != nil {
				t.Errorf("%s: %v", place, err)
			}
			if sourceOf(b, q.DataSource) != gen.PlantroomUID {
				t.Errorf("%s asks the data source %s", place, q.DataSource.UID)
			}
			ours = append(ours, c.query(q, points))
		case gen.InfluxQuery:
			if sourceOf(b, q.DataSource) != gen.InfluxUID {
				t.Errorf("%s asks the data source %s", place, q.DataSource.UID)
			}
			rows[i] = a.telemetry(t, place, q, c, from, to, points)
		default:
			t.Errorf("%s asks with a %T", place, target)
		}
	}
	if len(ours) == 0 {
		return rows
	}
	got, err := a.asks(t, from, to, false, ours...)
	if err != nil {
		t.Errorf("%s of %v: %v", place, c, err)
		return rows
	}
	for i, target := range targets {
		if q, ok := target.(gen.Query); ok {
			rows[i] = a.answer(t, fmt.Sprintf("%s of %v", place, c), q, got[q.RefID], c, false)
		}
	}
	return rows
}

// telemetry asks InfluxDB.
func (a *asker) telemetry(t *testing.T, place string, q gen.InfluxQuery, c choice, from, to time.Time, points int) (rows int) {
	t.Helper()
	text, err := c.influxQL(q.Query, from, to, points)
	if err != nil {
		t.Errorf("%s: %v", place, err)
		return 0
	}
	a.queries++
	got, err := a.influx.Query(t.Context(), text)
	if err != nil {
		t.Errorf("%s: %s: %v", place, text, err)
		return 0
	}
	wantString, used := a.isText(q), c.of(q.Query)
	for _, s := range got {
		if len(s.Tags) == 0 || len(s.Columns) != 2 || s.Columns[0] != "time" {
			t.Errorf("%s: %s has the tags %v and the columns %v", place, text, s.Tags, s.Columns)
		}
		a.within(t, place, used, s.Tags)
		for _, row := range s.Rows {
			_, isTime := row[0].(plantroom.Instant)
			_, isText := row[1].(string)
			if !isTime || row[1] != nil && isText != wantString {
				t.Fatalf("%s: %s gives the row %v", place, text, row)
			}
			if row[1] != nil && row[1] != 0.0 || strings.Contains(text, "difference") || !strings.Contains(text, "count(") && row[1] != nil {
				rows++
			}
		}
	}
	a.rows += rows
	return rows
}

// isText reports whether a query gives words and no numbers.
func (a *asker) isText(q gen.InfluxQuery) bool {
	measurement, signal := of(q)
	if strings.Contains(q.Query, "count(") {
		return false
	}
	return signal == "quality" || slices.ContainsFunc(append(slices.Clone(a.options.Domains), a.options.Devices), func(d plantroom.Domain) bool {
		return d.Measurement == measurement && slices.ContainsFunc(d.Signals, func(s plantroom.Signal) bool { return s.Name == signal && s.Kind == plantroom.StringKind })
	})
}

// within complains of what is not of the chosen buildings and assets.
func (a *asker) within(t *testing.T, place string, c choice, tags map[string]string) {
	t.Helper()
	building := tags["building"]
	if building == "" {
		building = a.building[tags["asset"]]
	}
	if list := c["building"]; len(list) > 0 && building != "" && !slices.Contains(list, building) {
		t.Errorf("%s of %v shows %v", place, c, tags)
	}
	if list := c["asset"]; len(list) > 0 && tags["asset"] != "" && !slices.Contains(list, tags["asset"]) {
		t.Errorf("%s of %v shows %v", place, c, tags)
	}
}

// demand wants a row, except where there is a reason that there is none, which
// has to be true.
func (a *asker) demand(t *testing.T, place string, target gen.Target, rows int) {
	t.Helper()
	key, what := "", ""
	switch q := target.(type) {
	case gen.InfluxQuery:
		measurement, signal := of(q)
		key, what = measurement+" "+signal, q.Query
	case gen.Query:
		key, what = q.QueryType+" "+place, fmt.Sprintf("%+v", q)
	}
	why, excused := nothingOf[key]
	switch {
	case rows == 0 && !excused:
		t.Errorf("%s has no rows (%s): %s", place, key, what)
	case rows > 0 && excused:
		t.Errorf("%s has %d rows, and is excused: %s", place, rows, why)
	case excused:
		t.Logf("%s has no rows: %s", place, why)
	}
}
