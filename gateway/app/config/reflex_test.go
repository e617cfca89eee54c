package config_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/reflex"
	"plantroom/internal/yamldoc"
)

const moving = `gateway: gw-b1
estate: story
spool: {dir: ./spool}
uplink: {broker: "tcp://127.0.0.1:1883"}
serial: [{port: /dev/ttyUSB0, devices: [{node: 7, device: b1-node}]}]
pins: [{device: b1-limit, pin: GPIO17}]
modbus:
  - {name: riser, link: "tcp://10.0.0.5:502", timeout: 150ms, devices: [{device: b1-board, unit: 5, registers: coils-8, map: {coil_1: {to: output}}}]}
outputs:
  - {name: riser, device: b1-valve, kind: valve, modbus: {link: riser, unit: 5, coil: 0}, closes: on, travel: 15s, confirm: {closed: {device: b1-limit, signal: contact, equals: true}}, override: {device: b1-hand, signal: contact, equals: true, to: open}}
  - {name: flat, device: b1-flat-valve, kind: valve, node: {port: /dev/ttyUSB0, node: 7, output: 2}, closes: off, self_test: false, at_stop: open}
  - {name: fire, device: b1-fire-valve, kind: valve, main: fire, modbus: {link: riser, unit: 5, coil: 1}, closes: on}
  - {name: buzzer, device: b1-buzzer, kind: buzzer, pin: GPIO27, active: low}
  - {name: pump, device: b1-pump, kind: relay, pin: GPIO22, rest: on}
reflexes:
  - name: leak
    when: [{device: b1-leak, signal: state, equals: wet, for: 2s}, {device: b1-meter, signal: flow_l_h, above: 5000}]
    unless: [{device: b1-panel, signal: contact, equals: true, fresh: 5m}]
    do: [{output: riser, to: closed}, {output: buzzer, to: on, for: 10m}, {output: pump, to: off}]
    reopen: {after: 30m}
self_test: {from: "02:00", to: "04:00", zone: Asia/Shanghai}
`

func TestOutputsAndReflexesAreRead(t *testing.T) {
	c, err := config.Parse(filepath.Join(t.TempDir(), "gateway.yaml"), []byte(moving))
	if err != nil {
		t.Fatal(err)
	}
	p := c.Plan()
	if ps := p.Problems(); len(ps) > 0 || len(p.Outputs) != 5 {
		t.Fatalf("%d outputs, problems %+v", len(p.Outputs), ps)
	}
	leak := p.Reflexes[0]
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"the first condition", *leak.When[0].Equals, plantroom.String("wet")},
		{"the second", *leak.When[1].Above, 5000.0},
		{"an interlock's age", time.Duration(leak.Unless[0].Fresh), 5 * time.Minute},
		{"the interlock", *leak.Unless[0].Equals, plantroom.Bool(true)},
		{"a position", leak.Do[1].To, reflex.On},
		{"a rest", p.Outputs[4].Rest, reflex.On},
		{"an override", p.Outputs[0].Override.To, reflex.Open},
		{"a switch", p.Outputs[0].Confirm.Closed.Signal, "contact"},
		{"closed by on", c.Outputs[0].On(reflex.Closed), true},
		{"opened by off", c.Outputs[0].On(reflex.Open), false},
		{"closed by off", c.Outputs[1].On(reflex.Closed), false},
		{"opened by on", c.Outputs[1].On(reflex.Open), true},
		{"sounding", c.Outputs[3].On(reflex.On), true},
		{"a coil", c.Drives("riser")[1], config.Coil{Link: "riser", Unit: 5, Coil: 1}},
	} {
		if check.got != check.want {
			t.Errorf("%s is %v, want %v", check.what, check.got, check.want)
		}
	}
}

func TestFaultsOfOutputsAndReflexesAreNamedWithTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		want     []string
	}{
		{"a fire main in a reflex", "{output: riser, to: closed}", "{output: fire, to: closed}", []string{"19:11: reflexes.0.do.0.output", "feeds a fire main, which is never closed", "branch"}},
		{"a fire main that is opened by a reflex", "{output: riser, to: closed}", "{output: fire, to: open}", []string{"reflexes.0.do.0.output", "no reflex moves"}},
		{"a fire main in the self-test", "main: fire, ", "main: fire, self_test: true, ", []string{"12:66: outputs.2.self_test", "fire main"}},
		{"a fire main that rests closed", "main: fire, ", "main: fire, rest: closed, ", []string{"outputs.2.rest", "never closed"}},
		{"a fire main that is closed at the end", "main: fire, ", "main: fire, at_stop: closed, ", []string{"outputs.2.at_stop", "never closed"}},
		{"no line", "pin: GPIO22, ", "", []string{"14:5: outputs.4", "0 lines", "pin, modbus and node"}},
		{"two lines", "pin: GPIO22", "pin: GPIO22, modbus: {link: riser, unit: 5, coil: 4}", []string{"outputs.4", "2 lines"}},
		{"a line twice", "pin: GPIO22", "pin: GPIO17", []string{"outputs.4.pin", "used twice"}},
		{"a coil twice", "coil: 1", "coil: 0", []string{"outputs.2.modbus", "used twice"}},
		{"no such link", "link: riser, unit: 5, coil: 1", "link: rizer, unit: 5, coil: 1", []string{"outputs.2.modbus.link", `no link "rizer"`}},
		{"no such unit", "unit: 5, coil: 1", "unit: 6, coil: 1", []string{"outputs.2.modbus.unit", "no unit 6", "coils-8"}},
		{"no such node", "node: 7, output", "node: 8, output", []string{"outputs.1.node", "no node 8"}},
		{"a slow link", "timeout: 150ms", "timeout: 1s", []string{"modbus.0.timeout", "at most 200ms"}},
		{"a valve that nothing closes", "closes: off, ", "", []string{"outputs.1", "what closes this valve"}},
		{"a buzzer that closes", "kind: buzzer, ", "kind: buzzer, closes: on, ", []string{"outputs.3.closes", "only a valve"}},
		{"a level of a coil", "closes: on, travel", "closes: on, active: low, travel", []string{"outputs.0.active", "only a pin"}},
		{"a device twice", "device: b1-buzzer", "device: b1-limit", []string{"outputs.3.device", "wired twice"}},
		{"no such output", "output: buzzer", "output: bell", []string{"reflexes.0.do.1.output", `no output "bell"`, "buzzer, fire"}},
		{"a valve that is on", "{output: riser, to: closed}", "{output: riser, to: on}", []string{"reflexes.0.do.0.to", "never on"}},
		{"a position that is none", "{output: riser, to: closed}", "{output: riser, to: shut}", []string{"reflexes.0.do.0.to", `"shut" is not permitted`}},
		{"a valve that opens by time", "{output: riser, to: closed}", "{output: riser, to: closed, for: 5m}", []string{"reflexes.0.do.0.for", "while the water runs", "reopen"}},
		{"a condition without a sense", "equals: wet, for: 2s", "for: 2s", []string{"reflexes.0.when.0", "equals, above and below"}},
		{"the self-test's zone", "Asia/Shanghai", "Asia/Nowhere", []string{"self_test.zone", "no time zone"}},
		{"the self-test's window", `to: "04:00"`, `to: "01:00"`, []string{"self_test.to", "no window"}},
		{"an hour that there is not", `from: "02:00"`, `from: "29:00"`, []string{"self_test.from", "no time of day"}},
	} {
		text := strings.Replace(moving, c.old, c.new, 1)
		if text == moving {
			t.Errorf("%s: the case changes nothing", c.name)
			continue
		}
		_, err := config.Parse(filepath.Join(t.TempDir(), "gateway.yaml"), []byte(text))
		var faults yamldoc.Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Remedy == "" {
			t.Errorf("%s: got %v, want one fault with a remedy", c.name, err)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(faults[0].Error(), part) {
				t.Errorf("%s: got %q, want it to hold %q", c.name, faults[0].Error(), part)
			}
		}
	}
}
