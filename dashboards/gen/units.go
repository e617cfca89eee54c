package gen

import "plantroom"

// units maps the UCUM units of signals to Grafana's ids.
var units = map[string]string{
	"":     "none", // truths and states
	"1":    "none",
	"%":    "percent",
	"m":    "lengthm",
	"kg":   "masskg",
	"s":    "s",
	"deg":  "degree",
	"Cel":  "celsius",
	"L":    "litre",
	"L/h":  "litreh",
	"A":    "amp",
	"V":    "volt",
	"kW.h": "kwatth",
	"dB":   "dB",
	"dBm":  "dBm",
}

// UnitOf is Grafana's unit of a signal. A part of one is shown in percent. A
// unit that is not known is shown as it is written.
func UnitOf(s plantroom.Signal) string {
	if s.Unit == "1" && s.Min == 0 && s.Max == 1 {
		return "percentunit"
	}
	if u, ok := units[s.Unit]; ok {
		return u
	}
	return "suffix: " + s.Unit
}
