package integration

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom/dashboards/gen"
)

// nothingOf says why a query may have no rows, by measurement and signal. One
// that has rows all the same fails. That each signal is drawn where there are
// readings of it is tested in dashboards/gen, with readings of all of them.
var nothingOf = func() map[string]string {
	m := map[string]string{}
	for measurement, signals := range map[string]string{
		"lift":   "self_test_ok motor_current_a energy_kwh",
		"leak":   "volume_l flow_l_h distance_m temperature_c valve output driven_by override_uid reflex self_test self_test_why",
		"bin":    "tilt_deg temperature_c status mass_kg lid_open",
		"device": "online external_power bus_stuck counter_reset pulses counts uplinks_lost downlink_snr_db",
	} {
		for signal := range strings.FieldsSeq(signals) {
			m[measurement+" "+signal] = "no device of the story's estate tells it"
		}
	}
	return m
}()

// emptyColumns says why a column may be empty in every answer.
var emptyColumns = map[string]string{}

var selects = regexp.MustCompile(`"(\w+)"\)* FROM "(\w+)"`)

// of is what a query of telemetry looks at.
func of(q gen.InfluxQuery) (measurement, signal string) {
	m := selects.FindStringSubmatch(q.Query)
	if m == nil {
		return "", ""
	}
	return m[2], m[1]
}

// answer checks what came of one of our queries and returns how many rows it has.
func (a *asker) answer(t *testing.T, place string, q gen.Query, r result, c choice, number bool) (rows int) {
	t.Helper()
	a.queries++
	if r.Error != "" || r.Status != 200 || len(r.Frames) == 0 {
		t.Errorf("%s: status %d, %q (%s), %d frames", place, r.Status, r.Error, r.ErrorSource, len(r.Frames))
		return 0
	}
	used := c.of(fmt.Sprint(q.Building, q.Asset))
	for _, f := range r.Frames {
		for _, n := range f.Schema.Meta.Notices {
			if n.Severity != "info" {
				t.Errorf("%s: %s: %s", place, n.Severity, n.Text)
			}
		}
		n := 0
		if len(f.Data.Values) > 0 {
			n = len(f.Data.Values[0])
		}
		if n > 0 || len(f.Schema.Fields) > 0 {
			a.columns(t, place, q, &f, number)
		}
		for i, field := range f.Schema.Fields {
			a.within(t, place, used, field.Labels)
			a.note(q.QueryType, field.Name, f.Data.Values[i])
			if field.Name == "building" || field.Name == "asset" {
				for _, v := range f.Data.Values[i] {
					a.within(t, place, used, map[string]string{field.Name: fmt.Sprint(v)})
				}
			}
		}
		rows += n
	}
	if q.Live && !strings.HasPrefix(r.Frames[0].Schema.Meta.Channel, "ds/"+gen.PlantroomUID+"/") {
		t.Errorf("%s: the channel is %q", place, r.Frames[0].Schema.Meta.Channel)
	}
	a.rows += rows
	return rows
}

// note notes whether a column holds something.
func (a *asker) note(kind, name string, values []any) {
	if slices.ContainsFunc(values, func(v any) bool { return v != nil && v != "" && v != 0.0 && v != "{}" }) {
		a.filled[kind+" "+name] = true
	} else if key := kind + " " + name; !a.filled[key] {
		a.filled[key] = false
	}
}

// columns checks that a frame has what boards rely on, each with its heading,
// its type and its unit.
func (a *asker) columns(t *testing.T, place string, q gen.Query, f *frame, number bool) {
	t.Helper()
	for _, want := range wanted(q, number) {
		i := slices.IndexFunc(f.Schema.Fields, func(c column) bool { return c.Name == want.Name })
		if i < 0 {
			t.Errorf("%s: %s has no column %s", place, q.QueryType, want.Name)
			continue
		}
		c := f.Schema.Fields[i]
		if want.Heading != "" && c.Config.DisplayNameFromDS != want.Heading {
			t.Errorf("%s: %s calls %s %q, boards want %q", place, q.QueryType, c.Name, c.Config.DisplayNameFromDS, want.Heading)
		}
		if kind := typeOf(c.Name); c.Type != kind {
			t.Errorf("%s: %s has %s as %s, want %s", place, q.QueryType, c.Name, c.Type, kind)
		}
		if unit := unitOf(c.Name); c.Config.Unit != unit {
			t.Errorf("%s: %s has %s in %q, want %q", place, q.QueryType, c.Name, c.Config.Unit, unit)
		}
	}
}

// wanted are the columns that a query has to give.
func wanted(q gen.Query, number bool) (list []gen.Column) {
	named := func(names ...string) {
		for _, n := range names {
			list = append(list, gen.Column{Name: n})
		}
	}
	switch {
	case q.Measure != "":
		named(q.Measure)
	case number && q.QueryType == gen.SLABurndown:
		named("used")
	case number:
		named(map[string]string{gen.WorkOrders: "orders", gen.Incidents: "incidents", gen.DispatchEvents: "events", gen.SLACompliance: "share",
			gen.ContractorLeague: "breach_share", gen.AssetCurrent: "assets", gen.AssetKPI: "availability", gen.Gateways: "backlog"}[q.QueryType])
	case q.QueryType == gen.AssetState:
		named("time", "state")
	case q.QueryType == gen.SLABurndown:
		named("time", "used")
	case q.QueryType == gen.DispatchEvents:
		named("timestamp", "body", "severity", "id", "subject", "href")
	default:
		list = slices.DeleteFunc(slices.Clone(gen.Columns(q.QueryType)), func(c gen.Column) bool { return q.QueryType == gen.AssetCurrent && c.Name == "assets" })
	}
	if q.QueryType == gen.SLACompliance {
		named(q.By...)
	}
	return list
}

var (
	times   = []string{"raised", "due", "eta", "acknowledged", "attended", "restored", "verified", "closed", "time", "timeEnd", "since", "timestamp", "day", "month", "heard", "told", "silent_since"}
	numbers = []string{"used", "breached", "reopens", "floor", "level", "latitude", "longitude", "assets", "availability", "known", "faults", "share", "promised", "met",
		"open", "void", "breach_share", "orders", "declined", "reopened", "contradicted", "incidents", "events",
		"silent", "backlog", "spool_share", "quarantined", "quarantined_24h", "quarantined_15m", "spool_used_bytes", "spool_limit_bytes"}
	inSeconds = regexp.MustCompile(`_(s|p50|p90)$`)
)

func typeOf(column string) string {
	switch {
	case slices.Contains(times, column):
		return "time"
	case slices.Contains(numbers, column) || inSeconds.MatchString(column):
		return "number"
	}
	return "string"
}

func unitOf(column string) string {
	switch {
	case slices.Contains([]string{"used", "share", "breach_share", "availability", "known", "spool_share"}, column):
		return "percentunit"
	case strings.HasSuffix(column, "_bytes"):
		return "bytes"
	case inSeconds.MatchString(column):
		return "s"
	}
	return ""
}

// allFilled wants every column on which a board relies to have held something,
// somewhere: a name that two parts of the road write differently gives an empty
// column everywhere, and no error.
func (a *asker) allFilled(t *testing.T) {
	t.Helper()
	for key, ok := range a.filled {
		why, excused := emptyColumns[key]
		switch {
		case !ok && !excused:
			t.Errorf("the column %s was empty in every answer", key)
		case ok && excused:
			t.Errorf("the column %s is excused (%s), and was filled", key, why)
		}
	}
}
