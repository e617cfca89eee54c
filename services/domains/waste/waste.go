// Package waste is the watched domain of bins and temporary waste points:
// fill derived from distance, and the rules bin.full, bin.fast_fill and
// bin.fire.
//
// It plans no collection rounds and forecasts nothing: it judges one bin at a
// time by what its sensors report.
package waste

import (
	"time"

	"plantroom"
)

// The rules of this domain.
const (
	RuleFull     plantroom.RuleID = "bin.full"
	RuleFastFill plantroom.RuleID = "bin.fast_fill"
	RuleFire     plantroom.RuleID = "bin.fire"
)

// The signals' names.
const (
	sigDistance = "distance_m"
	sigFill     = "fill"
	sigLid      = "lid_open"
	sigTilt     = "tilt_deg"
	sigTemp     = "temperature_c"
	sigStatus   = "status"
	sigMass     = "mass_kg"
)

// The causes of incidents, besides fire.
const (
	isFull   = "full"
	fastFill = "fast_fill"
	heat     = "heat"
)

// Domain returns the domain.
func Domain() plantroom.Domain {
	return plantroom.Domain{
		Name:        "waste",
		Measurement: "bin",
		Title:       plantroom.Text{En: "Waste", Zh: "垃圾"},
		Causes: map[string]plantroom.Text{
			isFull:   {En: "bin full", Zh: "垃圾桶已满"},
			fastFill: {En: "bin fills unusually fast", Zh: "垃圾桶填充异常快"},
			fire:     {En: "fire in a bin", Zh: "垃圾桶起火"},
			heat:     {En: "bin is hot", Zh: "垃圾桶高温"},
		},
		Kinds: []string{"rigid_120", "rigid_240", "rigid_360", "rigid_660", "rigid_770", "rigid_1000", "rigid_1100",
			"rigid_1300", "rigid_1700", "temporary_point"},
		Params: []plantroom.Signal{
			{Name: paramEmpty, Kind: plantroom.FloatKind, Unit: "m", Min: 0.05, Max: 20, Doc: "distance from the sensor to the bottom of the empty bin"},
			{Name: paramFull, Kind: plantroom.FloatKind, Unit: "m", Min: 0, Max: 20, Doc: "distance from the sensor to the waste in a full bin"},
			{Name: paramBlind, Kind: plantroom.FloatKind, Unit: "m", Min: 0, Max: 2, Doc: "distance below which the sensor cannot measure; 0.25 for most ultrasonic, 0.03 for time-of-flight sensors"},
		},
		Signals: []plantroom.Signal{
			{Name: sigDistance, Kind: plantroom.FloatKind, Unit: "m", Min: 0, Max: 20, Doc: "distance from the sensor to the waste, as measured"},
			{Name: sigFill, Kind: plantroom.FloatKind, Unit: "1", Min: 0, Max: 1, Doc: "how full the bin is, 0 empty to 1 full; derived from distance_m where the bin's depths are known. LwM2M object 3435 calls it actual filling"},
			{Name: sigLid, Kind: plantroom.BoolKind, Doc: "the lid is open; what is measured then is not judged"},
			{Name: sigTilt, Kind: plantroom.FloatKind, Unit: "deg", Min: 0, Max: 180, Doc: "angle between the bin and upright; beyond 30 what is measured is not judged"},
			{Name: sigTemp, Kind: plantroom.FloatKind, Unit: "Cel", Min: -50, Max: 400, Doc: "air temperature inside the bin"},
			{Name: sigMass, Kind: plantroom.FloatKind, Unit: "kg", Min: -2000, Max: 20000, Doc: "mass on the bin's load cells, less their tare; below zero where the bin is lifted"},
			{Name: sigStatus, Kind: plantroom.StringKind, Values: []string{"ok", "lidOpen", "dropped", "moved", "vandalized", "burning", "unknown"},
				Doc: "what the bin's own sensor makes of it; FIWARE WasteContainer.status"},
		},
		Rules:   []plantroom.Rule{fullRule(), fastFillRule(), fireRule()},
		Derive:  derive,
		Targets: targets(),
	}
}

func targets() []plantroom.Window {
	w := func(k plantroom.ClockKind, s plantroom.Severity, d time.Duration, from plantroom.ClockStart) plantroom.Window {
		return plantroom.Window{Clock: k, Severity: s, Length: plantroom.Duration(d), From: from, Source: "house default, unverified"}
	}
	return []plantroom.Window{
		w(plantroom.Acknowledge, plantroom.Low, time.Hour, plantroom.FromDispatched),
		w(plantroom.Acknowledge, plantroom.High, 2*time.Minute, plantroom.FromDispatched),
		w(plantroom.Attend, plantroom.Low, 8*time.Hour, plantroom.FromRaised),
		w(plantroom.Attend, plantroom.High, 10*time.Minute, plantroom.FromRaised),
		w(plantroom.Restore, plantroom.Low, 24*time.Hour, plantroom.FromRaised),
		w(plantroom.Restore, plantroom.Medium, 12*time.Hour, plantroom.FromRaised),
		w(plantroom.Restore, plantroom.High, time.Hour, plantroom.FromRaised),
	}
}
