// Package lifts is the watched domain of lifts: their signals, the fault
// vocabulary with its BACnet and GB/T numbers, and the rules lift.fault and
// lift.entrapment.
//
// It does not talk to lifts, does not choose who repairs them, and takes no
// part in a lift's own safety: it only judges what devices report.
package lifts

import (
	"time"

	"plantroom"
)

// The rules of this domain.
const (
	RuleFault      plantroom.RuleID = "lift.fault"
	RuleEntrapment plantroom.RuleID = "lift.entrapment"
)

// The signals' names.
const (
	sigFault     = "fault"
	sigMode      = "mode"
	sigDoor      = "door"
	sigDirection = "direction"
	sigCycles    = "cycles"
	sigAlarm     = "passenger_alarm"
	sigOccupied  = "car_occupied"
)

// Domain returns the domain.
func Domain() plantroom.Domain {
	return plantroom.Domain{
		Name:        "lifts",
		Measurement: "lift",
		Title:       plantroom.Text{En: "Lifts", Zh: "电梯"},
		Kinds:       []string{"passenger", "firefighters", "goods"},
		Signals:     signals(),
		Rules:       []plantroom.Rule{faultRule(), entrapmentRule()},
		Targets:     targets(),
		Causes:      causes(),
	}
}

// causes are the vocabulary's, in words.
func causes() map[string]plantroom.Text {
	all := make(map[string]plantroom.Text, len(vocabulary))
	for _, f := range vocabulary {
		all[f.Slug] = f.Title
	}
	return all
}

func signals() []plantroom.Signal {
	return []plantroom.Signal{
		{Name: sigFault, Kind: plantroom.StringKind, Values: faultValues(),
			Doc: "the fault that the lift reports, none where it is sound; vocabulary from BACnetLiftFault (ASHRAE 135-2012aq) and GB/T 24476"},
		{Name: sigMode, Kind: plantroom.StringKind, Values: modes,
			Doc: "how the lift is run; after BACnetLiftCarMode and GB/T 24476. A mode is not a fault"},
		{Name: sigDoor, Kind: plantroom.StringKind, Values: []string{"open", "closed", "opening", "closing", "unknown"},
			Doc: "the car door; after BACnetDoorStatus, reduced"},
		{Name: "floor", Kind: plantroom.FloatKind, Unit: "1", Min: -20, Max: 200,
			Doc: "where the car is: 0 is the entrance, basements are negative, fractions lie between landings"},
		{Name: sigDirection, Kind: plantroom.StringKind, Values: []string{"none", "up", "down", "unknown"},
			Doc: "where the car is going; none: it stands. After BACnetLiftCarDirection, reduced"},
		{Name: sigCycles, Kind: plantroom.FloatKind, Unit: "1", Min: 0, Max: 1e12,
			Doc: "running count of completed runs with a door cycle; may wrap or start again"},
		{Name: sigAlarm, Kind: plantroom.BoolKind,
			Doc: "the alarm in the car is on, and stays so until it is ended (BACnet Passenger_Alarm, property 478); a device with a bare button contact has to hold it"},
		{Name: sigOccupied, Kind: plantroom.BoolKind, Doc: "somebody is in the car"},
		{Name: "energy_kwh", Kind: plantroom.FloatKind, Unit: "kW.h", Min: 0, Max: 1e9, Doc: "running total of the lift's energy meter"},
		{Name: "motor_current_a", Kind: plantroom.FloatKind, Unit: "A", Min: 0, Max: 500,
			Doc: "current of the drive motor, root mean square"},
		{Name: "self_test_ok", Kind: plantroom.BoolKind,
			Doc: "the alarm's self-test passed; EN 81-28 wants one at least every 3 days (second-hand)"},
	}
}

// modes are the permitted states of the mode signal.
var modes = []string{"normal", "inspection", "out_of_service", "fire_return", "firefighter", "emergency_power",
	"earthquake", "vip", "homing", "parking", "attendant", "evacuation", "unknown"}

// serviced reports whether somebody has taken the lift out of use on purpose:
// what it reports then is no news to those who repair it.
func serviced(mode string) bool { return mode == "inspection" || mode == "out_of_service" }

func targets() []plantroom.Window {
	const house = "house default, unverified"
	d := func(t time.Duration) plantroom.Duration { return plantroom.Duration(t) }
	return []plantroom.Window{
		{Clock: plantroom.Acknowledge, Severity: plantroom.Low, Length: d(15 * time.Minute), From: plantroom.FromDispatched, Source: house},
		{Clock: plantroom.Acknowledge, Severity: plantroom.High, Length: d(5 * time.Minute), From: plantroom.FromDispatched, Source: house},
		{Clock: plantroom.Attend, Severity: plantroom.Low, Length: d(4 * time.Hour), From: plantroom.FromRaised, Source: house},
		{Clock: plantroom.Attend, Severity: plantroom.Medium, Length: d(2 * time.Hour), From: plantroom.FromRaised, Source: house},
		{Clock: plantroom.Attend, Severity: plantroom.High, Length: d(time.Hour), From: plantroom.FromRaised, Source: house},
		{Clock: plantroom.Attend, Severity: plantroom.Life, Length: d(30 * time.Minute), From: plantroom.FromRaised,
			Source: "TRBS 3121: help arrives within half an hour of the call"},
		{Clock: plantroom.Release, Severity: plantroom.High, Length: d(time.Hour), From: plantroom.FromRaised, Source: house},
		{Clock: plantroom.Restore, Severity: plantroom.Low, Length: d(24 * time.Hour), From: plantroom.FromRaised, Source: house},
		{Clock: plantroom.Restore, Severity: plantroom.Medium, Length: d(8 * time.Hour), From: plantroom.FromRaised, Source: house},
		{Clock: plantroom.Restore, Severity: plantroom.High, Length: d(4 * time.Hour), From: plantroom.FromRaised, Source: house},
	}
}
