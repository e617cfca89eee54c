// Package bays is the watched domain of vehicle bays: forbidden stops on fire
// lanes and frontages, and overstays on bays with a limit.
//
// It knows no number plates and fines nobody: it keeps the times, the rule and
// the grace that were applied.
package bays

import (
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// The rules of this domain.
const (
	RuleForbiddenStop plantroom.RuleID = "bay.forbidden_stop"
	RuleOverstay      plantroom.RuleID = "bay.overstay"
)

// The signals' and parameters' names.
const (
	sigOccupied = "occupied"
	sigPrevious = "occupied_s"

	paramGrace = "grace_s"
	paramStay  = "max_stay_s"
)

// The kinds of bays that the rules treat differently.
const (
	fireLane   = "fire_lane"
	noStopping = "no_stopping"
	visitor    = "visitor"
	charging   = "charging"
	loading    = "loading"
)

// The causes of incidents.
const (
	forbiddenStop = "forbidden_stop"
	overstay      = "overstay"
)

// DefaultGrace is how long a car may stand in a bay without a grace_s of its
// own where it must not stop: long enough to let somebody out, shorter than
// "only a minute". Unverified.
const DefaultGrace = 2 * time.Minute

// defaultStay is how long a car may stay in a bay without a max_stay_s of its
// own. House defaults, unverified.
func defaultStay(kind string) time.Duration {
	switch kind {
	case charging:
		return 4 * time.Hour
	case loading:
		return 30 * time.Minute
	}
	return 24 * time.Hour
}

// Domain returns the domain.
func Domain() plantroom.Domain {
	return plantroom.Domain{
		Name:        "bays",
		Measurement: "bay",
		Title:       plantroom.Text{En: "Vehicle bays", Zh: "车位"},
		Kinds:       []string{"resident", visitor, "accessible", charging, loading, fireLane, noStopping},
		Causes: map[string]plantroom.Text{
			forbiddenStop: {En: "vehicle where it must not stop", Zh: "禁停区停车"},
			overstay:      {En: "vehicle stays too long", Zh: "超时停放"},
		},
		Params: []plantroom.Signal{
			{Name: paramGrace, Kind: plantroom.FloatKind, Unit: "s", Min: 0, Max: 3600, Doc: "how long a car may stand where it must not stop; 120 where not given"},
			{Name: paramStay, Kind: plantroom.FloatKind, Unit: "s", Min: 60, Max: 30 * 86400, Doc: "how long a car may stay; where not given 86400 for visitors, 14400 for charging, 1800 for loading"},
		},
		Signals: []plantroom.Signal{
			{Name: sigOccupied, Kind: plantroom.BoolKind, Doc: "a vehicle stands in the bay"},
			{Name: sigPrevious, Kind: plantroom.FloatKind, Unit: "s", Min: 0, Max: 366 * 86400,
				Doc: "how long the state before the one reported at the same time lasted; lets a lost change be back-dated (Nwave and Bosch sensors send changes only)"},
		},
		Rules: []plantroom.Rule{forbiddenRule(), overstayRule()},
		Targets: []plantroom.Window{
			target(plantroom.Acknowledge, plantroom.Low, 30*time.Minute, plantroom.FromDispatched),
			target(plantroom.Acknowledge, plantroom.Medium, 10*time.Minute, plantroom.FromDispatched),
			target(plantroom.Acknowledge, plantroom.High, 5*time.Minute, plantroom.FromDispatched),
			target(plantroom.Attend, plantroom.Medium, 20*time.Minute, plantroom.FromRaised),
			target(plantroom.Attend, plantroom.High, 10*time.Minute, plantroom.FromRaised),
			target(plantroom.Restore, plantroom.Low, 8*time.Hour, plantroom.FromRaised),
			target(plantroom.Restore, plantroom.Medium, time.Hour, plantroom.FromRaised),
			target(plantroom.Restore, plantroom.High, 30*time.Minute, plantroom.FromRaised),
		},
	}
}

func target(k plantroom.ClockKind, s plantroom.Severity, d time.Duration, from plantroom.ClockStart) plantroom.Window {
	return plantroom.Window{Clock: k, Severity: s, Length: plantroom.Duration(d), From: from, Source: "house default, unverified"}
}

func forbiddenRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleForbiddenStop,
		Title: plantroom.Text{En: "Vehicle where it must not stop", Zh: "违停"},
		Doc: "A vehicle has stood on a fire lane or a no-stopping frontage for longer than the grace. The episode begins when the grace ends. " +
			"A stop within the grace is nothing. Each full minute that the bay is free is one clean cycle; while a sensor says that it is offline none is counted.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore},
		Clean:   1,
		Kinds:   []string{fireLane, noStopping},
		Signals: []string{sigOccupied, sigPrevious, evidence.SigOnline},
		Steps: []plantroom.Step{
			{ID: "photo", Proof: "photo", Title: plantroom.Text{En: "Photograph the vehicle, its plate and the sign, so that the place can be recognised", Zh: "拍下车辆、车牌和禁停标志"}},
			{ID: "call", Proof: "person", Title: plantroom.Text{En: "Find the driver and ask for the bay to be cleared; be polite, say why", Zh: "联系车主挪车，礼貌说明原因"}},
			{ID: "guard", Proof: "note", Title: plantroom.Text{En: "On a fire lane: put a guard there until it is clear, and call for towing when the driver cannot be found", Zh: "消防通道：留人看守，联系不上即安排拖车"}},
			{ID: "clear", Proof: "reading", Title: plantroom.Text{En: "See the bay free", Zh: "确认车位已腾空"}},
			{ID: "record", Proof: "note", Title: plantroom.Text{En: "Note times and the rule that applied; an insurer may ask", Zh: "记录时间和适用规定，备保险查询"}},
		},
		New: func(a plantroom.Asset) plantroom.Detector {
			severity := plantroom.Medium
			if a.Kind == fireLane {
				severity = plantroom.High
			}
			return &stay{cause: forbiddenStop, severity: severity, limit: seconds(a, paramGrace, DefaultGrace)}
		},
	}
}

func overstayRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleOverstay,
		Title: plantroom.Text{En: "Vehicle stays too long", Zh: "超时停放"},
		Doc: "A vehicle has stayed in a visitor, charging or loading bay for longer than its limit. The episode begins when the limit ends. " +
			"Each full minute that the bay is free is one clean cycle; while a sensor says that it is offline none is counted.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Restore},
		Clean:   1,
		Kinds:   []string{visitor, charging, loading},
		Signals: []string{sigOccupied, sigPrevious, evidence.SigOnline},
		Steps: []plantroom.Step{
			{ID: "look", Proof: "photo", Title: plantroom.Text{En: "Photograph the vehicle in the bay", Zh: "拍下车位上的车辆"}},
			{ID: "ask", Proof: "person", Title: plantroom.Text{En: "Call the visitor or the flat visited and agree a time", Zh: "联系访客或被访住户约定时间"}},
			{ID: "clear", Proof: "reading", Title: plantroom.Text{En: "See the bay free", Zh: "确认车位已腾空"}},
		},
		New: func(a plantroom.Asset) plantroom.Detector {
			return &stay{cause: overstay, severity: plantroom.Low, limit: seconds(a, paramStay, defaultStay(a.Kind))}
		},
	}
}

func seconds(a plantroom.Asset, param string, otherwise time.Duration) time.Duration {
	if s, ok := a.Params[param]; ok {
		return time.Duration(s * float64(time.Second))
	}
	return otherwise
}
