package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/sim/scenario"
)

const wired = `scenario: Nobody asks what is not in the gateway's file
estate: workshop
start: "2026-03-02 08:00"
length: 1h
do:
  - {at: 1m, registers: {gateway: gw-wired, link: risers, unit: 2, table: input, address: 0, values: [1]}}
  - {at: 1m, registers: {gateway: gw-wired, link: riser, unit: 1, table: input, address: 0, hex: "0001"}}
  - {at: 1m, unit: {gateway: gw-ws, link: riser, unit: 2, is: silent, for: 1m}}
  - {at: 1m, unit: {gateway: gw-w, link: riser, unit: 2, is: silent, for: 1m}}
  - {at: 1m, measure: {gateway: gw-wired, port: /dev/ttyUSB9, node: 7, signal: state, value: wet}}
  - {at: 1m, restart: {gateway: gw-wired, port: /dev/ttyACM0, node: 9}}
  - {at: 1m, line: {gateway: gw-ws, port: /dev/ttyACM0, down: 1m}}
  - {at: 1m, publish: {gateway: gw-wired, account: ws-leak-13, topic: plantroom-device/ws-leak-13, payload: x}}
  - {at: 1m, publish: {gateway: gw-wired, account: ws-leak-12, topic: plantroom-device/ws-leak-1, payload: x}}
  - {at: 1m, publish: {gateway: gw-ws, account: ws-leak-12, topic: plantroom-device/ws-leak-12, payload: x}}
  - {at: 1m, contact: {gateway: gw-wired, pin: GPIO71, closed: true}}
  - {at: 1m, rope: {gateway: gw-wired, device: ws-leak-12, cut: true}}
expect:
  - {never: true, incident: {rule: leak.wet}}
  - {at: 1h, reading: {device: ws-rope-2, signal: stat, times: 0}}
  - {at: 1h, reading: {device: ws-rope-2, signal: state, value: dri, times: 0}}
  - {at: 1h, reading: {device: ws-rope-2, signal: distance_m, value: wet, times: 0}}
  - {at: 1h, reading: {device: ws-rope-2, signal: bus_stuck, value: true, times: 0}}
  - {at: 1h, reading: {device: ws-rope, signal: state, times: 0}}
`

func TestWhatIsOnNoWireIsReported(t *testing.T) {
	refused(t, wired,
		`s.yaml:6:45: do.0.registers.link: there is no Modbus link of gw-wired "risers"; use one of meters, riser`,
		`s.yaml:7:58: do.1.registers.unit: there is no unit on riser "1"; use one of 2, 3`,
		`s.yaml:8:37: do.2.unit.link: there is no Modbus link of gw-ws "riser"; its gateway's file has none`,
		`s.yaml:9:21: do.3.unit.gateway: there is no gateway "gw-w"; use one of gw-wired, gw-ws`,
		`s.yaml:10:43: do.4.measure.port: there is no line of gw-wired "/dev/ttyUSB9"; use one of /dev/ttyACM0`,
		`s.yaml:11:63: do.5.restart.node: there is no node on /dev/ttyACM0 "9"; use one of 7, 8`,
		`s.yaml:12:37: do.6.line.port: there is no line of gw-ws "/dev/ttyACM0"; its gateway's file has none`,
		`s.yaml:13:43: do.7.publish.account: there is no account at the broker of gw-wired "ws-leak-13"; use one of ws-leak-12`,
		`s.yaml:14:64: do.8.publish.topic: ws-leak-12 may not publish on "plantroom-device/ws-leak-1"; use one of plantroom-device/ws-leak-12`,
		`s.yaml:15:40: do.9.publish.account: there is no account at the broker of gw-ws "ws-leak-12"; its gateway's file has none`,
		`s.yaml:16:43: do.10.contact.pin: there is no contact of gw-wired on "GPIO71"; use one of GPIO17`,
		`s.yaml:17:40: do.11.rope.device: there is no rope of gw-wired "ws-leak-12"; use one of ws-rope-2`,
		`s.yaml:20:43: expect.1.reading.signal: ws-rope-2 has no signal "stat"; of the `,
		`s.yaml:21:58: expect.2.reading.value: state is never "dri"; use one of cable_break, contaminated, dry, unknown, wet`,
		`s.yaml:22:63: expect.3.reading.value: wet is no value of distance_m; use a number`,
		`s.yaml:24:24: expect.5.reading.device: there is no device "ws-rope"; of the`)
}

// refused loads a file that has exactly these faults.
func refused(t *testing.T, src string, want ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := scenario.Load(path)
	if err == nil {
		t.Fatal("it is taken")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("missing: %s", w)
		}
	}
	if n := strings.Count(err.Error(), "s.yaml:"); n != len(want) || t.Failed() {
		t.Errorf("%d faults, want %d:\n%v", n, len(want), err)
	}
}

func TestRegistersAndUnitsThatCannotBeAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ act, want string }{
		"no content":            {`registers: {gateway: gw-wired, link: riser, unit: 2, table: input, address: 0}`, `do.0.registers: registers have one content; give either values or hex`},
		"two contents":          {`registers: {gateway: gw-wired, link: riser, unit: 2, table: input, address: 0, values: [1], hex: "0001"}`, `registers have one content`},
		"too large":             {`registers: {gateway: gw-wired, link: riser, unit: 2, table: input, address: 0, values: [65536]}`, `do.0.registers.values.0`},
		"half":                  {`registers: {gateway: gw-wired, link: riser, unit: 2, table: input, address: 0, hex: "00 01"}`, `do.0.registers.hex`},
		"table":                 {`registers: {gateway: gw-wired, link: riser, unit: 2, table: inputs, address: 0, values: [1]}`, `use one of holding, input, coil, discrete`},
		"too long for a node":   {`measure: {gateway: gw-wired, port: /dev/ttyACM0, node: 7, signal: state, value: "0123456789012345678901234567890123456789"}`, `do.0.measure: message of kind 2 for node 7: a state of 40 bytes: at most 32`},
		"a number that is none": {`measure: {gateway: gw-wired, port: /dev/ttyACM0, node: 0, signal: state, value: wet}`, `do.0.measure.node`},
		"a clock too slow":      {`restart: {gateway: gw-wired, port: /dev/ttyACM0, node: 7, slow: 0.5}`, `do.0.restart.slow`},
		"no way":                {`line: {gateway: gw-wired, port: /dev/ttyACM0, way: up, down: 1m}`, `use one of both, from_node, to_node`},
		"dead for ever": {`publish: {gateway: gw-wired, account: ws-leak-12, topic: t, payload: x, dies: before_disk}`,
			`do.0.publish: a gateway that dies comes back after a time; give both dies and down, or neither`},
		"two things with a case": {`case: {id: c, by: lin, playbook: complaint, reopen: true}`, `do.0.case: one thing is done with a case at a time; give one of playbook, step, outcome and reopen`},
		"nothing with a case":    {`case: {id: c, by: lin}`, `do.0.case: one thing is done with a case at a time`},
		"dead twice": {"publish: {gateway: gw-wired, account: ws-leak-12, topic: t, payload: x, dies: after_disk, down: 5m}}\n  - {at: 2m, gateway: {id: gw-wired, down: 1m}",
			`do.1: the power of gw-wired is gone already, since line 6; begin at 6m or later`},
		"cut twice": {"line: {gateway: gw-wired, port: /dev/ttyACM0, way: to_node, down: 5m}}\n  - {at: 2m, line: {gateway: gw-wired, port: /dev/ttyACM0, way: from_node, down: 5m}",
			`do.1: the line /dev/ttyACM0 of gw-wired is gone already, since line 6; begin at 6m or later`},
		"gone twice": {"unit: {gateway: gw-wired, link: riser, unit: 2, is: silent, for: 5m}}\n  - {at: 2m, unit: {gateway: gw-wired, link: riser, unit: 2, is: garbled, for: 5m}",
			`do.1: unit 2 on the link riser of gw-wired is gone already, since line 6; begin at 6m or later`},
	} {
		t.Run(name, func(t *testing.T) {
			src := "scenario: s\nestate: workshop\nstart: \"2026-03-02 08:00\"\nlength: 1h\ndo:\n  - {at: 1m, " + c.act + "}\nexpect:\n  - {at: 1h, count: {lost: 0}}\n"
			_, err := scenario.Parse("s.yaml", []byte(src))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
		})
	}
}

// An expectation of readings is only as good as its no.
const counted = `scenario: What a meter says, and what it does not
estate: workshop
start: "2026-03-02 08:00"
length: 5m
do:
  - {at: 2m, registers: {gateway: gw-wired, link: meters, unit: 1, table: input, address: 6, hex: "4120 0000"}}
expect:
  - {at: 5m, reading: {device: ws-lift-4-supply, signal: motor_current_a, value: 10, measured: 2m, times: 1}}
  - {at: 5m, reading: {device: ws-lift-4-supply, signal: motor_current_a, value: 11, times: 0}}
  - {by: 5m, reading: {device: ws-lift-4-supply, signal: motor_current_a}}
  - {at: 5m, reading: {device: ws-lift-4-supply, signal: online, value: true}}
  - {at: 5m, reading: {device: ws-lift-4-supply, signal: motor_current_a, value: 11}}            # miss: none; the newest is 10, measured at 4m
  - {at: 5m, reading: {device: ws-lift-4-supply, signal: motor_current_a, value: 10, times: 1}}  # miss: 3 such readings
  - {at: 5m, reading: {device: ws-lift-4-supply, signal: mode}}                                  # miss: no reading of the signal
  - {never: true, reading: {device: ws-lift-4-supply, signal: motor_current_a, value: 10}}       # miss: it happened
  - {at: 1m, reading: {device: ws-lift-4-supply, signal: motor_current_a, value: 10}}            # miss: the newest is 0
`

func TestAnExpectationOfReadingsIsMissedWhereTheyDiffer(t *testing.T) {
	s, err := scenario.Parse("s.yaml", []byte(counted))
	if err != nil {
		t.Fatal(err)
	}
	p := perform(t, s, 1)
	lines := strings.Split(counted, "\n")
	for _, c := range p.Checks {
		text, saw, miss := strings.Cut(lines[c.Line-1], "# miss: ")
		if miss == c.OK || miss && !strings.Contains(c.Saw, saw) {
			t.Errorf("%s\n\tmet: %v, saw %q", strings.TrimSpace(text), c.OK, c.Saw)
		}
	}
}
