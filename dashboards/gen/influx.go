package gen

import (
	"fmt"

	"plantroom"
)

// totals are running counts: what matters is how much they grow. A meter that
// begins anew shows a gap, not a fall below zero.
var totals = map[string]bool{"cycles": true, "energy_kwh": true, "volume_l": true, "pulses": true}

// gather says how the values of an interval become one, where that is not the
// mean: the one that matters to whoever watches.
var gather = map[string]string{
	"temperature_c": "max", "device_temp_c": "max", "motor_current_a": "max", "fill": "max", "tilt_deg": "max",
	"battery_pct": "min", "battery_v": "min", "rssi_dbm": "min", "snr_db": "min", "downlink_snr_db": "min", "link_quality": "min",
	"uplinks_lost": "sum", "override_uid": "last", "floor": "last", "occupied_s": "last",
}

// chosen limits a query to the board's building and asset.
const chosen = `$timeFilter AND "building" =~ /^${building:regex}$/ AND "asset" =~ /^${asset:regex}$/`

// series asks for a signal, one line for each asset, or each device of it where
// several cannot be made one: as many values as the panel has room for.
func series(measurement string, s plantroom.Signal) InfluxQuery {
	q := InfluxQuery{Alias: "$tag_asset"}
	switch {
	case s.Kind == plantroom.StringKind:
		// A bar for each device: of two in one asset the one that spoke last would hide the other.
		q.Alias = "$tag_asset $tag_device"
		q.Query = fmt.Sprintf(`SELECT last("%s") FROM "%s" WHERE %s GROUP BY time($__interval), "asset", "device" fill(none)`, s.Name, measurement, chosen)
	case s.Kind == plantroom.BoolKind:
		// The half that is bad is shown where it was so at any moment of an interval.
		of := "max"
		if falseIsWorse(s) {
			of = "min"
		}
		q.Query = fmt.Sprintf(`SELECT %s("%s") FROM "%s" WHERE %s GROUP BY time($__interval), "asset" fill(none)`, of, s.Name, measurement, chosen)
	case totals[s.Name]:
		q.Alias = "$tag_asset $tag_device"
		q.Query = fmt.Sprintf(`SELECT non_negative_difference(last("%s")) FROM "%s" WHERE %s GROUP BY time($__interval), "asset", "device" fill(none)`,
			s.Name, measurement, chosen)
	default:
		q.Query = fmt.Sprintf(`SELECT %s("%s") FROM "%s" WHERE %s GROUP BY time($__interval), "asset" fill(none)`, function(s.Name), s.Name, measurement, chosen)
	}
	return q
}

func function(signal string) string {
	if f, ok := gather[signal]; ok {
		return f
	}
	return "mean"
}

// every asks for each reading of a signal as it came, a line for each device.
// It is for one asset and a short time.
func every(measurement string, s plantroom.Signal) InfluxQuery {
	return InfluxQuery{Alias: "$tag_device",
		Query: fmt.Sprintf(`SELECT "%s" FROM "%s" WHERE $timeFilter AND "asset" =~ /^${asset:regex}$/ GROUP BY "device"`, s.Name, measurement)}
}

// newest asks for the last value of a signal, for each device.
func newest(measurement, signal string) InfluxQuery {
	return InfluxQuery{Alias: "$tag_device",
		Query: fmt.Sprintf(`SELECT last("%s") FROM "%s" WHERE %s GROUP BY "asset", "device"`, signal, measurement, chosen)}
}

// doubtful asks how many readings came with a doubt: the device's own, or a
// time that was guessed.
func doubtful(measurement string) InfluxQuery {
	return InfluxQuery{Alias: "$tag_asset",
		Query: fmt.Sprintf(`SELECT count("quality") FROM "%s" WHERE %s GROUP BY time($__interval), "asset" fill(none)`, measurement, chosen)}
}

// arriving asks how many readings of a signal have come, for each building: a
// gap is a zero, not a line that goes on.
func arriving(measurement, signal string) InfluxQuery {
	return InfluxQuery{Alias: measurement + " $tag_building",
		Query: fmt.Sprintf(`SELECT count("%s") FROM "%s" WHERE %s GROUP BY time($__interval), "building" fill(0)`, signal, measurement, chosen)}
}
