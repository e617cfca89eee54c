package lifts

import (
	"slices"

	"plantroom"
)

// None is what the fault signal says of a sound lift.
const None = "none"

// Slugs that the rules refer to by name.
const (
	entrapmentFault  = "entrapment"
	alarmButton      = "alarm_button"
	outOfZone        = "stopped_out_of_zone"
	movingDoorOpen   = "moving_door_open"
	unintendedMotion = "unintended_movement"
)

// Source names a numbering of lift faults. The same number means different
// things in different numberings (8 is "stopped out of zone" to BACnet and
// "restart lockout" to GB/T 24476), so a number is nothing without its source.
type Source string

// The numberings.
const (
	// BACnet is BACnetLiftFault, ASHRAE 135-2012 addendum aq, as in the
	// public bacnet-stack.
	BACnet Source = "bacnet"
	// BACnetProperty is the number of a property of the BACnet Lift object.
	// 478, Passenger_Alarm, says that somebody pressed the button: it maps to
	// alarm_button, and becomes an entrapment only with further evidence.
	BACnetProperty Source = "bacnet_property"
	// GBT24476 is GB/T 24476, 2017 edition, taken from public code that
	// implements it. The standard itself was not read, and a 2023 edition
	// exists: unverified.
	GBT24476 Source = "gbt24476"
)

// noCode marks a fault that a numbering does not have. 0 is a code.
const noCode = -1

// Fault is one entry of the fault vocabulary.
type Fault struct {
	Slug     string // what the fault signal carries
	Title    plantroom.Text
	Severity plantroom.Severity
	Stops    bool // the car does not run on while the fault lasts (our reading, unverified)

	bacnet, property, gbt int
}

// Code returns the fault's number in a numbering, and whether it has one.
func (f Fault) Code(s Source) (int, bool) {
	code := noCode
	switch s {
	case BACnet:
		code = f.bacnet
	case BACnetProperty:
		code = f.property
	case GBT24476:
		code = f.gbt
	}
	return code, code != noCode
}

const no = noCode

var vocabulary = []Fault{
	{"entrapment", plantroom.Text{En: "people trapped in the car", Zh: "困人"}, plantroom.Life, true, no, no, no},
	{"alarm_button", plantroom.Text{En: "alarm button pressed in the car", Zh: "轿厢报警按钮动作"}, plantroom.High, false, no, 478, 90},
	{"unintended_movement", plantroom.Text{En: "car moved with its door open", Zh: "轿厢意外移动"}, plantroom.Life, true, no, no, 5},
	{"governor_safety_gear", plantroom.Text{En: "governor or safety gear has tripped", Zh: "限速器或安全钳动作"}, plantroom.Life, true, 2, no, no},
	{"overspeed", plantroom.Text{En: "overspeed", Zh: "超速"}, plantroom.Life, true, no, no, no},
	{"moving_door_open", plantroom.Text{En: "door open while the car runs", Zh: "运行中开门"}, plantroom.Life, true, no, no, no},
	{"overtravel_top", plantroom.Text{En: "overran the top landing", Zh: "冲顶"}, plantroom.Life, true, no, no, no},
	{"overtravel_bottom", plantroom.Text{En: "overran the bottom landing", Zh: "蹲底"}, plantroom.Life, true, no, no, no},
	{"safety_circuit_open", plantroom.Text{En: "safety circuit open", Zh: "安全回路断开"}, plantroom.High, true, 5, no, 1},
	{"stopped_out_of_zone", plantroom.Text{En: "stopped outside a door zone", Zh: "非门区停梯"}, plantroom.High, true, 8, no, 4},
	{"run_time_limit", plantroom.Text{En: "run time limiter has tripped", Zh: "运行时间限制器动作"}, plantroom.High, true, 13, no, 6},
	{"power_loss", plantroom.Text{En: "mains power lost", Zh: "断电"}, plantroom.High, true, 4, no, 41},
	{"controller_fault", plantroom.Text{En: "controller fault", Zh: "控制系统故障"}, plantroom.High, true, 0, no, no},
	{"drive_motor_fault", plantroom.Text{En: "drive or motor fault", Zh: "驱动或电机故障"}, plantroom.High, true, 1, no, no},
	{"controller_supply_fault", plantroom.Text{En: "controller supply fault", Zh: "控制电源故障"}, plantroom.High, true, 11, no, no},
	{"door_close_fault", plantroom.Text{En: "door does not close", Zh: "关门故障"}, plantroom.Medium, false, 6, no, 2},
	{"door_open_fault", plantroom.Text{En: "door does not open", Zh: "开门故障"}, plantroom.Medium, true, 7, no, 3},
	{"position_lost", plantroom.Text{En: "car position lost", Zh: "楼层位置丢失"}, plantroom.Medium, true, 14, no, 7},
	{"restart_lockout", plantroom.Text{En: "locked against restarting", Zh: "防止再运行保护动作"}, plantroom.Medium, true, no, no, 8},
	{"shaft_device_fault", plantroom.Text{En: "safety device in the shaft", Zh: "井道装置故障"}, plantroom.Medium, true, 3, no, no},
	{"start_failure", plantroom.Text{En: "does not start", Zh: "启动失败"}, plantroom.Medium, true, 10, no, no},
	{"drive_overtemp", plantroom.Text{En: "drive or motor too hot", Zh: "驱动过热"}, plantroom.Medium, true, 15, no, no},
	{"self_test_failed", plantroom.Text{En: "self-test failed or missed", Zh: "自检失败"}, plantroom.Medium, false, 12, no, no},
	{"monitor_offline", plantroom.Text{En: "the lift's own monitor is offline", Zh: "监测装置离线"}, plantroom.Medium, false, no, no, no},
	{"call_button_stuck", plantroom.Text{En: "call button stuck", Zh: "呼梯按钮卡住"}, plantroom.Low, false, 9, no, no},
	{"load_measure_fault", plantroom.Text{En: "load measurement fault", Zh: "称重装置故障"}, plantroom.Low, false, 16, no, no},
	{"door_cycling", plantroom.Text{En: "door opens and closes again and again", Zh: "反复开关门"}, plantroom.Low, false, no, no, no},
}

// Faults returns the vocabulary, most serious first.
func Faults() []Fault { return slices.Clone(vocabulary) }

// FaultByCode finds a fault by its number in a numbering; CodeNotFound where
// that numbering has no such fault.
func FaultByCode(s Source, code int) (Fault, error) {
	for _, f := range vocabulary {
		if c, ok := f.Code(s); ok && c == code {
			return f, nil
		}
	}
	return Fault{}, plantroom.Errorf(plantroom.CodeNotFound, "lift fault %d is not in the numbering %q", code, s)
}

// FaultBySlug finds a fault by the slug that the fault signal carries.
func FaultBySlug(slug string) (Fault, error) {
	if f := lookup(slug); f != nil {
		return *f, nil
	}
	return Fault{}, plantroom.Errorf(plantroom.CodeNotFound, "lift fault %q is not in the vocabulary", slug)
}

func lookup(slug string) *Fault {
	for i := range vocabulary {
		if vocabulary[i].Slug == slug {
			return &vocabulary[i]
		}
	}
	return nil
}

func faultValues() []string {
	values := []string{None}
	for _, f := range vocabulary {
		values = append(values, f.Slug)
	}
	return values
}
