package integration

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"plantroom/dashboards/gen"
)

// choice is what a board's variables stand at; one that is missing stands at All.
type choice map[string][]string

func (c choice) with(name, value string) choice {
	n := choice{name: {value}}
	for k, v := range c {
		if k != name {
			n[k] = v
		}
	}
	return n
}

// of is what is chosen by the variables that a text names.
func (c choice) of(text string) choice {
	used := choice{}
	for name, values := range c {
		if strings.Contains(text, "$"+name) || strings.Contains(text, "${"+name) {
			used[name] = values
		}
	}
	return used
}

// list is what our front end makes of a list in a query: a variable's values,
// and of All no filter.
func (c choice) list(entries []string) []string {
	var all []string
	for _, e := range entries {
		name, variable := strings.CutPrefix(e, "$")
		if !variable {
			all = append(all, e)
			continue
		}
		if len(c[name]) == 0 {
			return nil
		}
		all = append(all, c[name]...)
	}
	return all
}

// query is one of ours, as the front end sends it to Grafana.
func (c choice) query(q gen.Query, points int) any {
	for _, l := range []*[]string{&q.Building, &q.Asset, &q.Domain, &q.Contractor, &q.Severity, &q.Rule, &q.Clock, &q.Order, &q.State} {
		*l = c.list(*l)
	}
	q.DataSource = gen.Ref{Type: gen.PlantroomPlugin, UID: gen.PlantroomUID}
	return struct {
		gen.Query
		MaxDataPoints int `json:"maxDataPoints"`
		IntervalMS    int `json:"intervalMs"`
	}{q, points, 60_000}
}

// regex is what Grafana makes of ${name:regex}: the custom value of All as it
// stands, one value with what is special escaped, several as alternatives.
func (c choice) regex(name string) string {
	values := c[name]
	if len(values) == 0 {
		return ".*"
	}
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = regexp.QuoteMeta(v)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

var (
	asRegex  = regexp.MustCompile(`\$\{(\w+):regex\}`)
	leftOver = regexp.MustCompile(`\$[{\w]`)
)

// influxQL is what Grafana's InfluxDB data source sends of a query.
func (c choice) influxQL(q string, from, to time.Time, points int) (string, error) {
	q = asRegex.ReplaceAllStringFunc(q, func(v string) string { return c.regex(asRegex.FindStringSubmatch(v)[1]) })
	q = strings.NewReplacer("$timeFilter", fmt.Sprintf("time >= %dms and time <= %dms", from.UnixMilli(), to.UnixMilli()),
		"$__interval", interval(to.Sub(from), points)).Replace(q)
	if v := leftOver.FindString(q); v != "" {
		return "", fmt.Errorf("a variable is left over: %s", q)
	}
	return q, nil
}

// interval is how far apart values are where a panel has so many points, a
// minute at least: all our panels say so.
func interval(span time.Duration, points int) string {
	for _, step := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour} {
		if span/step <= time.Duration(points) {
			return fmt.Sprintf("%dm", int(step.Minutes()))
		}
	}
	return "1440m"
}

// sourceOf is the uid of the data source that a target asks: in a board that
// was imported, of the one that was chosen for its input or variable.
func sourceOf(b *gen.Board, ref gen.Ref) string {
	for _, in := range b.Inputs {
		if ref.UID == "${"+in.Name+"}" && in.PluginID == gen.PlantroomPlugin {
			return gen.PlantroomUID
		}
	}
	for _, v := range b.Templating.List {
		if ref.UID == "${"+v.Name+"}" && v.Type == "datasource" && v.Query == gen.InfluxPlugin {
			return gen.InfluxUID
		}
	}
	return ref.UID
}

// back is how long before now a board or an alert begins.
func back(b *gen.Board) (time.Duration, error) {
	var n int
	var unit rune
	if _, err := fmt.Sscanf(b.Time.From, "now-%d%c", &n, &unit); err != nil || b.Time.To != "now" {
		return 0, fmt.Errorf("the range %s to %s: %v", b.Time.From, b.Time.To, err)
	}
	switch unit {
	case 'h':
		return time.Duration(n) * time.Hour, nil
	case 'd':
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return 0, fmt.Errorf("the range %s", b.Time.From)
}

// variableQuery is what a board's variable asks, read from its JSON as the front end reads it.
func variableQuery(v gen.Variable) (kind string, building, domain []string, err error) {
	text, err := json.Marshal(v.Query)
	if err != nil {
		return "", nil, nil, err
	}
	var q struct {
		Variable         string
		Building, Domain []string
	}
	err = json.Unmarshal(text, &q)
	return q.Variable, q.Building, q.Domain, err
}
