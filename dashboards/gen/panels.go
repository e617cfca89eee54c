package gen

import (
	"time"

	"plantroom"
)

// gap is how far apart two readings may be and still be joined: beyond it the
// line or bar ends, because nobody knows what was in between. It is longer than
// the buckets of a range of three months, and in domains whose devices speak
// once a day longer than that. Silence is judged by Plantroom, by each device's
// own interval, and shown by asset_state.
func gap(d plantroom.DomainName) time.Duration {
	switch d {
	case "leaks", "bays":
		return 26 * time.Hour
	}
	return 3 * time.Hour
}

var nowhere = map[string]any{"legend": false, "tooltip": false, "viz": false}

// lines is a chart of numbers over time.
func lines(title, description, unit string, join time.Duration, targets ...Target) Panel {
	return Panel{
		Type: "timeseries", Title: title, Description: description, Targets: targets, Interval: "1m", MaxDataPoints: 500,
		FieldConfig: &FieldConfig{Overrides: []Override{}, Defaults: Field{
			Unit: unit, Colour: &Colour{Mode: "palette-classic"}, NoValue: "No readings",
			Custom: map[string]any{
				"drawStyle": "line", "lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "pointSize": 4, "hideFrom": nowhere,
				"spanNulls": false, "insertNulls": insertNulls(join),
			},
		}},
		Options: map[string]any{
			"legend":  map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
			"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
		},
	}
}

// insertNulls is from how far apart on two values are not joined; none: always.
func insertNulls(join time.Duration) any {
	if join == 0 {
		return false
	}
	return join.Milliseconds()
}

// bars is a chart of states over time, a bar for each asset or device.
func bars(title, description string, join any, mappings []Mapping, targets ...Target) Panel {
	return Panel{
		Type: "state-timeline", Title: title, Description: description, Targets: targets, Interval: "1m", MaxDataPoints: 300,
		FieldConfig: &FieldConfig{Overrides: []Override{}, Defaults: Field{
			Colour: &Colour{Mode: "thresholds"}, Thresholds: steps(plain[0]), Mappings: mappings, NoValue: "No readings",
			Custom: map[string]any{"fillOpacity": 80, "lineWidth": 0, "hideFrom": nowhere, "spanNulls": false, "insertNulls": join},
		}},
		Options: map[string]any{
			"alignValue": "left", "mergeValues": true, "rowHeight": 0.85, "showValue": "auto", "perPage": 20,
			"legend":  map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
			"tooltip": map[string]any{"mode": "single", "sort": "none"},
		},
	}
}

// table is a table. What it says where it has no rows Grafana would say in each
// empty cell, too: those have a dash.
func table(title, description, none string, target Target, transforms []Transform, overrides ...Override) Panel {
	kind := ""
	if q, ours := target.(Query); ours {
		kind = q.QueryType
	}
	overrides = append(cells(kind), overrides...)
	return Panel{
		Type: "table", Title: title, Description: description, Targets: []Target{target}, Transformations: transforms,
		FieldConfig: &FieldConfig{Overrides: overrides, Defaults: Field{
			NoValue: none, Custom: map[string]any{"align": "auto", "filterable": true, "inspect": false, "cellOptions": map[string]any{"type": "auto"}},
		}},
		Options: map[string]any{"showHeader": true, "cellHeight": "sm", "frameIndex": 0},
	}
}

// figure is one number, or a few with their names, that are read from across the room.
func figure(title, description, none string, field Field, fields string, target Target, transforms []Transform, overrides ...Override) Panel {
	field.NoValue = none
	mode := "value" // the panel's title is the name of a single one
	if overrides == nil {
		overrides = []Override{}
	} else {
		mode = "value_and_name"
	}
	return Panel{
		Type: "stat", Title: title, Description: description, Targets: []Target{target}, Transformations: transforms,
		FieldConfig: &FieldConfig{Overrides: overrides, Defaults: field},
		Options: map[string]any{
			"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": fields, "values": false},
			"colorMode":     "background", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": mode, "wideLayout": true,
			"showPercentChange": false, "percentChangeColorMode": "standard",
		},
	}
}

// gauges is a bar for each row of a frame.
func gauges(title, description, none, fields, unit string, marks *Thresholds, target Target, transforms []Transform, overrides ...Override) Panel {
	least, most := 0.0, 1.0
	f := Field{Unit: unit, NoValue: none, Colour: &Colour{Mode: "thresholds"}, Thresholds: marks, Min: &least}
	if unit == "percentunit" {
		f.Max = &most
	}
	return Panel{
		Type: "bargauge", Title: title, Description: description, Targets: []Target{target}, Transformations: transforms,
		FieldConfig: &FieldConfig{Overrides: overrides, Defaults: f},
		Options: map[string]any{
			"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": fields, "values": true, "limit": 50},
			"displayMode":   "basic", "orientation": "horizontal", "showUnfilled": true, "valueMode": "color", "sizing": "auto", "namePlacement": "auto",
			"minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 300,
			"legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": []string{}},
		},
	}
}
