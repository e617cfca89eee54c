// Package leaks is the watched domain of water: spot and rope sensors, meters,
// and the valves that a gateway closes, with the rules leak.wet,
// leak.cable_break and leak.valve_failed.
//
// It does not say whose water it is (tracing across floors weighs several
// assets) and closes no valve: that is the gateway's reflex, which tells by the
// signals here what it did.
package leaks

import (
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// The rules of this domain.
const (
	RuleWet        plantroom.RuleID = "leak.wet"
	RuleCableBreak plantroom.RuleID = "leak.cable_break"
	RuleValve      plantroom.RuleID = "leak.valve_failed"
)

// The signals' names and the states of a sensor.
const (
	sigState    = "state"
	sigDistance = "distance_m"
	sigValve    = "valve"

	dry        = "dry"
	wet        = "wet"
	cableBreak = "cable_break"
	stuck      = "stuck"
)

// Domain returns the domain.
func Domain() plantroom.Domain {
	return plantroom.Domain{
		Name:        "leaks",
		Measurement: "leak",
		Title:       plantroom.Text{En: "Water", Zh: "漏水"},
		Causes: map[string]plantroom.Text{
			wet:        {En: "water leak", Zh: "漏水"},
			cableBreak: {En: "leak rope cut", Zh: "感应绳断开"},
			stuck:      {En: "valve does not move", Zh: "阀门卡住"},
		},
		Kinds: []string{"spot", "rope", "meter", "valve"},
		Signals: []plantroom.Signal{
			{Name: sigState, Kind: plantroom.StringKind, Values: []string{dry, wet, cableBreak, "contaminated", "unknown"},
				Doc: "what the sensor says; a rope is dry above 1 MΩ/m and often wet below 50 kΩ, its end resistor tells dry from cut"},
			{Name: sigDistance, Kind: plantroom.FloatKind, Unit: "m", Min: 0, Max: 5000,
				Doc: "where along the rope it is wet, from the rope's head"},
			{Name: "flow_l_h", Kind: plantroom.FloatKind, Unit: "L/h", Min: -10000, Max: 1000000,
				Doc: "flow through the meter; negative: backwards"},
			{Name: "volume_l", Kind: plantroom.FloatKind, Unit: "L", Min: 0, Max: 1e12,
				Doc: "running total of the meter"},
			{Name: "temperature_c", Kind: plantroom.FloatKind, Unit: "Cel", Min: -55, Max: 125,
				Doc: "temperature of the pipe or of the room; no rule judges it yet"},
			{Name: sigValve, Kind: plantroom.StringKind, Values: []string{"open", "closed", "moving", stuck, "unknown"},
				Doc: "where a valve of a gateway is; stuck: it does not get there, or did not get where a leak would send it the last time"},
			{Name: "output", Kind: plantroom.StringKind, Values: []string{"on", "off", "switching", stuck, "unknown"},
				Doc: "how a buzzer or a relay of a gateway is"},
			{Name: "driven_by", Kind: plantroom.StringKind, Values: []string{"rest", "reflex", "person", "contact", "self_test"},
				Doc: "what has put an output where it is: nothing, a reflex, a person's order, a switch on site, the self-test"},
			{Name: "reflex", Kind: plantroom.StringKind, Values: []string{"acted", "held_by_interlock", "held_by_person", "over"},
				Doc: "what a reflex did to an output, or what kept it from that"},
			{Name: "override_uid", Kind: plantroom.FloatKind, Unit: "1", Min: 0, Max: 4294967295,
				Doc: "the user of the gateway's machine who has ordered an output"},
			{Name: "self_test", Kind: plantroom.StringKind, Values: []string{"passed", "failed", "skipped"},
				Doc: "how the monthly exercise of a valve ended"},
			{Name: "self_test_why", Kind: plantroom.StringKind, Values: []string{"none", "leak", "override", "interlock", "restart", "state", "not_there", "not_back"},
				Doc: "why it was skipped (a leak, an override, an interlock, a restart, a disk that does not keep the state), or failed (it did not get there, or not back)"},
		},
		Rules: []plantroom.Rule{wetRule(), cableBreakRule(), valveRule()},
		Targets: []plantroom.Window{
			target(plantroom.Acknowledge, plantroom.Low, 30*time.Minute, plantroom.FromDispatched),
			target(plantroom.Acknowledge, plantroom.High, 5*time.Minute, plantroom.FromDispatched),
			target(plantroom.Attend, plantroom.Low, 8*time.Hour, plantroom.FromRaised),
			target(plantroom.Attend, plantroom.High, 30*time.Minute, plantroom.FromRaised),
			target(plantroom.Restore, plantroom.Low, 48*time.Hour, plantroom.FromRaised),
			target(plantroom.Restore, plantroom.High, 4*time.Hour, plantroom.FromRaised),
		},
	}
}

func target(k plantroom.ClockKind, s plantroom.Severity, d time.Duration, from plantroom.ClockStart) plantroom.Window {
	return plantroom.Window{Clock: k, Severity: s, Length: plantroom.Duration(d), From: from, Source: "house default, unverified"}
}

func wetRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleWet,
		Title: plantroom.Text{En: "Water leak", Zh: "漏水"},
		Doc: "A sensor is wet: for 5 s, or in two reports. A cut or contaminated cable is never a leak, and does not end one: " +
			"only dry does, of every sensor that was wet. Each 10 min dry is one clean cycle; while a sensor says that it is offline none is counted.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore},
		Clean:   2,
		Kinds:   []string{"spot", "rope"},
		Signals: []string{sigState, sigDistance, evidence.SigOnline},
		Steps: []plantroom.Step{
			{ID: "stop", Proof: "reading", Title: plantroom.Text{En: "Close the nearest valve above the wet place", Zh: "关闭漏水点上游最近的阀门"}},
			{ID: "power", Proof: "person", Title: plantroom.Text{En: "Keep people away from wet sockets and switch their circuit off", Zh: "远离进水的插座并断开回路"}},
			{ID: "look", Proof: "photo", Title: plantroom.Text{En: "Photograph the wet place and the ceiling below before anything is wiped", Zh: "擦拭前拍下漏水点和楼下天花"}},
			{ID: "trace", Proof: "note", Title: plantroom.Text{En: "Find where the water comes from: the highest wet floor on the riser, works nearby, what the builder left; blame nobody before", Zh: "查明水源：立管最高湿点、附近施工、建造遗留；查清前不归责"}},
			{ID: "isolate", Proof: "note", Title: plantroom.Text{En: "Isolate the suspected pipe and watch whether the wet place dries", Zh: "隔离可疑管段，观察是否变干"}},
			{ID: "repair", Proof: "photo", Title: plantroom.Text{En: "Repair and photograph the repair", Zh: "维修并拍照"}},
			{ID: "dry", Proof: "reading", Title: plantroom.Text{En: "Dry the sensor and let it prove the repair with the water on again", Zh: "擦干传感器，恢复供水后由传感器确认"}},
			{ID: "inform", Proof: "person", Title: plantroom.Text{En: "Tell the flats above and below what was found and who pays for what", Zh: "告知上下住户原因和费用归属"}},
		},
		New: func(plantroom.Asset) plantroom.Detector {
			return newDetector(condition{signal: sigState, state: wet, ends: []string{dry}, severity: plantroom.High, title: "wet"})
		},
	}
}

func cableBreakRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleCableBreak,
		Title: plantroom.Text{En: "Leak rope cut", Zh: "漏水感应绳断开"},
		Doc: "A rope reports a broken cable: for 5 s, or in two reports. Until it is mended nobody watches for water there. " +
			"Any state that only a whole cable can report ends it. Each 10 min whole is one clean cycle; while a sensor says that it is offline none is counted.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Restore},
		Clean:   1,
		Kinds:   []string{"rope"},
		Signals: []string{sigState, evidence.SigOnline},
		Steps: []plantroom.Step{
			{ID: "look", Proof: "photo", Title: plantroom.Text{En: "Walk the rope and photograph the break; look for water while there", Zh: "沿绳检查并拍下断点，同时查看有无积水"}},
			{ID: "mend", Proof: "note", Title: plantroom.Text{En: "Mend or replace the rope, end resistor included", Zh: "修复或更换感应绳及末端电阻"}},
			{ID: "test", Proof: "reading", Title: plantroom.Text{En: "Wet it with a damp cloth and see the reading, then dry it", Zh: "用湿布测试读数后擦干"}},
		},
		New: func(plantroom.Asset) plantroom.Detector {
			return newDetector(condition{signal: sigState, state: cableBreak, ends: []string{dry, wet, "contaminated"},
				severity: plantroom.Medium, title: "cable broken"})
		},
	}
}

func valveRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleValve,
		Title: plantroom.Text{En: "Valve does not move", Zh: "阀门故障"},
		Doc: "A valve of a gateway is stuck: for 5 s, or in two reports. It was driven and did not get there, or its self-test failed. " +
			"Until it is mended a leak there is not stopped. Open or closed, which it says once it has proved itself, ends it. " +
			"Each 10 min so is one clean cycle; while it says that it is offline none is counted.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Restore},
		Clean:   1,
		Kinds:   []string{"valve"},
		Signals: []string{sigValve, evidence.SigOnline},
		Steps: []plantroom.Step{
			{ID: "look", Proof: "photo", Title: plantroom.Text{En: "Look at the valve, its power and its relay", Zh: "检查阀门、电源和继电器"}},
			{ID: "free", Proof: "note", Title: plantroom.Text{En: "Turn it by hand once there and back; exchange it where it stays stiff", Zh: "手动开合一次，仍卡涩则更换"}},
			{ID: "prove", Proof: "reading", Title: plantroom.Text{En: "Have the gateway close it and give it back: plantroom-gateway output", Zh: "由网关关闭并恢复，确认到位"}},
		},
		New: func(plantroom.Asset) plantroom.Detector {
			return newDetector(condition{signal: sigValve, state: stuck, ends: []string{"open", "closed"},
				severity: plantroom.Medium, title: "stuck"})
		},
	}
}
