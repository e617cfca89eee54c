package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/internal/yamldoc"
)

const full = `gateway: gw-b1
estate: story
spool: {dir: ./spool, max: 1GiB, linger: 10ms}
uplink: {broker: "tcp://127.0.0.1:1883", client_id: gw-b1-uplink, username: gw-b1, password_file: secret, window: 32}
mqtt:
  - name: zigbee
    broker: tcp://127.0.0.1:1883
    family: zigbee2mqtt
    topics: ["zigbee2mqtt/#"]
    devices:
      - {match: "b1-*-leak"}
      - {address: "24e124535b316056", device: b1-bin-1-level}
      - {address: b1-l1-relay, device: b1-l1-relay, map: {contact: {to: fault, values: {"true": controller_fault, "false": none}}}}
    ignore: ["test-*"]
  - {name: lora, broker: "tcp://127.0.0.1:1883", family: chirpstack, zone: Asia/Shanghai, models: {"EM310-UDL": milesight-em310-udl}, devices: [{match: "*"}]}
serial:
  - {port: /dev/ttyUSB0, baud: 57600, devices: [{node: 7, device: b1-riser-rope}, {node: 8, device: b1-l2-relay, map: {contact: {to: fault}}}]}
pins:
  - {device: b1-l1-fault, pin: GPIO17, pull: up, active: low, debounce: 30ms, heartbeat: 30s}
buses:
  - name: I2C1
    devices:
      - {device: b1-pump-rope, address: 0x48, channel: 0, rope: {end_ohm: 10000}}
      - {device: b1-bin-2-level, address: 0x49, channel: 1, distance: {}}
health: {listen: "127.0.0.1:9101"}
`

func dir(t *testing.T) string {
	t.Helper()
	d := t.TempDir()
	if err := os.WriteFile(filepath.Join(d, "secret"), []byte("pw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAWholeFileIsRead(t *testing.T) {
	d := dir(t)
	c, err := config.Parse(filepath.Join(d, "gateway.yaml"), []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	relay := c.MQTT[0].Devices[2].Map["contact"]
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"gateway", c.Gateway, plantroom.GatewayID("gw-b1")},
		{"spool.dir", c.Spool.Dir, filepath.Join(d, "spool")},
		{"spool.max", c.Spool.Max, config.Size(1 << 30)},
		{"spool.linger", time.Duration(c.Spool.Linger), 10 * time.Millisecond},
		{"uplink.password_file", c.Uplink.PasswordFile, filepath.Join(d, "secret")},
		{"client id by default", c.MQTT[0].ClientID, "gw-b1-zigbee"},
		{"mapped to", relay.To, "fault"},
		{"mapped value", relay.Values["true"], plantroom.String("controller_fault")},
		{"address", c.Buses[0].Devices[0].Address, uint16(0x48)},
		{"end resistor", c.Buses[0].Devices[0].Rope.EndOhm, 10_000.0},
		{"heartbeat", time.Duration(c.Pins[0].Heartbeat), 30 * time.Second},
	} {
		if check.got != check.want {
			t.Errorf("%s is %v, want %v", check.what, check.got, check.want)
		}
	}
}

func TestEveryFaultIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		want     []string // line:col and a part of the text, per fault
	}{
		{"unknown key", "health:", "helth:", []string{`25:1: `, `"helth" is not known`}},
		{"missing key", "estate: story\n", "", []string{`"estate" is missing`}},
		{"id", "gateway: gw-b1", "gateway: GW 1", []string{`1:1: `}},
		{"duration", "linger: 10ms", "linger: 10", []string{`3:34: `}},
		{"linger", "linger: 10ms", "linger: 10s", []string{`3:34: `, "at most 200ms"}},
		{"size", "max: 1GiB", "max: 1B", []string{`3:23: `, "at least 1MiB"}},
		{"password file", "password_file: secret", "password_file: gone", []string{"4:84: uplink.password_file", "no such file"}},
		{"family", "family: zigbee2mqtt", "family: zwave", []string{`8:5: mqtt.0.family`, "zigbee2mqtt"}},
		{"decoder", "milesight-em310-udl", "em310_udl", []string{"mqtt.1.models.EM310-UDL", `no decoder "em310_udl"`, "milesight-em310-udl"}},
		{"topic", `"zigbee2mqtt/#"`, `"zigbee2mqtt/#/x"`, []string{`9:14: mqtt.0.topics.0`, "no MQTT filter"}},
		{"rule", `{match: "b1-*-leak"}`, `{match: "a", address: "b"}`, []string{`mqtt.0.devices.0`, "give one of them"}},
		{"address twice", `{match: "b1-*-leak"}`, `{address: b1-l1-relay}`, []string{"mqtt.0.devices", "bound twice"}},
		{"client id twice", "name: lora, ", "name: lora, client_id: gw-b1-zigbee, ", []string{"mqtt.1.client_id", "used twice"}},
		{"name twice", "name: lora", "name: zigbee, client_id: other", []string{"mqtt.1.name", "exists already"}},
		{"zone", "Asia/Shanghai", "Asia/Nowhere", []string{"mqtt.1.zone", "no time zone"}},
		{"a node twice", "node: 8", "node: 7", []string{"serial.0.devices.1.node", "twice"}},
		{"a node that is wired elsewhere", "device: b1-l2-relay", "device: b1-l1-fault", []string{"pins.0.device", "wired twice"}},
		{"a node without a number", "node: 7", "node: 0", []string{"serial.0.devices.0.node"}},
		{"wired twice", "device: b1-pump-rope", "device: b1-l1-fault", []string{"buses.0.devices.0.device", "wired twice"}},
		{"nothing on the input", ", distance: {}", "", []string{"buses.0.devices.1", "rope: {} or distance: {}"}},
		{"rope", "end_ohm: 10000", "end_ohm: 10000, break_above_ohm: 10100", []string{"buses.0.devices.0.rope", "too near"}},
		{"health", "127.0.0.1:9101", "0.0.0.0:9101", []string{"health.listen", "no access control"}},
		{"tls", `broker: "tcp://127.0.0.1:1883", client_id`, `broker: "tcp://127.0.0.1:1883", tls: {ca: x}, client_id`, []string{"uplink.tls", "write tls://"}},
	} {
		text := strings.Replace(full, c.old, c.new, 1)
		if text == full {
			t.Errorf("%s: the case changes nothing", c.name)
			continue
		}
		_, err := config.Parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text))
		var faults yamldoc.Faults
		if !errors.As(err, &faults) || len(faults) != 1 {
			t.Errorf("%s: got %v, want one fault", c.name, err)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(faults[0].Error(), part) {
				t.Errorf("%s: got %q, want it to hold %q", c.name, faults[0].Error(), part)
			}
		}
	}
}

func TestAllFaultsAreListedInTheOrderOfTheFile(t *testing.T) {
	text := strings.NewReplacer("linger: 10ms", "linger: 10s", "family: zigbee2mqtt", "family: zwave", "0.0.1:9101", "0.0.1").Replace(full)
	_, err := config.Parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text))
	var faults yamldoc.Faults
	if !errors.As(err, &faults) || len(faults) != 3 || faults[0].Line != 3 || faults[1].Line != 8 || faults[2].Line != 25 {
		t.Errorf("got\n%v\nwant faults on lines 3, 8 and 25", err)
	}
}

func TestTheSchemaKnowsEveryKeyThatTheCodeKnows(t *testing.T) {
	if !json.Valid(config.Schema) {
		t.Fatal("the schema is not JSON")
	}
	// Decode refuses a key of the schema that the code does not know; the
	// file in this test uses each section, so a drift shows here.
	if _, err := config.Parse(filepath.Join(dir(t), "gateway.yaml"), []byte(full)); err != nil {
		t.Error(err)
	}
}

func TestTheGuideIsTrue(t *testing.T) {
	b, err := os.ReadFile("../../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(b)
	examples := 0
	for i, block := range strings.Split(guide, "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
		text = strings.ReplaceAll("\n"+text, "\n"+indent, "\n")
		if _, err := config.Parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text)); err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
		examples++
	}
	if examples < 3 {
		t.Errorf("found %d examples, want at least 3", examples)
	}
	var schema any
	if err := json.Unmarshal(config.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for _, key := range propertyNames(schema) {
		if !strings.Contains(guide, key) {
			t.Errorf("the guide does not mention the key %q", key)
		}
	}
}

// propertyNames lists the keys that a schema permits, at any depth.
func propertyNames(schema any) []string {
	m, ok := schema.(map[string]any)
	if !ok {
		return nil
	}
	var out []string
	props, _ := m["properties"].(map[string]any)
	for name := range props {
		out = append(out, name)
	}
	for _, v := range m {
		out = append(out, propertyNames(v)...)
	}
	return out
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]config.Size{"1B": 1, "64KiB": 64 << 10, "512MiB": 512 << 20, "2GiB": 2 << 30, "7": 7} {
		var s config.Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s is %d, error %v; want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "0B", "-1B", "1TB", "1.5GiB", "9999999999GiB", "GiB"} {
		var s config.Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add("gateway: [")
	f.Add("mqtt: [{devices: [{map: {a: {values: {b: null}}}}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Parse("gateway.yaml", []byte(text))
		if err == nil && (c.Gateway == "" || c.Uplink.URL == "") {
			t.Errorf("accepted a file without a gateway or an uplink: %q", text)
		}
	})
}
