package apitest

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// At is an instant of the story, which begins on Monday 2 March 2026 at 08:00 UTC.
func At(after time.Duration) time.Time {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(after)
}

// routes lists what the server answers.
var routes = map[string]route{
	"/api/v1/estate":             {answer: func(*Server, url.Values) any { return estate }},
	"/api/v1/assets":             {params: []string{"building", "domain", "limit", "after"}, answer: assets},
	"/api/v1/events":             {params: []string{"after"}},
	"/api/v1/history/orders":     {shared: common, params: []string{"open", "state", "limit", "before"}, ranged: true, answer: orders},
	"/api/v1/history/incidents":  {shared: common, params: []string{"limit"}, ranged: true, answer: of(incidents)},
	"/api/v1/history/compliance": {shared: common, params: []string{"clock", "by"}, ranged: true, answer: compliance},
	"/api/v1/history/league":     {shared: common, ranged: true, answer: of(league)},
	"/api/v1/history/burndown":   {shared: common, params: []string{"order", "clock", "points"}, ranged: true, answer: of(burndown)},
	"/api/v1/history/states":     {shared: common[:5], ranged: true, answer: of(states)},
	"/api/v1/history/now":        {shared: common[2:5], answer: of(now)},
	"/api/v1/history/kpi":        {shared: common[:5], ranged: true, answer: of(kpi)},
	"/api/v1/history/gateways":   {shared: common[2:3], answer: of(gateways)},
	"/api/v1/history/events":     {shared: common, params: []string{"after", "limit", "subject"}, ranged: true, answer: (*Server).events},
}

type row = map[string]any

func of(rows []row) func(*Server, url.Values) any {
	return func(_ *Server, q url.Values) any { return listed(q, rows) }
}

var estate = row{"id": "story", "name": row{"en": "Rosewood", "zh": "紫檀"}, "zone": "Asia/Shanghai", "profile": "cn", "currency": "CNY", "assets": 3, "devices": 5,
	"buildings":   []row{{"id": "b1", "name": row{"en": "Block 1"}, "floors": 18, "zones": 3, "assets": 2}, {"id": "b2", "name": row{"en": "Block 2"}, "floors": 18, "zones": 3, "assets": 1}},
	"gateways":    []row{{"id": "gw-b1", "name": row{"en": "Gateway 1"}, "zone": "b1-roof"}},
	"contractors": []row{{"id": "drywell", "name": row{"en": "Drywell"}}, {"id": "quicklift", "name": row{"en": "Quicklift"}}}}

var allAssets = []row{
	{"id": "b1-l1", "name": row{"en": "Lift 1, block 1", "zh": "1 号楼 1 号电梯"}, "domain": "lifts", "kind": "lift", "building": "b1", "zone": "b1-shaft", "floor": 0},
	{"id": "b1-l2", "name": row{"en": "Lift 2, block 1"}, "domain": "lifts", "kind": "lift", "building": "b1", "zone": "b1-shaft", "floor": 0},
	{"id": "b2-w1", "name": row{"en": "Riser, block 2"}, "domain": "leaks", "kind": "riser", "building": "b2", "zone": "b2-riser", "floor": 3},
}

// assets gives two to a page, so that pages are asked for.
func assets(_ *Server, q url.Values) any {
	fit := slices.DeleteFunc(slices.Clone(allAssets), func(a row) bool {
		return q.Get("building") != "" && q.Get("building") != a["building"] || q.Get("domain") != "" && q.Get("domain") != a["domain"]
	})
	if i := slices.IndexFunc(fit, func(a row) bool { return a["id"] == q.Get("after") }); i >= 0 {
		fit = fit[i+1:]
	}
	e := listed(url.Values{}, fit)
	if len(fit) > 2 {
		e.Items, e.Next = fit[:2], fit[1]["id"].(string)
	}
	return e
}

func orders(_ *Server, q url.Values) any {
	e := listed(q, []row{
		{"id": "wo-000002", "state": "acknowledged", "severity": "life", "domain": "lifts", "building": "b1", "asset": "b1-l2", "asset_name": row{"en": "Lift 2, block 1"},
			"rule": "lift.entrapment", "title": "People trapped", "cause": "entrapment", "cause_text": "people in a car that stands", "contractor": "quicklift", "contractor_name": row{"en": "Quicklift"},
			"raised": At(7 * time.Hour), "acknowledged": At(7*time.Hour + time.Minute), "eta": At(7*time.Hour + 20*time.Minute),
			"clock": row{"kind": "release", "state": "running", "due": At(8 * time.Hour), "used": 0.8375}, "breached": 0, "reopens": 0, "href": "/orders/wo-000002", "colour_of_a_newer_server": "teal"},
		{"id": "wo-000001", "state": "closed", "severity": "medium", "domain": "lifts", "building": "b1", "asset": "b1-l1", "asset_name": row{"en": "Lift 1, block 1"},
			"rule": "lift.fault", "title": "Lift fault", "cause": "door_close_fault", "contractor": "quicklift", "contractor_name": row{"en": "Quicklift"},
			"raised": At(time.Hour), "acknowledged": At(time.Hour + 2*time.Minute), "attended": At(time.Hour + 20*time.Minute), "restored": At(time.Hour + 50*time.Minute),
			"verified": At(time.Hour + 55*time.Minute), "closed": At(2 * time.Hour),
			"clock": row{"kind": "restore", "state": "breached", "due": At(time.Hour + 30*time.Minute), "used": 1.66}, "breached": 1, "reopens": 1, "href": "/orders/wo-000001"},
		{"id": "wo-000003", "state": "raised", "severity": "low", "domain": "leaks", "building": "b2", "asset": "b2-w1", "asset_name": "Riser, block 2",
			"rule": "leak.cable", "title": "Cable cut", "cause": "cable_break", "contractor": "", "contractor_name": "", "raised": At(30 * time.Minute), "breached": 0, "reopens": 0, "href": "//elsewhere.example/x"},
	})
	if q.Get("limit") == "1" {
		e.Items, e.Next = e.Items.([]row)[:1], "wo-000002"
	}
	if q.Get("before") != "" {
		e.Items = e.Items.([]row)[1:]
	}
	return e
}

var incidents = []row{
	{"id": "inc-2", "rule": "lift.entrapment", "title": "People trapped", "asset": "b1-l2", "asset_name": "Lift 2, block 1", "building": "b1", "domain": "lifts", "severity": "life",
		"cause": "entrapment", "cause_text": "people in a car that stands", "detail": "for 95 s", "begin": At(7 * time.Hour), "state": "open", "order": "wo-000002", "href": "/orders/wo-000002"},
	{"id": "inc-1", "rule": "lift.fault", "title": "Lift fault", "asset": "b1-l1", "asset_name": "Lift 1, block 1", "building": "b1", "domain": "lifts", "severity": "medium",
		"cause": "door_close_fault", "cause_text": "doors do not close", "detail": "", "begin": At(time.Hour), "end": At(time.Hour + 50*time.Minute), "state": "closed", "order": "wo-000001", "href": "/orders/wo-000001"},
}

// compliance gives two groups, with the keys that were asked for.
func compliance(_ *Server, q url.Values) any {
	rows := []row{
		{"promised": 40, "met": 36, "breached": 3, "open": 1, "void": 0, "share": 0.9230769230769231},
		{"promised": 2, "met": 0, "breached": 0, "open": 1, "void": 1},
	}
	keys := map[string][2]any{"contractor": {"quicklift", "drywell"}, "clock": {"restore", "attend"}, "domain": {"lifts", "leaks"}, "building": {"b1", "b2"},
		"severity": {"high", "low"}, "asset": {"b1-l1", "b2-w1"}, "rule": {"lift.fault", "leak.cable"}, "title": {"Lift fault", "Cable cut"}, "day": {"2026-03-02", "2026-03-01"}, "month": {"2026-03", "2026-02"},
		"contractor_name": {row{"en": "Quicklift"}, row{"en": "Drywell"}}, "asset_name": {row{"en": "Lift 1, block 1"}, "Riser, block 2"}}
	if q.Get("by") == "" {
		return listed(q, rows[:1])
	}
	for by := range strings.SplitSeq(q.Get("by"), ",") {
		for _, name := range []string{by, by + "_name", map[string]string{"rule": "title"}[by]} {
			for i, v := range keys[name] {
				if v != nil {
					rows[i][name] = v
				}
			}
		}
	}
	return listed(q, rows)
}

var league = []row{
	{"contractor": "quicklift", "contractor_name": row{"en": "Quicklift"}, "orders": 20, "declined": 1, "reopened": 2, "contradicted": 1, "promised": 80, "met": 74, "breached": 4,
		"breach_share": 0.05128205128205128, "acknowledge_p50": 62, "acknowledge_p90": 180.5, "attend_p50": 900, "attend_p90": 1500, "release_p50": 1200, "release_p90": 1200, "restore_p50": 2400, "restore_p90": 5400},
	{"contractor": "drywell", "contractor_name": row{"en": "Drywell"}, "orders": 1, "declined": 0, "reopened": 0, "contradicted": 0, "promised": 2, "met": 0, "breached": 0},
}

var burndown = []row{
	{"order": "wo-000002", "asset": "b1-l2", "asset_name": "Lift 2, block 1", "clock": "release", "state": "running", "window_s": 3600, "contractor": "quicklift",
		"points": []any{[]any{At(7 * time.Hour), 0}, []any{At(7*time.Hour + 30*time.Minute), 0.5}, []any{At(7*time.Hour + 50*time.Minute), 0.8375}}},
	{"order": "wo-000001", "asset": "b1-l1", "asset_name": "Lift 1, block 1", "clock": "restore", "state": "breached", "window_s": 1800, "contractor": "quicklift",
		"points": []any{[]any{At(time.Hour), 0}, []any{At(time.Hour + 50*time.Minute), 1.66}}},
}

var states = []row{
	{"asset": "b1-l1", "asset_name": "Lift 1, block 1", "building": "b1", "domain": "lifts", "segments": []row{
		{"from": At(0), "to": At(time.Hour), "state": "ok", "text": ""},
		{"from": At(time.Hour), "to": At(time.Hour + 50*time.Minute), "state": "degraded", "text": "doors do not close", "order": "wo-000001", "incident": "inc-1"},
		{"from": At(time.Hour + 50*time.Minute), "to": At(8 * time.Hour), "state": "ok", "text": ""}}},
	{"asset": "b2-w1", "asset_name": "Riser, block 2", "building": "b2", "domain": "leaks", "segments": []row{
		{"from": At(0), "to": At(8 * time.Hour), "state": "unknown", "text": "never heard"}}},
}

var gateways = []row{
	{"gateway": "gw-b1", "gateway_name": row{"en": "Gateway 1"}, "building": "b1", "building_name": "Block 1", "heard": At(8 * time.Hour), "silent": false, "told": At(8*time.Hour - 20*time.Second), "version": "1.4.0",
		"clock": "set", "backlog": 1200, "spool_used_bytes": 322122547, "spool_limit_bytes": 536870912, "spool_share": 0.6, "quarantined": 41, "quarantined_24h": 21, "quarantined_15m": 3, "voltage_of_a_newer_server": 5},
	{"gateway": "gw-b2", "gateway_name": "Gateway 2", "building": "b2", "building_name": "Block 2", "silent": true, "silent_since": At(time.Hour), "quarantined": 0, "quarantined_24h": 0, "quarantined_15m": 0},
	{"gateway": "", "gateway_name": "no gateway of the estate", "silent": false, "quarantined": 7, "quarantined_24h": 7, "quarantined_15m": 0},
}

var now = []row{
	{"asset": "b1-l1", "asset_name": "Lift 1, block 1", "kind": "lift", "floor": 0, "building": "b1", "building_name": "Block 1", "domain": "lifts", "state": "ok", "text": "", "since": At(time.Hour + 50*time.Minute), "latitude": 31.2304, "longitude": 121.4737},
	{"asset": "b1-l2", "asset_name": "Lift 2, block 1", "kind": "lift", "floor": 0, "building": "b1", "building_name": "Block 1", "domain": "lifts", "state": "fault", "text": "people trapped", "since": At(7 * time.Hour), "order": "wo-000002", "latitude": 31.2304, "longitude": 121.4737},
	{"asset": "b2-w1", "asset_name": "Riser, block 2", "kind": "riser", "floor": 3, "building": "b2", "building_name": "Block 2", "domain": "leaks", "state": "unknown", "text": "never heard"},
}

var kpi = []row{
	{"asset": "b1-l1", "asset_name": "Lift 1, block 1", "building": "b1", "domain": "lifts", "availability": 0.8958333333333334, "known": 1, "downtime_s": 3000, "faults": 1, "mtbf_s": 25800, "mttr_s": 3000},
	{"asset": "b2-w1", "asset_name": "Riser, block 2", "building": "b2", "domain": "leaks", "known": 0, "downtime_s": 0, "faults": 0},
}

func entry(seq int64, at time.Time, kind, subject, level, text string) row {
	return row{"seq": seq, "at": at, "kind": kind, "subject": subject, "actor": "system", "level": level, "text": text, "href": "/orders/" + subject}
}

func ledger() []map[string]any {
	return []row{
		entry(1, At(time.Hour), "order.raise", "wo-000001", "warning", "wo-000001 raised: Lift fault, Lift 1, block 1"),
		entry(2, At(time.Hour+2*time.Minute), "order.acknowledge", "wo-000001", "info", "wo-000001 accepted by Quicklift"),
		entry(3, At(time.Hour+30*time.Minute), "clock.breach", "wo-000001", "error", "wo-000001: the window to restore is used up"),
		entry(4, At(7*time.Hour), "order.raise", "wo-000002", "error", "wo-000002 raised: People trapped, Lift 2, block 1"),
	}
}
