package config_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/codec/engine"
	"plantroom/gateway/app/config"
	"plantroom/gateway/broker"
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
  - {name: lora, broker: "tcp://127.0.0.1:1883", family: chirpstack, zone: Asia/Shanghai, models: {"EM310-UDL": milesight-em310-udl}, codecs: {"EM300": {file: em300.js, map: {battery: {to: battery_pct, min: 0, max: 100}, "gpio.0.level": {to: contact, values: {"on": true}}, d: {to: distance_m, scale: 0.001, offset: 0.1}}}}, devices: [{match: "*"}]}
  - {name: plugs, broker: "tcp://127.0.0.1:1883", family: tasmota, full_topic: "building/%topic%/%prefix%/", zone: Asia/Shanghai, devices: [{match: "*"}]}
listen:
  addresses: [{address: "0.0.0.0:8883"}, {address: "192.168.7.1:1883", plain: true, networks: [192.168.7.0/24]}]
  tls: {cert: gw.pem, key: gw.key}
  accounts: accounts.yaml
  sources:
    - {name: boxes, family: plainjson, devices: [{match: "*"}], ignore: ["test-*"]}
    - {name: lora, family: chirpstack, prefix: lora, models: {"EM310-UDL": milesight-em310-udl}, devices: [{match: "*"}]}
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
	if _, err := broker.AddAccount(filepath.Join(d, "accounts.yaml"), "b1-leak", nil, nil); err != nil {
		t.Fatal(err)
	}
	certificate(t, filepath.Join(d, "gw.pem"), filepath.Join(d, "gw.key"))
	publicKey(t, filepath.Join(d, "server.pub"))
	if err := os.WriteFile(filepath.Join(d, "uplink-password"), []byte("pw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"em300.js":  "function decodeUplink(input) {\n  return {data: {}};\n}\n",
		"broken.js": "function decodeUplink(input) {\n  return {data: };\n}\n",
		"empty.js":  "",
	} {
		if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// compile does in this process what a gateway has done in another one.
func compile(p *codec.Program) error { _, err := engine.Compile(p); return err }

// parse is what the programs do, which have codecs compiled elsewhere.
func parse(file string, src []byte) (config.Config, error) {
	return config.Loader{Compile: compile}.Parse(file, src)
}

// What compiles codecs is another program: that it is missing is said once, and
// only of a file that has codecs.
func TestThatNothingCompilesCodecsIsSaidOnceAndOnlyWhereThereAreSome(t *testing.T) {
	l := config.Loader{Compile: func(*codec.Program) error {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Message: "no program", Hint: "install it"}
	}}
	file := filepath.Join(dir(t), "gateway.yaml")
	two := strings.Replace(full, `codecs: {"EM300": {file: em300.js`, `codecs: {"EM301": {file: em300.js}, "EM300": {file: em300.js`, 1)
	_, err := l.Parse(file, []byte(two))
	var faults yamldoc.Faults
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Problem != "no program" || faults[0].Remedy != "install it" || !strings.Contains(err.Error(), "codecs.EM300.file") {
		t.Errorf("got %v", err)
	}
	if _, err := l.Parse(file, []byte("gateway: gw\nestate: e\nspool: {dir: s}\nuplink: {broker: tcp://h}\n")); err != nil {
		t.Errorf("without codecs: %v", err)
	}
}

// certificate writes one that nobody is to trust.
func certificate(t *testing.T, cert, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAWholeFileIsRead(t *testing.T) {
	d := dir(t)
	c, err := parse(filepath.Join(d, "gateway.yaml"), []byte(full))
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
		{"own broker's accounts", c.Listen.Accounts, filepath.Join(d, "accounts.yaml")},
		{"own broker's key", c.Listen.TLS.Key, filepath.Join(d, "gw.key")},
		{"own broker's network", c.Listen.Addresses[1].Networks[0], "192.168.7.0/24"},
		{"own broker's source", c.Listen.Sources[1].Models["EM310-UDL"], "milesight-em310-udl"},
		{"end resistor", c.Buses[0].Devices[0].Rope.EndOhm, 10_000.0},
		{"heartbeat", time.Duration(c.Pins[0].Heartbeat), 30 * time.Second},
		{"codec's file", c.MQTT[1].Codecs["EM300"].File, filepath.Join(d, "em300.js")},
		{"codec", c.MQTT[1].Codecs["EM300"].Program.Sum, c.MQTT[1].Codecs["EM300"].Sum},
		{"codec's map", *c.MQTT[1].Codecs["EM300"].Map["battery"].Max, 100.0},
	} {
		if check.got != check.want {
			t.Errorf("%s is %v, want %v", check.what, check.got, check.want)
		}
	}
}

func TestASourceThatSpeaksDoesSoUnderTheGatewaysName(t *testing.T) {
	before, after, _ := strings.Cut(full, "family: chirpstack")
	_, after, _ = strings.Cut(after, ", devices:")
	for say, want := range map[string]string{"": "gw-b1", ", host: plant-a": "plant-a"} {
		text := before + "family: sparkplug" + say + ", devices:" + after
		c, err := parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text))
		if err != nil || c.MQTT[1].Host != want || c.MQTT[0].Host != "" {
			t.Errorf("%q: %v; hosts %q and %q, want none and %q", say, err, c.MQTT[0].Host, c.MQTT[1].Host, want)
		}
	}
}

func TestEveryFaultIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		want     []string // line:col and a part of the text, per fault
	}{
		{"unknown key", "health:", "helth:", []string{`33:1: `, `"helth" is not known`}},
		{"missing key", "estate: story\n", "", []string{`"estate" is missing`}},
		{"id", "gateway: gw-b1", "gateway: GW 1", []string{`1:1: `}},
		{"duration", "linger: 10ms", "linger: 10", []string{`3:34: `}},
		{"linger", "linger: 10ms", "linger: 10s", []string{`3:34: `, "at most 200ms"}},
		{"size", "max: 1GiB", "max: 1B", []string{`3:23: `, "at least 1MiB"}},
		{"password file", "password_file: secret", "password_file: gone", []string{"4:84: uplink.password_file", "no such file"}},
		{"family", "family: zigbee2mqtt", "family: zwave", []string{`8:5: mqtt.0.family`, "zigbee2mqtt"}},
		{"decoder", "milesight-em310-udl", "em310_udl", []string{"mqtt.1.models.EM310-UDL", `no decoder "em310_udl"`, "milesight-em310-udl"}},
		{"host of a family that only listens", "name: lora, ", "name: lora, host: gw-b1, ", []string{"mqtt.1.host", "only listens"}},
		{"host id", "name: lora, ", "name: lora, host: a/b, ", []string{"mqtt.1.host", "one of its own"}},
		{"only without a map", `{match: "b1-*-leak"}`, `{match: "b1-*-leak", only: true}`, []string{"mqtt.0.devices.0", "needs a map"}},
		{"full topic", "%topic%/%prefix%/", "%topic%%prefix%/", []string{"mqtt.2.full_topic", "more than one token", "%prefix%/%topic%/"}},
		{"full topic of a family that has none", "name: lora, ", "name: lora, full_topic: \"%topic%/\", ", []string{"mqtt.1.full_topic", "chirpstack has no full topic"}},
		{"codec's syntax", "em300.js", "broken.js", []string{"mqtt.1.codecs.EM300.file", "broken.js:2:17: SyntaxError"}},
		{"codec without an entry", "em300.js", "empty.js", []string{"mqtt.1.codecs.EM300.file", "no function decodeUplink"}},
		{"codec that is not there", "em300.js", "gone.js", []string{"mqtt.1.codecs.EM300.file", "no such file"}},
		{"codec that is no file", "file: em300.js", "file: .", []string{"mqtt.1.codecs.EM300.file", "is no file"}},
		{"codec's range", "min: 0, max: 100", "min: 100, max: 0", []string{"mqtt.1.codecs.EM300.map", "above max"}},
		{"codec's key", "min: 0, max: 100", "drop: true", []string{"mqtt.1.codecs.EM300.map.battery", `"drop" is not known`}},
		{"codec beside a decoder", `"EM310-UDL": m`, `"EM300": m`, []string{"mqtt.1.codecs.EM300", "keep one of the two"}},
		{"codec for another family", `ignore: ["test-*"]`, `codecs: {x: {file: em300.js}}`, []string{"mqtt.0.codecs.x", "no use for codecs"}},
		{"topic", `"zigbee2mqtt/#"`, `"zigbee2mqtt/#/x"`, []string{`9:14: mqtt.0.topics.0`, "no MQTT filter"}},
		{"rule", `{match: "b1-*-leak"}`, `{match: "a", address: "b"}`, []string{`mqtt.0.devices.0`, "give one of them"}},
		{"address twice", `{match: "b1-*-leak"}`, `{address: b1-l1-relay}`, []string{"mqtt.0.devices", "bound twice"}},
		{"client id twice", "name: lora, ", "name: lora, client_id: gw-b1-zigbee, ", []string{"mqtt.1.client_id", "used twice"}},
		{"name twice", "name: lora", "name: zigbee, client_id: other", []string{"mqtt.1.name", "exists already"}},
		{"zone", "zone: Asia/Shanghai, models", "zone: Asia/Nowhere, models", []string{"mqtt.1.zone", "no time zone"}},
		{"a node twice", "node: 8", "node: 7", []string{"serial.0.devices.1.node", "twice"}},
		{"a node that is wired elsewhere", "device: b1-l2-relay", "device: b1-l1-fault", []string{"serial.0.devices.1.device", "wired twice"}},
		{"a line of two protocols", "health: {", "modbus: [{name: meters, link: \"rtu:///dev/ttyUSB0\", devices: [{device: b1-meter, unit: 1, registers: aqualeak-10k}]}]\nhealth: {", []string{"serial.0.port", "used twice"}},
		{"a node without a number", "node: 7", "node: 0", []string{"serial.0.devices.0.node"}},
		{"wired twice", "device: b1-pump-rope", "device: b1-l1-fault", []string{"buses.0.devices.0.device", "wired twice"}},
		{"nothing on the input", ", distance: {}", "", []string{"buses.0.devices.1", "rope: {} or distance: {}"}},
		{"rope", "end_ohm: 10000", "end_ohm: 10000, break_above_ohm: 10100", []string{"buses.0.devices.0.rope", "too near"}},
		{"plain to all", "0.0.0.0:8883\"}, {address: \"192.168.7.1:1883\", plain: true, networks: [192.168.7.0/24]}", "0.0.0.0:8883\"}, {address: \"0.0.0.0:1883\", plain: true}", []string{"listen.addresses.1.plain", "not on loopback", "networks: [192.168.7.0/24]"}},
		{"no certificate", "  tls: {cert: gw.pem, key: gw.key}\n", "", []string{"18:3: listen.addresses", "no certificate", "tls: {cert: gw.pem"}},
		{"accounts gone", "accounts: accounts.yaml", "accounts: gone.yaml", []string{"20:3: listen.accounts", "device add"}},
		{"accounts at fault", "accounts: accounts.yaml", "accounts: secret", []string{"secret:1:1:"}},
		{"own family", "name: boxes, family: plainjson", "name: boxes, family: zwave", []string{"listen.sources.0.family", "plainjson"}},
		{"own source twice", "name: boxes", "name: lora", []string{"listen.sources.1.name", "exists already"}},
		{"topics heard twice", "family: chirpstack, prefix: lora", `family: chirpstack, topics: ["plantroom-device/x"]`, []string{"listen.sources.1", "is heard by the source boxes already"}},
		{"health", "127.0.0.1:9101", "0.0.0.0:9101", []string{"health.listen", "no access control"}},
		{"a stream that hides others", "linger: 10ms", "linger: 10ms, streams: [{policy: refuse}, {signal: x, policy: drop-oldest}]", []string{`spool.streams.0`, "never count", "put it last"}},
		{"a policy that there is not", "linger: 10ms", "linger: 10ms, streams: [{signal: x, policy: drop-newest}]", []string{`spool.streams.0.policy`, "drop-oldest"}},
		{"a size beyond all disks", "max: 1GiB", "max: 99999999999999GiB", []string{`3:23: spool.max`, "larger than any disk"}},
		{"a duration beyond all bounds", "linger: 10ms", "linger: 99999999999999h", []string{`3:34: spool.linger`, "290 years"}},
		{"range", "distance: {}", "distance: {min_m: 6}", []string{"buses.0.devices.1.distance", "is empty", "max_m"}},
		{"map", `{"true": controller_fault, "false": none}}`, `{a: b}, scale: 2}`, []string{"exclude each other", "remove one of them"}},
		{"certificate", `broker: "tcp://127.0.0.1:1883", client_id`, `broker: "tls://127.0.0.1:1883", tls: {ca: gone}, client_id`, []string{"uplink.tls", "PEM file"}},
		{"client id twice, written otherwise", "- {name: lora, broker: \"tcp://127.0.0.1:1883\", ", "- {name: lora, client_id: gw-b1-zigbee, broker: \"mqtt://127.0.0.1\", ", []string{"mqtt.1.client_id", "used twice"}},
		{"port", `broker: "tcp://127.0.0.1:1883", client_id`, `broker: "tcp://127.0.0.1:99999", client_id`, []string{"4:10: uplink.broker", "no port 99999", "65535"}},
		{"password without a name", "username: gw-b1, ", "", []string{"uplink.password_file", "add username"}},
		{"prefix", "family: chirpstack", "family: chirpstack, prefix: \"x/#\"", []string{"mqtt.1.prefix", "wildcard"}},
		{"model of a name with a slash", `"EM310-UDL": milesight-em310-udl`, "\n    a/b: em310_udl", []string{"16:5: mqtt.1.models.", `no decoder "em310_udl"`}},
		{"bus twice", "health:", "  - {name: I2C1, devices: [{device: other, channel: 0, rope: {}}]}\nhealth:", []string{"33:6: buses.1.name", `the bus "I2C1" is used twice`}},
		{"line twice", "buses:", "  - {device: other, pin: GPIO17}\nbuses:", []string{"28:21: pins.1.pin", `the line "GPIO17" is used twice`}},
		{"tls", `broker: "tcp://127.0.0.1:1883", client_id`, `broker: "tcp://127.0.0.1:1883", tls: {ca: x}, client_id`, []string{"uplink.tls", "write tls://"}},
	} {
		text := strings.Replace(full, c.old, c.new, 1)
		if text == full {
			t.Errorf("%s: the case changes nothing", c.name)
			continue
		}
		_, err := parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text))
		var faults yamldoc.Faults
		if !errors.As(err, &faults) || len(faults) != 1 {
			t.Errorf("%s: got %v, want one fault", c.name, err)
			continue
		}
		if faults[0].Remedy == "" {
			t.Errorf("%s: %q gives no remedy", c.name, faults[0].Error())
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
	_, err := parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text))
	var faults yamldoc.Faults
	if !errors.As(err, &faults) || len(faults) != 3 || faults[0].Line != 3 || faults[1].Line != 8 || faults[2].Line != 33 {
		t.Errorf("got\n%v\nwant faults on lines 3, 8 and 33", err)
	}
}

func TestFaultsOfOneKindDoNotHideOthers(t *testing.T) {
	text := strings.NewReplacer("health:", "helth:", "family: zigbee2mqtt", "family: zwave", "max: 1GiB", "max: 99999999999999GiB",
		"ignore: [\"test-*\"]", "name: again", "device: b1-pump-rope", "device: b1-l1-fault", "channel: 1, distance: {}", "distance: {}").Replace(full)
	_, err := parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text))
	var faults yamldoc.Faults
	errors.As(err, &faults)
	want := []string{
		`3:23: spool.max: size "99999999999999GiB" is larger than any disk`,
		`14:5: mqtt.0.name: the key "name" stands twice`,
		`22:65: listen.sources.0.name: the key "name" stands twice`,
		`buses.0.devices.0.device: device "b1-l1-fault" is wired twice`,
		`32:9: buses.0.devices.1: the key "channel" is missing`,
		`33:1: helth: the key "helth" is not known here`,
	}
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("missing: %s", w)
		}
	}
	if len(faults) != len(want) {
		t.Errorf("got\n%v\nwant %d faults", err, len(want))
	}
}

func TestTheSchemaKnowsEveryKeyThatTheCodeKnows(t *testing.T) {
	if !json.Valid(config.Schema) {
		t.Fatal("the schema is not JSON")
	}
	// Decode refuses a key of the schema that the code does not know; the
	// file in this test uses each section, so a drift shows here.
	if _, err := parse(filepath.Join(dir(t), "gateway.yaml"), []byte(full)); err != nil {
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
		if _, err := parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text)); err != nil {
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
		c, err := parse("gateway.yaml", []byte(text))
		if err == nil && (c.Gateway == "" || c.Uplink.URL == "") {
			t.Errorf("accepted a file without a gateway or an uplink: %q", text)
		}
	})
}
