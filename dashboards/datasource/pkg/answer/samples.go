package answer

// Sample is a query to begin with.
type Sample struct {
	Title string         `json:"title"`
	Text  string         `json:"text"` // which panel shows it well
	Query map[string]any `json:"query"`
}

// Samples lists some, one for each type at least. src/samples.ts has the same.
func Samples() []Sample {
	return []Sample{
		{"What is open now", "Table: each order with its most pressing clock, and a link to its page.",
			map[string]any{"queryType": "work_orders", "open": true, "limit": 100}},
		{"Grave incidents", "Table, or annotations over any graph.",
			map[string]any{"queryType": "incidents", "severity": []string{"life", "high"}, "limit": 100}},
		{"Who keeps which promise", "Table: the share of windows met, for each contractor and clock.",
			map[string]any{"queryType": "sla_compliance", "by": []string{"contractor", "clock"}}},
		{"Promises by day", "Bar chart: how many windows were met and missed each day.",
			map[string]any{"queryType": "sla_compliance", "by": []string{"day"}}},
		{"Contractors side by side", "Table: orders, breaches, and how long they take to answer, arrive and restore.",
			map[string]any{"queryType": "contractor_league"}},
		{"How much of each window is left", "Time series with thresholds at 50, 80 and 100 %.",
			map[string]any{"queryType": "sla_burndown", "clock": []string{"restore"}}},
		{"Lifts over the week", "State timeline: what each lift was in, with grey for what nobody heard.",
			map[string]any{"queryType": "asset_state", "domain": []string{"lifts"}}},
		{"The estate now", "Table, stat or geomap.",
			map[string]any{"queryType": "asset_current"}},
		{"How many are in which state", "Stat, or an alert.",
			map[string]any{"queryType": "asset_current", "measure": "assets"}},
		{"Which asset lets people down", "Table: availability, downtime, time between faults and time to repair.",
			map[string]any{"queryType": "asset_kpi"}},
		{"How gateways are", "Table: last heard, what waits in each spool, how full it is, and what was quarantined.",
			map[string]any{"queryType": "gateways"}},
		{"What dispatch is doing", "Logs, live.",
			map[string]any{"queryType": "dispatch_events", "live": true, "limit": 100}},
	}
}
