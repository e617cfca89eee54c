package answer

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
)

// contractorLeague is a row for each contractor.
var contractorLeague = Type{
	Name: "contractor_league", Thing: "contractors with orders",
	Filters: []string{"building", "asset", "domain", "contractor", "severity", "rule"},
	Measures: []string{"breach_share", "orders", "declined", "reopened", "contradicted", "promised", "met", "breached",
		"acknowledge_p50", "acknowledge_p90", "attend_p50", "attend_p90", "release_p50", "release_p90", "restore_p50", "restore_p90"},
	frames: leagueFrames,
}

func leagueFrames(ctx context.Context, a *asked) (answered, error) {
	page, err := a.API.League(ctx, a.filter())
	if err != nil {
		return answered{}, err
	}
	rows := page.Items
	whose := []*data.Field{
		column("contractor", rows, func(f *api.Firm) string { return f.Contractor }, named("Contractor id")),
		column("contractor_name", rows, func(f *api.Firm) string { return string(f.ContractorName) }, named("Contractor")),
	}
	return answered{data.Frames{chosen(a.Name, whose, leagueNumbers(rows), a.Query.Measure)}, page.Unknown, false, false}, nil
}

func leagueNumbers(rows []api.Firm) []*data.Field {
	s := unit("s")
	return []*data.Field{
		column("breach_share", rows, func(f *api.Firm) *float64 { return f.BreachShare }, named("Breached, share"), share),
		column("orders", rows, func(f *api.Firm) int64 { return f.Orders }, named("Orders")),
		column("promised", rows, func(f *api.Firm) int64 { return f.Promised }, named("Promised")),
		column("met", rows, func(f *api.Firm) int64 { return f.Met }, named("Met")),
		column("breached", rows, func(f *api.Firm) int64 { return f.Breached }, named("Breached")),
		column("declined", rows, func(f *api.Firm) int64 { return f.Declined }, named("Declined")),
		column("reopened", rows, func(f *api.Firm) int64 { return f.Reopened }, named("Reopened")),
		column("contradicted", rows, func(f *api.Firm) int64 { return f.Contradicted }, named("Contradicted by a sensor")),
		column("acknowledge_p50", rows, func(f *api.Firm) *float64 { return f.AcknowledgeP50 }, named("To answer, p50"), s),
		column("acknowledge_p90", rows, func(f *api.Firm) *float64 { return f.AcknowledgeP90 }, named("To answer, p90"), s),
		column("attend_p50", rows, func(f *api.Firm) *float64 { return f.AttendP50 }, named("To arrive, p50"), s),
		column("attend_p90", rows, func(f *api.Firm) *float64 { return f.AttendP90 }, named("To arrive, p90"), s),
		column("release_p50", rows, func(f *api.Firm) *float64 { return f.ReleaseP50 }, named("To free people, p50"), s),
		column("release_p90", rows, func(f *api.Firm) *float64 { return f.ReleaseP90 }, named("To free people, p90"), s),
		column("restore_p50", rows, func(f *api.Firm) *float64 { return f.RestoreP50 }, named("To restore, p50"), s),
		column("restore_p90", rows, func(f *api.Firm) *float64 { return f.RestoreP90 }, named("To restore, p90"), s),
	}
}
