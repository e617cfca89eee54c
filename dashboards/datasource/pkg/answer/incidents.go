package answer

import (
	"context"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
)

// incidents is a row for each incident that overlaps the range, in the fields
// that Grafana's annotations take by their names. For an alert it is their number.
var incidents = Type{
	Name: "incidents", Thing: "incidents",
	Filters:  []string{"building", "asset", "domain", "contractor", "severity", "rule"},
	Measures: []string{"incidents"},
	frames:   incidentFrames,
}

func incidentFrames(ctx context.Context, a *asked) (answered, error) {
	limit := a.limit()
	if a.Number {
		limit = 1000
	}
	page, err := a.API.Incidents(ctx, a.filter(), limit)
	if err != nil {
		return answered{}, err
	}
	more := page.More || page.Next != ""
	if a.Number {
		return answered{number(a.Name, "incidents", int64(len(page.Items))), page.Unknown, more, len(page.Items) == 0}, nil
	}
	return answered{data.Frames{incidentFrame(a.Desk, page.Items)}, page.Unknown, more, false}, nil
}

func incidentFrame(d Desk, rows []api.Incident) *data.Frame {
	return frame("incidents", data.FrameTypeTable,
		column("time", rows, func(i *api.Incident) time.Time { return i.Begin }, named("Began")),
		column("timeEnd", rows, func(i *api.Incident) *time.Time { return i.End }, named("Ended")),
		column("title", rows, func(i *api.Incident) string { return string(i.Title) }, named("What"), d.link("Open it", toHref)),
		column("text", rows, incidentText, named("Detail")),
		column("tags", rows, func(i *api.Incident) string {
			return strings.Join([]string{i.Domain, i.Severity, i.Rule, i.Building, i.Asset}, ",")
		}, named("Tags")),
		column("id", rows, func(i *api.Incident) string { return i.ID }, named("Incident"), d.link("Open it", toHref)),
		column("severity", rows, func(i *api.Incident) string { return i.Severity }, named("Severity"), means(legend.Severities())),
		column("state", rows, func(i *api.Incident) string { return i.State }, named("State")),
		column("duration_s", rows, duration, named("Lasted"), unit("s")),
		column("asset_name", rows, func(i *api.Incident) string { return string(i.AssetName) }, named("Asset"), d.link("Open the asset", toAsset)),
		column("cause", rows, func(i *api.Incident) string { return inWords(i.CauseText, i.Cause) }, named("Cause")),
		column("domain", rows, func(i *api.Incident) string { return i.Domain }, named("Domain")),
		column("building", rows, func(i *api.Incident) string { return i.Building }, named("Building")),
		column("asset", rows, func(i *api.Incident) string { return i.Asset }, named("Asset id")),
		column("cause_id", rows, func(i *api.Incident) string { return i.Cause }, named("Cause id")),
		column("rule", rows, func(i *api.Incident) string { return i.Rule }, named("Rule")),
		column("order", rows, func(i *api.Incident) string { return i.Order }, named("Order"), d.link("Open the order", toOrder)),
		column("href", rows, func(i *api.Incident) string { return path(i.Href) }, hidden),
	)
}

// incidentText is what an annotation says below its title.
func incidentText(i *api.Incident) string {
	var parts []string
	for _, p := range []string{string(i.AssetName), string(i.CauseText), string(i.Detail)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}

// duration is nil while the incident lasts.
func duration(i *api.Incident) *float64 {
	if i.End == nil {
		return nil
	}
	s := i.End.Sub(i.Begin).Seconds()
	return &s
}
