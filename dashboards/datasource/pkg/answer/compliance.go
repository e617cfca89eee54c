package answer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
	"plantroom/dashboards/datasource/pkg/query"
)

// slaCompliance counts how windows were kept, a row for each group.
var slaCompliance = Type{
	Name: "sla_compliance", Thing: "promised windows",
	Filters:  []string{"by", "building", "asset", "domain", "contractor", "severity", "rule", "clock"},
	Measures: []string{"share", "breached", "met", "promised", "open", "void"},
	frames:   complianceFrames,
}

// groups are the words of by. A day and a month become a time.
var groups = []string{"contractor", "clock", "domain", "building", "severity", "asset", "rule", "day", "month"}

// names is what goes with ids, for people.
var names = map[string]string{"contractor": "contractor_name", "building": "building_name", "asset": "asset_name", "rule": "title"}

// Groups lists the words that a query's field by takes.
func Groups() []string { return slices.Clone(groups) }

func complianceFrames(ctx context.Context, a *asked) (answered, error) {
	for _, by := range a.Query.By {
		if !slices.Contains(groups, by) {
			return answered{}, &query.Error{Text: fmt.Sprintf("sla_compliance cannot be grouped by %q: it takes %s", by, strings.Join(groups, ", "))}
		}
	}
	if err := a.locate(ctx); err != nil {
		return answered{}, err
	}
	page, err := a.API.Compliance(ctx, a.filter(), a.Query.Clock, a.Query.By)
	if err != nil {
		return answered{}, err
	}
	f, err := a.complianceFrame(page.Items)
	return answered{data.Frames{f}, page.Unknown, false, false}, err
}

// locate finds out in which zone the estate's days begin.
func (a *asked) locate(ctx context.Context) error {
	if !slices.Contains(a.Query.By, "day") && !slices.Contains(a.Query.By, "month") {
		return nil
	}
	e, err := a.API.Estate(ctx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(e.Zone)
	if err != nil || e.Zone == "" { // in another zone the bars would stand under other days
		return &api.Error{Status: 502, Text: fmt.Sprintf("the estate of Plantroom at %s is in the time zone %q, which this data source does not know: correct it in the estate's file, or update the plugin", a.API.Address(), clip(e.Zone))}
	}
	a.zone = zone
	return nil
}

func (a *asked) complianceFrame(rows []api.Compliance) (*data.Frame, error) {
	var times, whose []*data.Field
	for _, by := range a.Query.By {
		if layout := layouts[by]; layout != "" {
			if len(times) > 0 {
				return nil, &query.Error{Text: "sla_compliance is grouped by day or by month, not by both: leave one out"}
			}
			at, err := a.days(by, layout, rows)
			if err != nil {
				return nil, err
			}
			times = append(times, at)
			continue
		}
		whose = append(whose, key(by, rows))
		if called := names[by]; called != "" {
			whose = append(whose, key(called, rows))
		}
	}
	f := chosen(a.Name, append(times, whose...), complianceNumbers(rows), a.Query.Measure)
	switch {
	case len(times) > 0 && len(whose) > 0:
		f.Meta.Type = data.FrameTypeTimeSeriesLong
	case len(times) > 0:
		f.Meta.Type = data.FrameTypeTimeSeriesWide
	case len(whose) == 0:
		f.Meta.Type = data.FrameTypeNumericWide
	}
	return f, nil
}

func complianceNumbers(rows []api.Compliance) []*data.Field {
	return []*data.Field{
		column("share", rows, func(c *api.Compliance) *float64 { return c.Share }, named("Kept"), share),
		column("promised", rows, func(c *api.Compliance) int64 { return c.Promised }, named("Promised")),
		column("met", rows, func(c *api.Compliance) int64 { return c.Met }, named("Met")),
		column("breached", rows, func(c *api.Compliance) int64 { return c.Breached }, named("Breached")),
		column("open", rows, func(c *api.Compliance) int64 { return c.Open }, named("Open")),
		column("void", rows, func(c *api.Compliance) int64 { return c.Voids }, named("Void")),
	}
}

var layouts = map[string]string{"day": "2006-01-02", "month": "2006-01"}

// days are the beginnings of days or months in the estate's zone, and puts the
// rows in their order: Grafana takes a series only in that.
func (a *asked) days(by, layout string, rows []api.Compliance) (*data.Field, error) {
	slices.SortStableFunc(rows, func(x, y api.Compliance) int { return strings.Compare(string(x.Key[by]), string(y.Key[by])) })
	list := make([]time.Time, len(rows))
	for i := range rows {
		at, err := time.ParseInLocation(layout, string(rows[i].Key[by]), a.zone)
		if err != nil {
			return nil, &api.Error{Status: 502, Text: fmt.Sprintf("Plantroom at %s names a %s %q, which is none: its version may not fit", a.API.Address(), by, clip(string(rows[i].Key[by])))}
		}
		if at.Format(layout) != string(rows[i].Key[by]) { // clocks are put forward at midnight: the day begins when they are
			_, at = at.ZoneBounds()
		}
		list[i] = at
	}
	return styled(data.NewField(by, nil, list), named(strings.ToUpper(by[:1])+by[1:])), nil
}

// key is one word of what groups are of, or the names that go with it.
func key(by string, rows []api.Compliance) *data.Field {
	title := strings.ToUpper(by[:1]) + strings.ReplaceAll(by[1:], "_", " ")
	looks := []look{named(title)}
	if by == "severity" {
		looks = append(looks, means(legend.Severities()))
	}
	id := by
	for ids, called := range names {
		if called == by {
			id = ids
		}
	}
	return column(by, rows, func(c *api.Compliance) string {
		if c.Key[by] == "" {
			return string(c.Key[id]) // what has no name is called by its id
		}
		return string(c.Key[by])
	}, looks...)
}

func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}
