package gen

// Panels that ask Plantroom itself. Words, units, colours and links of a frame's columns
// come with it from the data source; what is set here is what a board adds.

// selected limits a query to what the board's variables choose.
func selected(kind string, domains ...string) Query {
	return Query{QueryType: kind, Building: []string{"$building"}, Asset: []string{"$asset"}, Domain: domains}
}

func withType(q Query, kind string) Query { q.QueryType = kind; return q }

// openOrders is the table of what is open, the most pressing window first.
func openOrders(q Query, none string) Panel {
	q.QueryType, q.Open, q.Limit = WorkOrders, true, 200
	return table("Open orders, the most pressing window first",
		"Orders that are not over, and of each the window that is used up most. Red: it is used up, the promise is broken; ring the contractor, then look for another one. "+
			"Orange: from 80 % on, ask for the time of arrival. No one in “Contractor”: nobody can meet it, and the office has to act. The order's number leads to Plantroom, the asset's name to its board.",
		none, q,
		[]Transform{sortBy(WorkOrders, "used", true),
			columns(WorkOrders, []string{"used", "due", "clock", "severity", "asset_name", "title", "state", "contractor_name", "id", "eta", "raised", "breached"},
				"clock_state", "acknowledged", "attended", "restored", "verified", "closed", "cause", "cause_id", "rule", "reopens")},
		append(aside("contractor", "asset", "building", "domain"),
			field("used", cell("gauge"), Property{"min", 0}, Property{"max", 1}),
			field("due", inUnit("dateTimeFromNow"), wide(120)),
			field("eta", inUnit("dateTimeFromNow"), wide(120)),
			field("raised", inUnit("dateTimeFromNow"), wide(120)),
			field("severity", cell("color-background")),
			field("asset_name", toAsset()))...)
}

// orders is a plain table of orders.
func orders(title, description string, q Query) Panel {
	q.QueryType = WorkOrders
	return table(title, description, "No order was raised in this time", q,
		[]Transform{columns(WorkOrders, []string{"raised", "id", "severity", "asset_name", "title", "state", "contractor_name", "clock", "used", "breached", "reopens", "acknowledged", "attended", "restored"},
			"clock_state", "cause", "cause_id", "rule", "due", "eta", "verified", "closed")},
		append(aside("contractor", "asset", "building", "domain"),
			field("used", cell("color-text")), field("severity", cell("color-text")), field("asset_name", toAsset()))...)
}

// burndown is the used part of windows over time.
func burndown(q Query) Panel {
	q.QueryType = SLABurndown
	p := lines("Windows running out",
		"How much of each window is used up, of the 50 newest orders that were open in this time. A line that climbs to 100 % without a kink has nobody on it. A flat piece is a pause with a reason. "+
			"A line ends where the promise was kept, or goes on past 100 % until it is.",
		"percentunit", 0, q)
	least := 0.0
	d := &p.FieldConfig.Defaults
	d.Min, d.Thresholds, d.Colour, d.NoValue = &least, windowSteps(), &Colour{Mode: "thresholds"}, "No window ran in this time"
	d.Custom["thresholdsStyle"] = map[string]any{"mode": "line"}
	d.Custom["lineWidth"] = 2
	p.Options = map[string]any{
		"legend":  map[string]any{"displayMode": "table", "placement": "right", "showLegend": true, "calcs": []string{"lastNotNull"}, "sortBy": "Last *", "sortDesc": true},
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
	}
	return p
}

// byState counts assets by their present state; the states that no asset is in
// are there with a zero.
func byState(title, description string, q Query, links ...DataLink) Panel {
	q.QueryType, q.Measure = AssetCurrent, "assets"
	var overrides []Override
	for _, s := range Legend() { // a red zero would alarm, and a green one soothe
		overrides = append(overrides, field(s.State, append(judged(steps(none, at(1, s.Colour))), called(s.Text))...))
	}
	return figure(title, description, "Unknown", Field{Colour: &Colour{Mode: "thresholds"}, Thresholds: steps(none), Links: links}, "/.*/", q,
		[]Transform{spread(head(AssetCurrent, "state"), head(AssetCurrent, "assets"))}, overrides...)
}

// notWell lists the assets that are not known to be well.
func notWell(q Query) Panel {
	q.QueryType = AssetCurrent
	return table("Not known to be well",
		"Every asset that is not OK now, with the reason. Grey ones are not heard: nobody knows whether they are well. Send somebody to a silent sensor as to a fault; the board on data quality says whether its gateway is the cause.",
		"Every asset is known to be well", q,
		[]Transform{dropRows(AssetCurrent, "state", "ok"), sortBy(AssetCurrent, "since", true),
			columns(AssetCurrent, []string{"state", "asset_name", "text", "since", "building_name", "kind", "floor", "order"})},
		append(aside("asset", "building", "domain"),
			field("state", cell("color-background")), field("since", inUnit("dateTimeFromNow"), wide(120)), field("asset_name", toAsset()))...)
}

// timeline is the state of assets over time, as Plantroom has judged it.
func timeline(title string, q Query) Panel {
	q.QueryType = AssetState
	p := bars(title,
		"What Plantroom made of all that was heard, the state from before this time included. Grey: not heard, so not known to be well, whatever the sensors said before. Red and orange have an order: see the table of open orders. "+
			"At most 200 assets at once: choose a building or some assets where there are more.",
		false, stateMappings(), q)
	p.FieldConfig.Defaults.NoValue = "Unknown"
	p.FieldConfig.Defaults.Thresholds = steps(grey)
	p.FieldConfig.Overrides = []Override{{Matcher: Matcher{ID: "byRegexp", Options: "/.*/"}, Properties: []Property{linked(seriesToAsset(),
		DataLink{Title: "Asset in Plantroom", URL: "${plantroom_url}/assets/${__field.labels.asset}", TargetBlank: true})}}}
	return p
}

// kpi are the figures of availability.
func kpi(q Query) Panel {
	q.QueryType = AssetKPI
	return table("Availability",
		"Over this time. “Available” is the part of the known time; “Known” says of how much of the time anything was known at all. Below 95 % known the other figures are not worth much: mend the sensors first. "+
			"A low time between faults with a short time to repair is a repair that does not last: ask for the cause.",
		"Nothing is known of this time", q,
		[]Transform{sortBy(AssetKPI, "availability", false), columns(AssetKPI, []string{"asset_name", "availability", "known", "downtime_s", "faults", "mtbf_s", "mttr_s"})},
		append(aside("asset", "building", "domain"),
			field("availability", append(judged(shareSteps()), cell("color-text"))...),
			field("known", append(judged(shareSteps()), cell("color-text"))...),
			field("asset_name", toAsset()))...)
}

// incidents lists what the rules have found.
func incidents(title, description string, q Query) Panel {
	q.QueryType, q.Limit = Incidents, 200
	return table(title, description, "No incident in this time", q,
		[]Transform{columns(Incidents, []string{"time", "timeEnd", "duration_s", "severity", "asset_name", "title", "text", "state", "order"}, "tags", "cause", "cause_id", "id", "rule")},
		append(aside("asset", "building", "domain"), field("severity", cell("color-text")), field("asset_name", toAsset()))...)
}

// episodes is the same with the words for all rules.
func episodes(q Query) Panel {
	return incidents("Incidents", "Every episode of this time, the newest first, with what the sensors said. One without an end is not over. The same one again and again: the repair does not last, or the sensor is loose.", q)
}

// promises is the share of promises that were kept, a bar for each.
func promises(title, description string, q Query) Panel {
	q.QueryType = SLACompliance
	return gauges(title, description+" Promises that are still open are not counted; a bar is missing where none was decided.",
		"No promise was decided in this time", "/^"+head(SLACompliance, "share")+"$/", "percentunit", shareSteps(), q,
		[]Transform{columns(SLACompliance, nil, "promised", "met", "breached", "open", "void")}) // else each bar is called “attend Kept”
}

// compliance is a table of promises.
func compliance(title, description string, q Query) Panel {
	q.QueryType = SLACompliance
	return table(title, description, "No promise was made in this time", q, []Transform{sortBy(SLACompliance, "share", false)},
		append(aside("contractor", "building", "asset"), // their names stand beside them
			field("contractor_name", called("Contractor")), field("building_name", called("Building")), field("asset_name", called("Asset")),
			field("month", inUnit("time:YYYY-MM")),
			field("share", append(judged(shareSteps()), cell("color-text"))...))...)
}

// events is the log of what happens to orders and gateways.
func events(title, description string, q Query) Panel {
	q.QueryType = DispatchEvents
	return Panel{Type: "logs", Title: title, Description: description, Targets: []Target{q},
		Options: map[string]any{"showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "sortOrder": "Descending", "dedupStrategy": "none",
			"prettifyLogMessage": false, "showCommonLabels": false, "showLabels": false}}
}
