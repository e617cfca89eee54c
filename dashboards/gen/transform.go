package gen

// dropRows leaves out the rows whose column has one of some values.
func dropRows(kind, name string, values ...string) Transform {
	return filterRows("exclude", head(kind, name), values)
}

// keepRows leaves only those.
func keepRows(kind, name string, values ...string) Transform {
	return filterRows("include", head(kind, name), values)
}

// fromOn leaves only the rows whose column has a number or more.
func fromOn(kind, name string, least float64) Transform {
	return Transform{ID: "filterByValue", Options: map[string]any{"type": "include", "match": "any", "filters": []map[string]any{
		{"fieldName": head(kind, name), "config": map[string]any{"id": "greaterOrEqual", "options": map[string]any{"value": least}}}}}}
}

// decided leaves only the rows with a share: of what is not decided there is none.
func decided() Transform {
	return Transform{ID: "filterByValue", Options: map[string]any{"type": "include", "match": "any", "filters": []map[string]any{
		{"fieldName": head(SLACompliance, "share"), "config": map[string]any{"id": "isNotNull", "options": map[string]any{}}}}}}
}

func filterRows(how, heading string, values []string) Transform {
	filters := []map[string]any{}
	for _, v := range values {
		filters = append(filters, map[string]any{"fieldName": heading,
			"config": map[string]any{"id": "equal", "options": map[string]any{"value": v}}})
	}
	return Transform{ID: "filterByValue", Options: map[string]any{"type": how, "match": "any", "filters": filters}}
}

// countBy counts rows by a column.
func countBy(kind, name, counted string) []Transform {
	by, what := head(kind, name), head(kind, counted)
	return []Transform{
		{ID: "groupBy", Options: map[string]any{"fields": map[string]any{
			by:   map[string]any{"aggregations": []string{}, "operation": "groupby"},
			what: map[string]any{"aggregations": []string{"count"}, "operation": "aggregate"},
		}}},
		spread(by, what+" (count)"),
	}
}

// spread makes of each row a field of its own.
func spread(name, value string) Transform {
	return Transform{ID: "rowsToFields", Options: map[string]any{"mappings": []map[string]any{
		{"fieldName": name, "handlerKey": "field.name"},
		{"fieldName": value, "handlerKey": "field.value"},
	}}}
}

// sortBy puts rows in the order of a column.
func sortBy(kind, name string, descending bool) Transform {
	return sorted(head(kind, name), descending)
}

// worstFirst sorts assets by how bad their state is, and those of one state by
// how new it is: Grafana sorts by one column at a time, and keeps the order before.
func worstFirst() []Transform {
	return []Transform{sortBy(AssetCurrent, "since", true), sortBy(AssetCurrent, "level", true)}
}

func sorted(heading string, descending bool) Transform {
	return Transform{ID: "sortBy", Options: map[string]any{"fields": map[string]any{},
		"sort": []map[string]any{{"field": heading, "desc": descending}}}}
}

// columns puts some columns first and leaves others out.
func columns(kind string, first []string, without ...string) Transform {
	headings := func(names []string) (list []string) {
		for _, n := range names {
			list = append(list, head(kind, n))
		}
		return list
	}
	return arranged(headings(first), headings(without)...)
}

// arranged is the same by headings.
func arranged(first []string, without ...string) Transform {
	order, drop := map[string]int{}, map[string]bool{}
	for i, h := range first {
		order[h] = i
	}
	for _, h := range without {
		drop[h] = true
	}
	return Transform{ID: "organize", Options: map[string]any{"indexByName": order, "excludeByName": drop, "renameByName": map[string]string{}}}
}

// lastOfEach makes a row of each series from InfluxDB: its tags, and its last
// value as "Last *".
func lastOfEach() Transform {
	return Transform{ID: "reduce", Options: map[string]any{"reducers": []string{"lastNotNull"}, "mode": "seriesToRows", "labelsToFields": true, "includeTimeField": false}}
}

// field overrides how a field is shown.
func field(name string, properties ...Property) Override {
	return Override{Matcher: Matcher{ID: "byName", Options: name}, Properties: properties}
}

// headed gives a field another heading.
func headed(name string) Property { return Property{"displayName", name} }

// cell gives a table's cell a type: color-text, color-background, gauge. The
// latter two are drawn in several ways, and ours is the plain one.
func cell(kind string) Property {
	options := map[string]any{"type": kind}
	if kind != "color-text" {
		options["mode"] = "basic"
	}
	return Property{"custom.cellOptions", options}
}

// wide gives a column its width in pixels; others share what is left.
func wide(pixels int) Property { return Property{"custom.width", pixels} }

// widths are those of columns whose contents are short or of one length, so that names
// and reasons have the room that these do not need.
var widths = map[string]int{
	"severity": 90, "clock": 110, "state": 120, "id": 105, "order": 105, "used": 130, "floor": 75, "duration_s": 105, "reopens": 110, "breached": 175,
	"time": 165, "timeEnd": 165, "raised": 165, "acknowledged": 165, "attended": 165, "restored": 165,
	"contradicted": 220, "contractor_name": 190,
}

// cells are what all tables have in common: an empty cell says nothing, while the
// board's words for an empty table would stand in each of them.
func cells(kind string) []Override {
	list := []Override{{Matcher: Matcher{ID: "byRegexp", Options: "/.*/"}, Properties: []Property{{"noValue", "–"}}}}
	for _, c := range frames[kind] {
		if w := widths[c.Name]; w > 0 {
			list = append(list, field(c.Name, wide(w)))
		}
	}
	return list
}

// linked makes a field lead somewhere.
func linked(links ...DataLink) Property { return Property{"links", links} }

// worded gives a field's values words and, where they are good or bad, colours.
func worded(mappings []Mapping) Property { return Property{"mappings", mappings} }

// inUnit gives a field its unit.
func inUnit(u string) Property { return Property{"unit", u} }

// judged gives a field thresholds, whose colour it takes. A value that is not there
// is below all marks for Grafana, and would have the colour of the first: it has a
// word instead, in grey.
func judged(marks *Thresholds, missing string) []Property {
	return []Property{{"thresholds", marks}, {"color", Colour{Mode: "thresholds"}}, worded([]Mapping{absent(missing)})}
}

// aside keeps columns out of sight that links need.
func aside(names ...string) []Override {
	var list []Override
	for _, n := range names {
		list = append(list, field(n, Property{"custom.hideFrom", map[string]any{"viz": true, "legend": false, "tooltip": false}}))
	}
	return list
}

// always gives a field one colour.
func always(colour string) Property { return Property{"color", Colour{Mode: "fixed", Fixed: colour}} }
