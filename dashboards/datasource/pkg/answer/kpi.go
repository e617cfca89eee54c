package answer

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
)

// assetKPI is a row for each asset: how much it ran, how often it failed and
// how long that lasted. Time in which nothing was known counts for neither.
var assetKPI = Type{
	Name: "asset_kpi", Thing: "assets",
	Filters:  []string{"building", "asset", "domain"},
	Measures: []string{"availability", "known", "downtime_s", "faults", "mtbf_s", "mttr_s"},
	frames:   kpiFrames,
}

func kpiFrames(ctx context.Context, a *asked) (answered, error) {
	page, err := a.API.KPI(ctx, a.filter())
	if err != nil {
		return answered{}, err
	}
	rows := page.Items
	whose := []*data.Field{
		column("asset_name", rows, func(k *api.KPI) string { return string(k.AssetName) }, named("Asset"), a.link("Open the asset", toAsset)),
		column("domain", rows, func(k *api.KPI) string { return k.Domain }, named("Domain")),
		column("building", rows, func(k *api.KPI) string { return k.Building }, named("Building")),
		column("asset", rows, func(k *api.KPI) string { return k.Asset }, named("Asset id")),
	}
	return answered{data.Frames{chosen(a.Name, whose, kpiNumbers(rows), a.Query.Measure)}, page.Unknown, page.Next != "", len(page.Items) == 0}, nil
}

func kpiNumbers(rows []api.KPI) []*data.Field {
	s := unit("s")
	return []*data.Field{
		column("availability", rows, func(k *api.KPI) *float64 { return k.Availability }, named("Available"), share),
		column("known", rows, func(k *api.KPI) float64 { return k.Known }, named("Known"), share),
		column("downtime_s", rows, func(k *api.KPI) float64 { return k.Downtime }, named("Down"), s),
		column("faults", rows, func(k *api.KPI) int64 { return k.Faults }, named("Faults")),
		column("mtbf_s", rows, func(k *api.KPI) *float64 { return k.MTBF }, named("Between faults"), s),
		column("mttr_s", rows, func(k *api.KPI) *float64 { return k.MTTR }, named("To repair"), s),
	}
}
