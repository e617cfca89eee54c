package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	registers "plantroom/firmware-bridge/modbus"
	"plantroom/gateway/app/config"
	"plantroom/internal/yamldoc"
)

const lines = `gateway: gw-b1
estate: story
spool: {dir: ./spool}
uplink: {broker: "tcp://127.0.0.1:1883"}
modbus:
  - name: riser
    link: rtu:///dev/no-such-line
    baud: 19200
    parity: even
    devices:
      - {device: b1-riser-leak, unit: 2, registers: aqualeak-10k, heartbeat: 30s}
      - {device: b1-l1-board, unit: 3, registers: contacts-8, period: 500ms, map: {input_1: {to: fault, values: {"true": controller_fault, "false": none}}, input_2: {drop: true}}}
  - name: meters
    link: tcp://10.0.0.5:502
    timeout: 2s
    devices:
      - {device: b1-meter, unit: 1, registers: ./meter.yaml}
`

const meter = `name: water
blocks:
  - table: holding
    address: 0
    count: 4
    period: 1m
    points:
      - {signal: volume_l, address: 0, type: uint32, order: swapped, scale: 1000, unit: L, min: 0}
      - {signal: flow_l_h, address: 2, type: float32, unit: L/h}
`

// lined is a directory with the register map.
func lined(t *testing.T, m string) string {
	t.Helper()
	d := dir(t)
	if err := os.WriteFile(filepath.Join(d, "meter.yaml"), []byte(m), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestModbusLinksAreRead(t *testing.T) {
	c, err := config.Parse(filepath.Join(lined(t, meter), "gateway.yaml"), []byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	riser, meters := c.Modbus[0], c.Modbus[1]
	board := riser.Devices[1].On()
	requests := board.Requests()
	if len(requests) != 1 || requests[0].String() != "discrete input 0" {
		t.Errorf("of the board, %v are asked for; want the one input that is mapped and not dropped", requests)
	}
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"link", riser.Link.Place(), "/dev/no-such-line"},
		{"baud", riser.Baud, 19200},
		{"parity", riser.Parity, "even"},
		{"unit", board.Unit, byte(3)},
		{"period", board.Period, 500 * time.Millisecond},
		{"heartbeat", riser.Devices[0].On().Heartbeat, 30 * time.Second},
		{"timeout", time.Duration(meters.Timeout), 2 * time.Second},
		{"shipped map", riser.Devices[0].Layout.Name, "aqualeak-10k"},
		{"map of one's own", meters.Devices[0].Layout.Blocks[0].Points[0].Order, registers.Swapped},
	} {
		if check.got != check.want {
			t.Errorf("%s is %v, want %v", check.what, check.got, check.want)
		}
	}
}

func TestEveryFaultOfAModbusSectionIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		want     []string
	}{
		{"a line twice", "link: tcp://10.0.0.5:502", "link: rtu:///dev/../dev/no-such-line", []string{"14:5: modbus.1.link", `"riser" leads to`, "below one link"}},
		{"a query string", "rtu:///dev/no-such-line", "rtu:///dev/no-such-line?baud=9600", []string{"7:5: modbus.0.link", "rtu:///dev/ttyUSB0"}},
		{"no port", "tcp://10.0.0.5:502", "tcp://10.0.0.5", []string{"modbus.1.link", "tcp://host:502"}},
		{"a name twice", "name: meters", "name: riser", []string{"modbus.1.name", "exists already"}},
		{"a unit twice", "unit: 3", "unit: 2", []string{"12:", "modbus.0.devices.1.unit", `unit 2 is "b1-riser-leak" already`}},
		{"a unit that a line has not", "unit: 3", "unit: 248", []string{"modbus.0.devices.1.unit", "use 1 to 247"}},
		{"a broadcast", "unit: 3", "unit: 0", []string{"modbus.0.devices.1.unit", "use 1 to 247"}},
		{"a device twice", "device: b1-meter", "device: b1-l1-board", []string{"modbus.1.devices.0.device", "wired twice"}},
		{"a speed of a connection", "timeout: 2s", "baud: 9600", []string{"modbus.1", "for serial lines"}},
		{"a parity", "parity: even", "parity: mark", []string{"9:5: modbus.0.parity"}},
		{"an unknown map", "aqualeak-10k", "aqualeak", []string{"modbus.0.devices.0.registers", `no register map "aqualeak"`, "aqualeak-10k", "./meter.yaml"}},
		{"a file that is not there", "./meter.yaml", "./gone.yaml", []string{"modbus.1.devices.0.registers", "no such file", "aqualeak-10k"}},
		{"a signal that the map has not", "input_2:", "input_9:", []string{"modbus.0.devices.1.map.input_9", `no signal "input_9"`, "input_1, input_2"}},
		{"nothing mapped", "input_1: {to: fault, values: {\"true\": controller_fault, \"false\": none}}, ", "", []string{"modbus.0.devices.1", "nothing is read"}},
		{"a key of the code", "unit: 3", "unit: 3, layout: {}", []string{"modbus.0.devices.1.layout", "not known here"}},
	} {
		text := strings.Replace(lines, c.old, c.new, 1)
		if text == lines {
			t.Errorf("%s: the case changes nothing", c.name)
			continue
		}
		oneFault(t, c.name, filepath.Join(lined(t, meter), "gateway.yaml"), text, c.want)
	}
}

func oneFault(t *testing.T, name, file, text string, want []string) {
	t.Helper()
	_, err := config.Parse(file, []byte(text))
	var faults yamldoc.Faults
	if !errors.As(err, &faults) || len(faults) != 1 {
		t.Errorf("%s: got %v, want one fault", name, err)
		return
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %q, want it to hold %q", name, err.Error(), part)
		}
	}
}

func TestOneLineUnderTwoNamesIsSeen(t *testing.T) {
	d := lined(t, meter)
	if err := errors.Join(os.WriteFile(filepath.Join(d, "ttyUSB0"), nil, 0o600), os.Symlink("ttyUSB0", filepath.Join(d, "by-id"))); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("/dev/no-such-line", filepath.Join(d, "ttyUSB0"), "tcp://10.0.0.5:502", "rtu://"+filepath.Join(d, "by-id")).Replace(lines)
	oneFault(t, "a symbolic link", filepath.Join(d, "gateway.yaml"), text, []string{"modbus.1.link", "ttyUSB0, too"})
}

func TestEveryFaultOfARegisterMapIsNamedInItsOwnFile(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		want     []string
	}{
		{"an unknown key", "unit: L,", "units: L,", []string{"meter.yaml:8:", "units", "not known here"}},
		{"a type", "type: uint32", "type: u32", []string{"meter.yaml:8:", "blocks.0.points.0.type"}},
		{"an overlap", "address: 2", "address: 1", []string{"meter.yaml:9:", "blocks.0.points.1.address", "only a part of its registers"}},
		{"outside", "count: 4", "count: 3", []string{"meter.yaml:9:", "outside its block"}},
		{"a manual's number", "address: 2, type", "address: 40003, type", []string{"meter.yaml:9:", "outside its block"}},
	} {
		m := strings.Replace(meter, c.old, c.new, 1)
		if m == meter {
			t.Errorf("%s: the case changes nothing", c.name)
			continue
		}
		oneFault(t, c.name, filepath.Join(lined(t, m), "gateway.yaml"), lines, c.want)
	}
}

func TestShippedMapsAgreeWithTheSchemaOfMaps(t *testing.T) {
	for _, name := range registers.Names() {
		file := "../../../firmware-bridge/modbus/maps/" + name + ".json"
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.ParseMap(file, src); err != nil {
			t.Error(err)
		}
	}
}

func TestAChangedRegisterMapIsAChangeOfItsLink(t *testing.T) {
	says := func(m string) string {
		c, err := config.Parse(filepath.Join(lined(t, m), "gateway.yaml"), []byte(lines))
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(c.Modbus[1])
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if says(meter) == says(strings.Replace(meter, "scale: 1000", "scale: 100", 1)) {
		t.Error("a reload would not see another scale")
	}
}

func TestTheGuideIsTrueOfRegisterMaps(t *testing.T) {
	b, err := os.ReadFile("../../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(b)
	blocks := strings.Split(guide, "```yml\n")[1:]
	for i, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if _, err := config.ParseMap("guide.yaml", []byte(text)); err != nil {
			t.Errorf("register map %d: %v", i+1, err)
		}
	}
	if len(blocks) == 0 {
		t.Error("the guide shows no register map")
	}
	var schema any
	if err := json.Unmarshal(registers.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Concat(propertyNames(schema), registers.Names()) {
		if !strings.Contains(guide, "`"+key+"`") && !strings.Contains(guide, key+":") {
			t.Errorf("the guide does not mention %q", key)
		}
	}
}

func FuzzParseMap(f *testing.F) {
	f.Add(meter)
	f.Add("blocks: [")
	f.Add("name: a\nblocks: [{table: coil, address: 0, count: 9, points: [{signal: a, address: 8, values: {\"1\": x}}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := config.ParseMap("meter.yaml", []byte(text))
		if err == nil && (len(m.Problems()) > 0 || len(m.Requests(func(*registers.Point) bool { return true })) == 0) {
			t.Errorf("accepted a map that reads nothing: %q", text)
		}
	})
}
