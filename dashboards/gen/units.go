package gen

import (
	"strings"

	"plantroom"
)

// unit is how Grafana calls a unit, and how it is written in a heading: "" where
// Grafana chooses among several, as minutes and hours, or where there is none.
type unit struct{ id, written string }

// units maps the UCUM units of signals.
var units = map[string]unit{
	"":     {"none", ""}, // truths and states
	"1":    {"none", ""},
	"%":    {"percent", "%"},
	"m":    {"lengthm", "m"},
	"kg":   {"masskg", "kg"},
	"s":    {"s", ""},
	"deg":  {"degree", "°"},
	"Cel":  {"celsius", "°C"},
	"L":    {"litre", "L"},
	"L/h":  {"litreh", "L/h"},
	"A":    {"amp", "A"},
	"V":    {"volt", "V"},
	"kW.h": {"kwatth", "kWh"},
	"dB":   {"dB", "dB"},
	"dBm":  {"dBm", "dBm"},
}

// isPart reports whether a signal is a part of a whole, which is shown in percent.
func isPart(s plantroom.Signal) bool { return s.Unit == "1" && s.Min == 0 && s.Max == 1 }

// UnitOf is Grafana's unit of a signal. A part of one is shown in percent. A
// unit that is not known is shown as it is written.
func UnitOf(s plantroom.Signal) string {
	if isPart(s) {
		return "percentunit"
	}
	if u, ok := units[s.Unit]; ok {
		return u.id
	}
	return "suffix:" + s.Unit
}

// written is a signal's unit for a heading, "" for none.
func written(s plantroom.Signal) string {
	if isPart(s) {
		return "%"
	}
	if u, ok := units[s.Unit]; ok {
		return u.written
	}
	return s.Unit
}

// plainly says better than its name what a signal is, where the name is short.
var plainly = map[string]string{
	"state":         "State of the sensor",
	"status":        "Status of the sensor",
	"occupied_s":    "How long the state before lasted",
	"override_uid":  "User who ordered an output",
	"self_test_why": "Why a self test was not passed",
	"online":        "Said to be reachable",
	"uplinks_lost":  "Frames lost",
}

// abbreviations are written as people write them.
var abbreviations = map[string]string{"rssi": "RSSI", "snr": "SNR", "temp": "temperature", "uid": "user id"}

// heading is what a signal is called, with its unit.
func heading(s plantroom.Signal) string {
	text := plainly[s.Name]
	if text == "" {
		words := strings.Split(bare(s.Name), "_")
		for i, w := range words {
			if a := abbreviations[w]; a != "" {
				words[i] = a
			}
		}
		text = strings.Join(words, " ")
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if u := written(s); u != "" {
		text += " (" + u + ")"
	}
	return text
}

// bare is a signal's name without the unit at its end.
func bare(name string) string {
	if long, ok := strings.CutSuffix(name, "_s"); ok {
		return long + "_time"
	}
	for _, suffix := range []string{"_l_h", "_m", "_c", "_kwh", "_a", "_l", "_deg", "_kg", "_pct", "_v", "_dbm", "_db"} {
		if short, ok := strings.CutSuffix(name, suffix); ok {
			return short
		}
	}
	return name
}
