package answer

// Sample is a query to begin with.
type Sample struct {
	Title string         `json:"title"`
	Text  string         `json:"text"` // which panel shows it well
	Query map[string]any `json:"query"`
}

// Samples lists some, one for each type at least.
func Samples() []Sample {
	return []Sample{
		{"What is open now", "A table: each order with its most pressing clock.", map[string]any{"queryType": "work_orders", "open": true}},
		{"Grave incidents", "A table, or annotations over any graph.", map[string]any{"queryType": "incidents", "severity": []string{"life", "high"}}},
		{"Who keeps which promise", "A bar gauge.", map[string]any{"queryType": "sla_compliance", "by": []string{"contractor", "clock"}, "measure": "share"}},
		{"Breaches by day", "A bar chart.", map[string]any{"queryType": "sla_compliance", "by": []string{"day"}, "measure": "breached"}},
		{"Contractors side by side", "A table.", map[string]any{"queryType": "contractor_league"}},
		{"How much of each window is left", "A time series.", map[string]any{"queryType": "sla_burndown", "clock": []string{"restore"}}},
		{"Lifts over time", "A state timeline.", map[string]any{"queryType": "asset_state", "domain": []string{"lifts"}}},
		{"The estate now", "A table or a geomap.", map[string]any{"queryType": "asset_current"}},
		{"How many are in which state", "A stat, or an alert.", map[string]any{"queryType": "asset_current", "measure": "assets"}},
		{"Which asset lets people down", "A table.", map[string]any{"queryType": "asset_kpi"}},
		{"How gateways are", "A table.", map[string]any{"queryType": "gateways"}},
		{"How full spools are", "A bar gauge, or an alert.", map[string]any{"queryType": "gateways", "measure": "spool_share"}},
		{"What dispatch is doing", "Logs, live.", map[string]any{"queryType": "dispatch_events", "live": true}},
	}
}
