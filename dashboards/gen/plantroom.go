package gen

import "plantroom"

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
	p := table("Open orders, the most pressing window first",
		"Orders that are not over, and of each the window that is used up most. Red: it is used up, the promise is broken; ring the contractor, then look for another one. "+
			"Orange: from 80 % on, ask for the time of arrival. “Nobody” in “Contractor”: nobody can meet it, and the office has to act. The order's number leads to Plantroom, the asset's name to its board.",
		none, q,
		[]Transform{sortBy(WorkOrders, "used", true),
			columns(WorkOrders, []string{"used", "due", "clock", "severity", "asset_name", "building", "title", "state", "contractor_name", "id", "eta", "raised", "breached"},
				"clock_state", "acknowledged", "attended", "restored", "verified", "closed", "cause", "cause_id", "rule", "reopens")},
		append(append(aside("contractor", "asset", "domain"), inWords()...),
			field("used", cell("gauge"), Property{"min", 0}, Property{"max", 1}, worded([]Mapping{absent("No window")})),
			field("due", inUnit("dateTimeFromNow"), wide(120)),
			field("eta", inUnit("dateTimeFromNow"), wide(120)),
			field("raised", inUnit("dateTimeFromNow"), wide(120)),
			field("severity", cell("color-background")),
			field("asset_name", toAsset()))...)
	of := ""
	for _, d := range q.Domain {
		if d != string(plantroom.DevicesDomain) { // no asset is of it, so that it cannot be chosen
			of += "&var-domain=" + d
		}
	}
	p.Links = []Link{onPanel(toDispatch(of))}
	return p
}

// toDispatch links to the board of whoever handles orders, with the buildings that are chosen.
func toDispatch(more string) DataLink {
	return to("dispatch", "Dispatch, for these buildings", "&${building:queryparam}"+more)
}

// inWords gives the columns of orders words for the words of the API.
func inWords() []Override {
	return []Override{field("clock", worded(clockWords())), field("state", worded(valuesOf(orderStates()...)), cell("color-text")), field("contractor_name", worded(nobody()))}
}

// brokenNow counts the orders that are open and have a broken promise, whenever
// they were raised: sla_compliance counts those that were raised in the range.
func brokenNow(q Query) Panel {
	q.QueryType, q.Open, q.Limit = WorkOrders, true, 1000
	p := figure("Open orders with a broken promise", "Orders that are not over and of which a window is used up, whenever they were raised. Each stands at the top of the table below, and will be on a statement: ring, or find somebody else.", "Unknown",
		Field{Colour: &Colour{Mode: "thresholds"}, Thresholds: steps(none, at(1, red)), Links: []DataLink{toDispatch("")}}, "/^"+head(WorkOrders, "breached")+"$/", q, []Transform{fromOn(WorkOrders, "breached", 1)})
	p.Options.(map[string]any)["reduceOptions"].(map[string]any)["calcs"] = []string{"count"}
	return p
}

// orders is a plain table of orders.
func orders(title, description string, q Query) Panel {
	q.QueryType = WorkOrders
	return table(title, description, "No order was raised in this time", q,
		[]Transform{columns(WorkOrders, []string{"raised", "id", "severity", "asset_name", "building", "title", "state", "contractor_name", "clock", "used", "breached", "reopens", "acknowledged", "attended", "restored"},
			"clock_state", "cause", "cause_id", "rule", "due", "eta", "verified", "closed")},
		append(append(aside("contractor", "asset", "domain"), inWords()...),
			field("used", cell("color-text"), worded([]Mapping{absent("No window")})), field("severity", cell("color-text")), field("asset_name", toAsset()))...)
}

// burndown is the used part of windows over time.
func burndown(q Query) Panel {
	q.QueryType = SLABurndown
	p := lines("Windows running out",
		"How much of each window is used up, of the orders that were open in this time, at most the 50 whose windows press most. A line that climbs to 100 % without a kink has nobody on it. A flat piece is a pause with a reason. "+
			"A line ends where the promise was kept, or goes on past 100 % until it is.",
		"percentunit", 0, q)
	least := 0.0
	d := &p.FieldConfig.Defaults
	d.Min, d.Thresholds, d.Colour, d.NoValue = &least, windowSteps(), &Colour{Mode: "thresholds"}, "No window ran in this time"
	d.Custom["thresholdsStyle"] = map[string]any{"mode": "line"}
	d.Custom["lineWidth"] = 2
	p.MaxDataPoints = 200 // of each of up to 200 clocks
	p.Options = map[string]any{
		"legend":  map[string]any{"displayMode": "table", "placement": "right", "showLegend": true, "calcs": []string{"lastNotNull"}, "sortBy": "Last *", "sortDesc": true},
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
	}
	return p
}

// byState counts assets by their present state, the worst at the left; the states
// that no asset is in are there with a zero.
func byState(title, description string, q Query, links ...DataLink) Panel {
	q.QueryType, q.Measure = AssetCurrent, "assets"
	var overrides []Override
	for _, s := range Legend() { // a red zero would alarm, and a green one soothe
		overrides = append(overrides, field(s.State, append(judged(steps(none, at(1, s.Colour)), "Unknown"), headed(s.Text))...))
	}
	return figure(title, description, "Unknown", Field{Colour: &Colour{Mode: "thresholds"}, Thresholds: steps(none), Links: links}, "/.*/", q,
		[]Transform{spread(head(AssetCurrent, "state"), head(AssetCurrent, "assets")), arranged([]string{"fault", "degraded", "warning", "unknown", "maintenance", "ok"})}, overrides...)
}

// notWell lists the assets that are not known to be well.
func notWell(q Query) Panel {
	q.QueryType = AssetCurrent
	p := table("Not known to be well",
		"Every asset that is not OK now, the worst and newest first, with the reason. Grey ones are not heard: nobody knows whether they are well. Send somebody to a silent sensor as to a fault; the board on data quality says whether its gateway is the cause.",
		"Every asset is known to be well", q,
		append(append([]Transform{dropRows(AssetCurrent, "state", "ok")}, worstFirst()...),
			columns(AssetCurrent, []string{"state", "asset_name", "text", "since", "building_name", "kind", "floor", "order"}, "level")),
		append(aside("asset", "building", "domain"),
			field("state", cell("color-background")), field("since", inUnit("dateTimeFromNow"), wide(120)), field("asset_name", toAsset()))...)
	p.Links = []Link{onPanel(to("quality", "Data quality, for these buildings", "&${building:queryparam}"))}
	return p
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
		"Over this time, what was down longest first. “Available” is the part of the known time; “Known” says of how much of the time anything was known at all. Below 95 % known the other figures are not worth much: mend the sensors first. "+
			"A low time between faults with a short time to repair is a repair that does not last: ask for the cause.",
		"Nothing is known of this time", q,
		[]Transform{sortBy(AssetKPI, "downtime_s", true), columns(AssetKPI, []string{"asset_name", "availability", "known", "downtime_s", "faults", "mtbf_s", "mttr_s"})},
		append(aside("asset", "building", "domain"),
			field("availability", append(judged(shareSteps(), "Unknown"), cell("color-text"))...),
			field("known", append(judged(shareSteps(), "Unknown"), cell("color-text"))...),
			field("asset_name", toAsset()))...)
}

// known is of how much of the time anything was known, the least first.
func (m *maker) known(q Query) Panel {
	q.QueryType = AssetKPI
	return table("Known part of this time (%), the least first",
		"Of how much of the time anything was known of an asset. Below 95 % nothing that is said of it is worth much: look for its device, its gateway, then its interval.",
		"Nothing is known of this time", q,
		[]Transform{sortBy(AssetKPI, "known", false), columns(AssetKPI, []string{"asset_name", "known", "building", "domain", "faults"}, "availability", "downtime_s", "mtbf_s", "mttr_s")},
		append(aside("asset"), field("domain", worded(m.domainWords())),
			field("known", append(judged(shareSteps(), "Unknown"), cell("color-text"))...),
			field("asset_name", toAsset()))...)
}

// gateways are how gateways are now, the silent ones first, then the fullest spool.
func gateways(q Query) Panel {
	q.QueryType = Gateways
	return table("Gateways",
		"“Waiting” are records in a gateway's spool that the server does not hold yet, “Spool” how full it is: at 100 % it refuses readings. Both are the gateway's own word, said again each half minute: of one that is silent they are as it last told them, and grow unseen. "+
			"“Waiting” and “Spool” that climb while it is heard: the server does not acknowledge, see its /healthz. “Quarantined” is what came and could not be used, with the reason behind its link. "+
			"Empty: it has not told, or is too old to. The row “None of the estate's” is what came from no gateway that is known.",
		"The estate has no gateway", q,
		[]Transform{sortBy(Gateways, "spool_share", true), sortBy(Gateways, "silent", true),
			columns(Gateways, []string{"gateway_name", "silent", "heard", "backlog", "spool_share", "quarantined_15m", "quarantined_24h", "quarantined", "clock", "version", "building_name"},
				"silent_since", "told", "spool_used_bytes", "spool_limit_bytes")},
		append(aside("building", "gateway"), field("gateway_name", worded(foreign())),
			field("backlog", worded([]Mapping{noData()})),
			field("silent", cell("color-text")), field("clock", cell("color-text")), field("heard", inUnit("dateTimeFromNow")),
			field("spool_share", append(judged(steps(plain[0], at(0.6, orange), at(0.9, red)), "Unknown"), cell("gauge"), Property{"min", 0}, Property{"max", 1})...),
			field("quarantined_15m", append(judged(steps(plain[0], at(21, orange)), "Unknown"), cell("color-text"))...))...)
}

// incidents lists what the rules have found.
func incidents(title, description string, q Query) Panel {
	q.QueryType, q.Limit = Incidents, 200
	return table(title, description, "No incident in this time", q,
		[]Transform{columns(Incidents, []string{"time", "timeEnd", "duration_s", "severity", "asset_name", "building", "title", "text", "state", "order"}, "tags", "cause", "cause_id", "id", "rule")},
		append(aside("asset", "domain"), field("severity", cell("color-text")), field("asset_name", toAsset()))...)
}

// episodes is the same with the words for all rules.
func episodes(q Query) Panel {
	return incidents("Incidents", "Every episode of this time, the newest first, with what the sensors said. One without an end is not over. The same one again and again: the repair does not last, or the sensor is loose.", q)
}

// promises is the share of promises that were kept, a bar for each.
func promises(title, description string, q Query) Panel {
	q.QueryType, q.Measure = SLACompliance, "share" // with other numbers beside it Grafana would call each bar Kept
	return gauges(title, description+" Promises that are still open are not counted; a bar is missing where none was decided.",
		"No promise was decided in this time", "/^"+head(SLACompliance, "share")+"$/", "percentunit", shareSteps(), q, []Transform{decided()},
		field("clock", worded(clockWords())))
}

// compliance is a table of promises, most broken first; by days or months the
// latest first. Of what has a name the id is out of sight.
func compliance(title, description string, q Query) Panel {
	q.QueryType = SLACompliance
	order, first, overrides := sortBy(SLACompliance, "breached", true), []string{}, []Override{}
	for _, by := range q.By {
		name := namesOf[by]
		switch {
		case name != "":
			first = append(first, called(name))
			overrides = append(append(overrides, aside(by)...), field(name, headed(called(by))))
		case by == "month" || by == "day":
			first, order = append(first, called(by)), sorted(called(by), true)
			overrides = append(overrides, field(by, inUnit(map[string]string{"month": "time:YYYY-MM", "day": "time:YYYY-MM-DD"}[by])))
		default:
			first = append(first, called(by))
		}
		switch by {
		case "clock":
			overrides = append(overrides, field(by, worded(clockWords()), headed("Promise")))
		case "contractor":
			overrides = append(overrides, field(name, worded(nobody())))
		case "severity":
			overrides = append(overrides, field(by, cell("color-text")))
		case "asset":
			overrides = append(overrides, field(name, toAsset()))
		}
	}
	first = append(first, head(SLACompliance, "breached"), head(SLACompliance, "share"))
	return table(title, description+" “Undecided”: all of them are open.", "No promise was made in this time", q, []Transform{order, arranged(first)},
		append(overrides, field("share", append(judged(shareSteps(), "Undecided"), cell("color-text"))...))...)
}

// events is the log of what happens to orders and gateways.
func events(title, description string, q Query) Panel {
	q.QueryType = DispatchEvents
	return Panel{Type: "logs", Title: title, Description: description, Targets: []Target{q},
		FieldConfig: &FieldConfig{Overrides: []Override{}, Defaults: Field{NoValue: "Nothing has happened in this time"}},
		Options: map[string]any{"showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "sortOrder": "Descending", "dedupStrategy": "none",
			"prettifyLogMessage": false, "showCommonLabels": false, "showLabels": false, "showLogContextToggle": false}}
}
