package gen

import (
	"slices"

	"plantroom"
)

// Check reports why the data source would refuse a query: CodeInvalid.
func (q *Query) Check() error {
	known, ok := filters[q.QueryType]
	if !ok {
		return plantroom.Errorf(plantroom.CodeInvalid, "there is no query type %q", q.QueryType)
	}
	for name, is := range q.narrowed() {
		if is && !slices.Contains(known, name) {
			return plantroom.Errorf(plantroom.CodeInvalid, "%s cannot be narrowed by %s", q.QueryType, name)
		}
	}
	for _, by := range q.By {
		if !slices.Contains(groups, by) {
			return plantroom.Errorf(plantroom.CodeInvalid, "%s cannot be grouped by %q", q.QueryType, by)
		}
	}
	if q.Measure != "" && !slices.Contains(measures[q.QueryType], q.Measure) {
		return plantroom.Errorf(plantroom.CodeInvalid, "%s has no number %q", q.QueryType, q.Measure)
	}
	if q.Live && !slices.Contains(options[q.QueryType], "live") {
		return plantroom.Errorf(plantroom.CodeInvalid, "%s is not live", q.QueryType)
	}
	if q.Limit != 0 && !slices.Contains(options[q.QueryType], "limit") {
		return plantroom.Errorf(plantroom.CodeInvalid, "%s has no limit", q.QueryType)
	}
	if q.Limit < 0 || q.Limit > 1000 {
		return plantroom.Errorf(plantroom.CodeInvalid, "limit %d: 1 to 1000, or none", q.Limit)
	}
	return nil
}

// narrowed says which filters a query has.
func (q *Query) narrowed() map[string]bool {
	return map[string]bool{
		"building": len(q.Building) > 0, "asset": len(q.Asset) > 0, "domain": len(q.Domain) > 0, "contractor": len(q.Contractor) > 0,
		"severity": len(q.Severity) > 0, "rule": len(q.Rule) > 0, "clock": len(q.Clock) > 0, "order": len(q.Order) > 0, "state": len(q.State) > 0,
		"by": len(q.By) > 0, "open": q.Open,
	}
}

// Alertable reports whether an alert can take a number from a query.
func (q *Query) Alertable() bool { return len(measures[q.QueryType]) > 0 }
