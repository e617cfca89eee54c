package homeassistant_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"plantroom"
	"plantroom/firmware-bridge/homeassistant"
)

const start = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z

// site is a listener with a clock and a broker that keeps what is retained.
type site struct {
	t        testing.TB
	d        plantroom.Speaker
	now      plantroom.Instant
	retained map[string]string
	follows  map[string]bool
}

func newSite(t testing.TB, split ...string) *site {
	s := &site{t: t, d: homeassistant.New(homeassistant.Options{Split: split}), now: start, retained: map[string]string{}, follows: map[string]bool{}}
	s.d.Will(s.now)
	s.turn(true)
	return s
}

// turn gives the listener its turn; what it follows, the broker gives at once.
func (s *site) turn(connected bool) (samples []plantroom.Sample) {
	if connected {
		clear(s.follows)
	}
	t := s.d.Turn(s.now, connected)
	samples = t.Samples
	for _, topic := range t.Unsubscribe {
		if !s.follows[topic] {
			s.t.Errorf("it leaves %s, which it does not follow", topic)
		}
		delete(s.follows, topic)
	}
	for _, topic := range t.Subscribe {
		s.follows[topic] = true
		if payload, ok := s.retained[topic]; ok {
			got, err := s.give(topic, payload, true)
			if err != nil {
				s.t.Error(err)
			}
			samples = append(samples, got...)
		}
	}
	if len(t.Publish) > 0 {
		s.t.Errorf("it says %+v", t.Publish)
	}
	return samples
}

func (s *site) give(topic, payload string, retained bool) ([]plantroom.Sample, error) {
	got, err := s.d.Decode(plantroom.Message{Topic: topic, Payload: []byte(payload), Retained: retained, Received: s.now})
	return append(got, s.turn(false)...), err
}

// hear gives a message, where the listener follows its topic.
func (s *site) hear(topic, payload string) ([]plantroom.Sample, error) {
	if !s.follows[topic] && !strings.HasSuffix(topic, "/config") {
		s.t.Fatalf("nobody follows %s", topic)
	}
	return s.give(topic, payload, false)
}

func (s *site) must(topic, payload string) string {
	s.t.Helper()
	got, err := s.hear(topic, payload)
	if err != nil {
		s.t.Fatal(err)
	}
	return show(got)
}

// wait lets time pass, with all the turns that were asked for.
func (s *site) wait(d time.Duration) string {
	var samples []plantroom.Sample
	end := s.now.Add(d)
	for {
		t := s.d.Turn(s.now, false)
		samples = append(samples, t.Samples...)
		if t.Next == 0 || t.Next > end {
			break
		}
		s.now = max(s.now+1, t.Next)
	}
	s.now = end
	return show(samples)
}

func show(samples []plantroom.Sample) string {
	var out []string
	for _, s := range samples {
		text := s.Address + " " + s.Signal + "=" + s.Value.String()
		if s.Quality != plantroom.Good {
			text += " " + s.Quality.String()
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// leak is a leak sensor's configuration as ESPHome abbreviates it.
const leak = `{"name":"Leak","dev_cla":"moisture","stat_t":"~/binary_sensor/leak/state","avty_t":"~/status","uniq_id":"a4cf12-leak","~":"esp-pumps",
	"dev":{"ids":"a4cf12","name":"esp-pumps","sw":"esphome v2025.2","mf":"espressif"}}`

// entities are one configuration each, a message on its topic "t", and what
// becomes of them.
var entities = []struct {
	name, component, config, payload string
	want                             string
	err                              string
}{
	{"a leak", "binary_sensor", `"device_class":"moisture"`, "ON", "d state=wet", ""},
	{"no leak", "binary_sensor", `"dev_cla":"moisture"`, "OFF", "d state=dry", ""},
	{"a door on is open", "binary_sensor", `"dev_cla":"door"`, "ON", "d contact=false", ""},
	{"a window off is closed", "binary_sensor", `"dev_cla":"window"`, "OFF", "d contact=true", ""},
	{"motion", "binary_sensor", `"dev_cla":"motion"`, "ON", "d occupied=true", ""},
	{"smoke", "binary_sensor", `"dev_cla":"smoke"`, "ON", "d smoke=true", ""},
	{"connectivity", "binary_sensor", `"dev_cla":"connectivity"`, "OFF", "d online=false", ""},
	{"a class that says nothing to us", "binary_sensor", `"dev_cla":"vibration"`, "ON", "d obj-1=true", ""},
	{"no class", "binary_sensor", ``, "OFF", "d obj-1=false", ""},
	{"payloads of its own", "binary_sensor", `"pl_on":"1","pl_off":"0"`, "1", "d obj-1=true", ""},
	{"numbers for payloads", "binary_sensor", `"pl_on":1,"pl_off":0,"val_tpl":"{{ value_json.x }}"`, `{"x":0}`, "d obj-1=false", ""},
	{"truth values for payloads", "binary_sensor", `"pl_on":true,"pl_off":false,"dev_cla":"moisture","val_tpl":"{{ value_json.water_leak }}"`, `{"water_leak":true}`, "d state=wet", ""},
	{"a truth value as bare text is none, as in Home Assistant", "binary_sensor", `"pl_on":true,"pl_off":false`, "true", "", `"true" is neither`},
	{"None is not known", "binary_sensor", `"val_tpl":"{{ value_json.x }}"`, `{"x":null}`, "", ""},
	{"another word", "binary_sensor", ``, "maybe", "", `"maybe" is neither "ON" nor "OFF"`},

	{"a battery", "sensor", `"dev_cla":"battery","unit_of_meas":"%"`, "97", "d battery_pct=97", ""},
	{"a battery without a unit", "sensor", `"dev_cla":"battery"`, " 97\n", "d battery_pct=97", ""},
	{"centimetres", "sensor", `"dev_cla":"distance","unit_of_meas":"cm"`, "82.5", "d distance_m=0.8250000000000001", ""},
	{"millimetres", "sensor", `"dev_cla":"distance","unit_of_meas":"mm"`, "1200", "d distance_m=1.2", ""},
	{"feet", "sensor", `"dev_cla":"distance","unit_of_meas":"ft"`, "10", "d distance_m=3.048", ""},
	{"Celsius", "sensor", `"dev_cla":"temperature","unit_of_meas":"\u00b0C"`, "-3.5", "d temperature_c=-3.5", ""},
	{"Fahrenheit", "sensor", `"dev_cla":"temperature","unit_of_meas":"°F"`, "212", "d temperature_c=100", ""},
	{"the device's own temperature", "sensor", `"dev_cla":"temperature","unit_of_meas":"°C","ent_cat":"diagnostic"`, "41", "d device_temp_c=41", ""},
	{"millivolts", "sensor", `"dev_cla":"voltage","unit_of_meas":"mV"`, "3000", "d voltage_v=3", ""},
	{"signal strength", "sensor", `"dev_cla":"signal_strength","unit_of_meas":"dBm"`, "-67", "d rssi_dbm=-67", ""},
	{"a water meter", "sensor", `"dev_cla":"water","unit_of_meas":"m³","stat_cla":"total_increasing"`, "12.5", "d volume_l=12500", ""},
	{"flow", "sensor", `"dev_cla":"volume_flow_rate","unit_of_meas":"L/min"`, "2", "d flow_l_h=120", ""},
	{"a class that says nothing to us keeps its unit", "sensor", `"dev_cla":"pressure","unit_of_meas":"hPa"`, "1013", "d obj-1=1013", ""},
	{"a unit alone makes it a number", "sensor", `"unit_of_meas":"lqi"`, "120", "d obj-1=120", ""},
	{"a state class alone makes it a number", "sensor", `"stat_cla":"measurement"`, "120", "d obj-1=120", ""},
	{"nothing makes it a state", "sensor", ``, "120", "d obj-1=120", ""},
	{"an enum", "sensor", `"dev_cla":"enum","options":["idle","run"]`, "run", "d obj-1=run", ""},
	{"unknown is no value", "sensor", `"dev_cla":"battery"`, "unknown", "", ""},
	{"null is no value", "sensor", `"dev_cla":"battery","val_tpl":"{{ value_json.b }}"`, `{"b":null}`, "", ""},
	{"a number that is none", "sensor", `"dev_cla":"battery"`, "full", "", `"full" is not a number`},
	{"a number without end", "sensor", `"dev_cla":"battery"`, "Infinity", "", "is not a number"},
	{"a number beyond a double in our unit", "sensor", `"dev_cla":"distance","unit_of_meas":"km"`, "1e307", "", "too large"},
	{"a hexadecimal number", "sensor", `"dev_cla":"battery"`, "0x10", "", "is not a number"},
	{"a state that is too long", "sensor", ``, strings.Repeat("x", 129), "", "129 bytes"},
	{"a state that is not UTF-8", "sensor", ``, "\xff", "", "in UTF-8"},
	{"a unit that is not known", "sensor", `"dev_cla":"distance","unit_of_meas":"furlong"`, "", "", `unit "furlong" of device_class distance`},
	{"a distance without a unit", "sensor", `"dev_cla":"distance"`, "", "", `unit ""`},

	{"a template with .", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value_json.a.b }}"`, `{"a":{"c":[1,{"b":3}],"b":4.5}}`, "d obj-1=4.5", ""},
	{"a template with []", "sensor", `"stat_cla":"measurement","val_tpl":"{{value_json['a'][\"b c\"][1]}}"`, `{"a":{"b c":[1, 2 ,3]}}`, "d obj-1=2", ""},
	{"a key with an escape", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value_json['门'] }}"`, `{"\u95e8" : "7"}`, "d obj-1=7", ""},
	{"the last of equal keys", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value_json.a }}"`, `{"a":1,"a":2}`, "d obj-1=2", ""},
	{"value", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value }}"`, "5", "d obj-1=5", ""},
	{"float", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value|float }}"`, " 5.50 ", "d obj-1=5.5", ""},
	{"float that fails", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value | float }}"`, "x", "", `"x" is not a number`},
	{"float with a default", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value | float(-1) }}"`, "x", "d obj-1=-1", ""},
	{"int", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value | int }}"`, "-5.9", "d obj-1=-5", ""},
	{"int of a truth value", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value_json.a | int }}"`, `{"a":true}`, "d obj-1=1", ""},
	{"round", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value_json.t | float | round(1) }}"`, `{"t":"21.26"}`, "d obj-1=21.3", ""},
	{"round to whole numbers, ties to even", "sensor", `"stat_cla":"measurement","val_tpl":"{{ value | float | round }}"`, `2.5`, "d obj-1=2", ""},
	{"default for what is not there", "binary_sensor", `"val_tpl":"{{ value_json.a.b | default('OFF') }}"`, `{"x":1}`, "d obj-1=false", ""},
	{"default for what is there", "binary_sensor", `"val_tpl":"{{ value_json.a | default('OFF') }}"`, `{"a":"ON"}`, "d obj-1=true", ""},
	{"what is not there gives nothing", "sensor", `"val_tpl":"{{ value_json.a.b | is_defined }}"`, `{"a":[1]}`, "", ""},
	{"an index beyond the end", "sensor", `"val_tpl":"{{ value_json[3] }}"`, `[1]`, "", ""},
	{"a text where an object should be", "sensor", `"val_tpl":"{{ value_json.a }}"`, `"a"`, "", ""},
	{"a payload that is not JSON", "sensor", `"val_tpl":"{{ value_json.a }}"`, `a=1`, "", "not JSON"},
	{"a template that leads to an object", "sensor", `"val_tpl":"{{ value_json.a }}"`, `{"a":{}}`, "", "object or an array"},
}

// beyond are templates that do more than read a value.
var beyond = []string{
	"{{ value_json.a * 2 }}", "{% if value %}ON{% endif %}", "{{ 'ON' if value_json.a else 'OFF' }}", "{{ states('sensor.x') }}", "x{{ value }}",
	"{{ value }}x", "{{ value }}{{ value }}", "{{ value", "value }}", "{{ }}", "{{ value_json. }}", "{{ value_json['a }}", "{{ value_json[-1] }}",
	"{{ value_json[''] }}", "{{ value | upper }}", "{{ value | round('x') }}", "{{ value | round(99) }}", "{{ value | default }}", "{{ value | default(x) }}", "{{ value | float | }}", "{{ value_json.a() }}",
	"{{ value.a }}", "{{ value | is_defined(1) }}", `{{ value_json['a\\'] }}`, "{{ value_json" + strings.Repeat(".a", 9) + " }}", "{{ value " + strings.Repeat("| int ", 5) + "}}", "{{ value " + strings.Repeat(" ", 600) + "}}",
}

func configOf(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return "{" + strings.Join(all, ",") + "}"
}

const deviceD = `"dev":{"ids":["d","e"]}`

func TestEachEntityBecomesTheSignalThatItsConfigurationMeans(t *testing.T) {
	for _, c := range entities {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			topic := "homeassistant/" + c.component + "/node/obj-1/config"
			got, err := s.hear(topic, configOf(deviceD, `"stat_t":"t"`, c.config))
			if err == nil {
				got, err = s.hear("t", c.payload)
			}
			if c.err == "" && err != nil || c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "homeassistant d: ")) {
				t.Fatalf("error %v, want one that says %q and names d", err, c.err)
			}
			if show(got) != c.want {
				t.Errorf("got %q, want %q", show(got), c.want)
			}
		})
	}
}

func TestATemplateThatDoesMoreThanReadAValueIsRefused(t *testing.T) {
	for _, template := range beyond {
		s := newSite(t)
		got, err := s.hear("homeassistant/sensor/obj/config", configOf(deviceD, `"stat_t":"t"`, fmt.Sprintf(`"val_tpl":%q`, template)))
		if len(got) != 0 || err == nil || !strings.Contains(err.Error(), "homeassistant d: obj: ") || !strings.Contains(err.Error(), "raw topic") {
			t.Errorf("%s: %v", template, err)
		}
		if len(s.follows) != 0 {
			t.Errorf("%s: its topics are followed: %v", template, s.follows)
		}
	}
}

// faulty are configurations that cannot be used.
var faulty = []struct{ name, component, config, err string }{
	{"not JSON", "sensor", `{"stat_t":`, "not a JSON object"},
	{"an array", "sensor", `[]`, "not a JSON object"},
	{"no state topic", "sensor", `{}`, "state_topic is missing"},
	{"a wildcard", "sensor", `{"stat_t":"a/#"}`, "not a plain topic"},
	{"a single-level wildcard", "sensor", `{"stat_t":"a/+/b"}`, "not a plain topic"},
	{"the broker's own topics", "sensor", `{"stat_t":"$SYS/broker/uptime"}`, "not a plain topic"},
	{"a shared subscription", "sensor", `{"stat_t":"$share/g/a"}`, "not a plain topic"},
	{"a zero byte", "sensor", `{"stat_t":"a\u0000"}`, "not a plain topic"},
	{"a wildcard by way of the base", "sensor", `{"~":"#","stat_t":"~"}`, "not a plain topic"},
	{"a topic that is too long", "sensor", `{"stat_t":"` + strings.Repeat("a", 257) + `"}`, "257 bytes"},
	{"a topic that is an object", "sensor", `{"stat_t":{}}`, "state_topic is no text"},
	{"a wildcard in availability", "sensor", `{"stat_t":"a","avty_t":"#"}`, "availability \"#\" is not a plain topic"},
	{"availability without a topic", "sensor", `{"stat_t":"a","avty":[{}]}`, "availability is missing"},
	{"too many topics of availability", "sensor", `{"stat_t":"a","avty":[` + strings.Repeat(`{"t":"x"},`, 8) + `{"t":"x"}]}`, "more than 8"},
	{"an unknown mode", "sensor", `{"stat_t":"a","avty_mode":"some"}`, "availability_mode"},
	{"a time that is none", "sensor", `{"stat_t":"a","exp_aft":"soon"}`, "expire_after"},
	{"a time beyond a year", "sensor", `{"stat_t":"a","exp_aft":1e99}`, "expire_after"},
	{"a template for availability", "sensor", `{"stat_t":"a","avty_t":"b","avty_tpl":"{{ now() }}"}`, "raw topic"},
	{"an address that is too long", "sensor", `{"stat_t":"a","uniq_id":"` + strings.Repeat("u", 257) + `"}`, "address of 257 bytes"},
	{"too many components", "device", `{"cmps":{` + strings.Repeat(`"a":{"p":"sensor","x":1,"stat_t":"a"},`, 128) + `"b":{"p":"sensor","stat_t":"a"}}}`, ""},
}

func TestAConfigurationThatCannotBeUsedIsRefusedWithItsReason(t *testing.T) {
	for _, c := range faulty {
		got, err := newSite(t).hear("homeassistant/"+c.component+"/obj/config", c.config)
		if len(got) != 0 || plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "homeassistant") {
			t.Errorf("%s: got %s, error %v; want %q", c.name, show(got), err, c.err)
		}
	}
}

func TestTopicsThatAreNoBusinessOfAListener(t *testing.T) {
	s := newSite(t)
	for _, topic := range []string{"homeassistant/light/x/config", "homeassistant/sensor/config", "homeassistant/sensor/a/b/c/config", "homeassistant/status", "other/sensor/x/config", "t"} {
		if got, err := s.give(topic, configOf(`"stat_t":"t"`), true); len(got) != 0 || err != nil || len(s.follows) != 0 {
			t.Errorf("%s: %v, %v, follows %v", topic, got, err, s.follows)
		}
	}
}

func TestTheAddressIsTheDevices(t *testing.T) {
	for config, want := range map[string]string{
		`"dev":{"ids":["0x01","b"]},"uniq_id":"u"`:                            "0x01",
		`"device":{"identifiers":"0x02"}`:                                     "0x02",
		`"dev":{"cns":[["mac","a4:cf:12:00:00:01"],["x","y"]]},"uniq_id":"u"`: "a4:cf:12:00:00:01",
		`"dev":{"ids":[],"connections":[["mac","a4:cf"]]}`:                    "a4:cf",
		`"unique_id":"u"`:        "u",
		`"dev":{},"uniq_id":"u"`: "u",
		`"dev":7`:                "node_obj",
		``:                       "node_obj",
	} {
		s := newSite(t)
		s.must("homeassistant/sensor/node/obj/config", configOf(`"stat_t":"t"`, config))
		if got := s.must("t", "x"); got != want+" obj=x" {
			t.Errorf("%s: %s, want %s", config, got, want)
		}
	}
}

func TestAnESPHomeDeviceFromAnnouncementToLoss(t *testing.T) {
	s := newSite(t)
	s.retained["esp-pumps/binary_sensor/leak/state"] = "OFF"
	s.retained["esp-pumps/status"] = "online"
	got := s.must("homeassistant/binary_sensor/esp-pumps/leak/config", leak)
	if got != "a4cf12 online=true estimated_time; a4cf12 state=dry estimated_time" {
		t.Errorf("at its announcement: %s", got)
	}
	if got := s.must("homeassistant/binary_sensor/esp-pumps/leak/config", leak); got != "" {
		t.Errorf("announced again: %s", got)
	}
	got = s.must("homeassistant/sensor/esp-pumps/wifi/config", `{"dev_cla":"signal_strength","unit_of_meas":"dBm","stat_t":"esp-pumps/sensor/wifi/state","avty_t":"esp-pumps/status","dev":{"ids":"a4cf12"}}`)
	if got != "" {
		t.Errorf("its second entity changes something: %s", got)
	}
	for _, c := range [][3]string{
		{"esp-pumps/binary_sensor/leak/state", "ON", "a4cf12 state=wet"},
		{"esp-pumps/sensor/wifi/state", "-70", "a4cf12 rssi_dbm=-70"},
		{"esp-pumps/status", "offline", "a4cf12 online=false"},
		{"esp-pumps/status", "rebooting", ""},
		{"esp-pumps/status", "online", "a4cf12 online=true"},
		{"esp-pumps/status", "online", "a4cf12 online=true"},
	} {
		if got := s.must(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
	if got := show(s.turn(true)); !strings.Contains(got, "state=dry estimated_time") || len(s.follows) != 3 {
		t.Errorf("after a new connection: %s, follows %v", got, s.follows)
	}
}

func TestADeletedEntityIsForgottenAndItsTopicsLeft(t *testing.T) {
	s := newSite(t)
	s.must("homeassistant/binary_sensor/a/config", configOf(deviceD, `"stat_t":"own"`, `"avty_t":"shared"`))
	s.must("homeassistant/binary_sensor/b/config", configOf(deviceD, `"stat_t":"other"`, `"avty_t":"shared"`))
	s.must("homeassistant/binary_sensor/a/config", "")
	if len(s.follows) != 2 || s.follows["own"] {
		t.Errorf("follows %v", s.follows)
	}
	s.must("homeassistant/binary_sensor/b/config", configOf(deviceD, `"stat_t":"moved"`))
	if len(s.follows) != 1 || !s.follows["moved"] {
		t.Errorf("after a change it follows %v", s.follows)
	}
	if _, err := s.hear("homeassistant/binary_sensor/b/config", "{"); err == nil || len(s.follows) != 0 {
		t.Errorf("after a change that is not understood: %v, follows %v", err, s.follows)
	}
}

func TestSeveralEntitiesOfOneTopicAreReadFromWhatItSaidLast(t *testing.T) {
	s := newSite(t)
	s.must("homeassistant/sensor/a/config", configOf(deviceD, `"stat_t":"t"`, `"stat_cla":"measurement"`, `"val_tpl":"{{ value_json.a }}"`))
	s.must("t", `{"a":1,"b":2}`)
	if got := s.must("homeassistant/sensor/b/config", configOf(deviceD, `"stat_t":"t"`, `"stat_cla":"measurement"`, `"val_tpl":"{{ value_json.b }}"`)); got != "d b=2" {
		t.Errorf("got %s", got)
	}
	if got := s.must("t", `{"a":3,"b":4}`); got != "d a=3; d b=4" {
		t.Errorf("got %s", got)
	}
}

func TestTwoEntitiesOfOneSignalNeedAddressesOfTheirOwn(t *testing.T) {
	probe := func(n int) (topic, config string) {
		return fmt.Sprintf("homeassistant/binary_sensor/board/probe%d/config", n),
			configOf(`"dev":{"ids":"board"}`, `"dev_cla":"moisture"`, fmt.Sprintf(`"stat_t":"board/%d","uniq_id":"board-%d"`, n, n))
	}
	s := newSite(t)
	s.must(probe(1))
	_, err := s.hear(probe(2))
	if err == nil || !strings.Contains(err.Error(), `probe2 is a second state`) || !strings.Contains(err.Error(), `{"board": split}`) {
		t.Errorf("error %v", err)
	}
	if got := s.must("board/1", "ON"); got != "board state=wet" {
		t.Errorf("the first: %s", got)
	}
	s = newSite(t, "board")
	s.must(probe(1))
	s.must(probe(2))
	if got := s.must("board/2", "ON"); got != "board-2 state=wet" {
		t.Errorf("split: %s", got)
	}
}

func TestAvailabilityInItsModes(t *testing.T) {
	const topics = `"avty":[{"t":"a"},{"topic":"b","val_tpl":"{{ value_json.state }}","pl_avail":"up","pl_not_avail":"down"}]`
	for mode, want := range map[string][]string{ // after each of the messages below
		`"avty_mode":"all"`:    {"", "d online=true", "d online=false", "d online=false", "d online=true"},
		`"avty_mode":"any"`:    {"d online=true", "d online=true", "d online=true", "d online=false", "d online=true"},
		`"avty_mode":"latest"`: {"d online=true", "d online=true", "d online=false", "d online=false", "d online=true"},
		``:                     {"d online=true", "d online=true", "d online=false", "d online=false", "d online=true"},
	} {
		s := newSite(t)
		s.must("homeassistant/sensor/x/config", configOf(deviceD, `"stat_t":"t"`, topics, mode))
		said := [][2]string{{"a", "online"}, {"b", `{"state":"up"}`}, {"b", `{"state":"down"}`}, {"a", "offline"}, {"b", `{"state":"up"}`}}
		if mode == `"avty_mode":"all"` {
			said[4] = [2]string{"a", "online"}
			said = append(said[:4], [2]string{"b", `{"state":"up"}`}, said[4])
			want = append(want[:4:4], "d online=false", want[4])
		}
		for i, m := range said {
			if got := s.must(m[0], m[1]); got != want[i] {
				t.Errorf("%s: after message %d %s %s it is %q, want %q", mode, i, m[0], m[1], got, want[i])
			}
		}
	}
}

func TestAValueThatIsNotRepeatedExpires(t *testing.T) {
	s := newSite(t)
	s.must("homeassistant/sensor/x/config", configOf(deviceD, `"stat_t":"t"`, `"exp_aft":60`))
	if got := s.wait(time.Hour); got != "" {
		t.Errorf("before anything was heard: %s", got)
	}
	if got := s.must("t", "a"); got != "d x=a; d online=true" {
		t.Errorf("its first value: %s", got)
	}
	if got := s.wait(59*time.Second) + s.must("t", "b") + s.wait(59*time.Second); got != "d x=b" {
		t.Errorf("in time: %s", got)
	}
	if got := s.wait(2 * time.Second); got != "d online=false" {
		t.Errorf("too late: %s", got)
	}
	s.now = s.now.Add(-time.Hour) // the clock is set back
	if got := s.must("t", "c"); got != "d x=c; d online=true" {
		t.Errorf("again: %s", got)
	}
	if got := s.wait(time.Minute); got != "d online=false" {
		t.Errorf("and gone: %s", got)
	}
}

func TestNoValueExpiresBecauseTheGatewaysClockIsSet(t *testing.T) {
	s := newSite(t)
	s.now = plantroom.Unset.Add(time.Minute)
	s.must("homeassistant/sensor/x/config", configOf(deviceD, `"stat_t":"t"`, `"exp_aft":60`))
	s.must("t", "a")
	s.wait(30 * time.Second)
	s.now = start // 36 years later, by the clock
	if got := s.wait(59 * time.Second); got != "" {
		t.Errorf("after the clock was set: %s", got)
	}
	if got := s.wait(2 * time.Second); got != "d online=false" {
		t.Errorf("when it has not been heard for its time: %s", got)
	}
}

func TestAMotionSensorThatSaysOnlyOnGoesOffByItself(t *testing.T) {
	s := newSite(t)
	s.must("homeassistant/binary_sensor/x/config", configOf(deviceD, `"stat_t":"t"`, `"dev_cla":"motion"`, `"off_dly":30`))
	s.must("t", "ON")
	if got := s.wait(20*time.Second) + s.must("t", "ON") + s.wait(29*time.Second); got != "d occupied=true" {
		t.Errorf("while it moves: %s", got)
	}
	if got := s.wait(2 * time.Second); got != "d occupied=false" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestADeviceThatAnnouncesAllItsEntitiesAtOnce(t *testing.T) {
	const topic = "homeassistant/device/0x00158d/config"
	s := newSite(t)
	s.retained["z/0x00158d"] = `{"water_leak":false,"battery":88}`
	got := s.must(topic, `{"dev":{"ids":"0x00158d","name":"leak"},"o":{"name":"bridge"},"stat_t":"z/0x00158d","avty":[{"t":"z/state"}],"cmps":{
		"leak":{"p":"binary_sensor","dev_cla":"moisture","val_tpl":"{{ value_json.water_leak }}","pl_on":true,"pl_off":false,"uniq_id":"l"},
		"bat":{"p":"sensor","dev_cla":"battery","unit_of_meas":"%","val_tpl":"{{ value_json.battery }}","uniq_id":"b","avty_t":"z/bat"},
		"led":{"p":"light","cmd_t":"z/set"},
		"gone":{"p":"sensor"}}}`)
	if got != "0x00158d state=dry estimated_time; 0x00158d battery_pct=88 estimated_time" {
		t.Errorf("got %s", got)
	}
	if s.must("z/state", "online"); len(s.follows) != 3 {
		t.Errorf("follows %v", s.follows)
	}
	if got := s.must("z/bat", "online"); got != "0x00158d online=true" {
		t.Errorf("when all its entities are available: %s", got)
	}
	if got := s.must("z/0x00158d", `{"water_leak":true,"battery":88}`); got != "0x00158d state=wet; 0x00158d battery_pct=88" {
		t.Errorf("got %s", got)
	}
	if s.must(topic, ""); len(s.follows) != 0 {
		t.Errorf("after its deletion it follows %v", s.follows)
	}
}

func TestStrangersCannotFillTheMemory(t *testing.T) {
	s := newSite(t)
	var refused int
	for i := range 2100 {
		if _, err := s.hear(fmt.Sprintf("homeassistant/sensor/s%d/config", i), fmt.Sprintf(`{"stat_t":"t%d"}`, i)); err != nil {
			refused++
		}
	}
	if refused != 100 || len(s.follows) != 2000 {
		t.Errorf("%d of 2100 entities refused, %d topics followed", refused, len(s.follows))
	}
	s = newSite(t)
	refused = 0
	for i := range 70 {
		if _, err := s.hear(fmt.Sprintf("homeassistant/sensor/s%d/config", i), `{"stat_t":"t"}`); err != nil {
			refused++
		}
	}
	if refused != 6 {
		t.Errorf("%d of 70 entities of one topic refused, want 6", refused)
	}
	if _, err := s.hear("t", strings.Repeat(" ", 64<<10+1)); err == nil {
		t.Error("a payload of more than 64 KiB is read")
	}
}

func TestALargePayloadTakesLessThanAMebibyte(t *testing.T) {
	fill := func(head, each, tail string) string {
		var b bytes.Buffer
		b.WriteString(head)
		for i := 0; b.Len() < 64<<10-100; i++ {
			fmt.Fprintf(&b, each, i)
		}
		b.WriteString(tail)
		return b.String()
	}
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	for name, c := range map[string]struct{ topic, payload string }{
		"a configuration of many keys": {"homeassistant/sensor/y/config", fill("{", `"a%d":1,`, `"stat_t":"y"}`)},
		"many components":              {"homeassistant/device/y/config", fill(`{"cmps":{`, `"%d":{"p":"sensor","stat_t":"~"},`, `"z":{}}}`)},
		"many identifiers":             {"homeassistant/sensor/y/config", fill(`{"dev":{"ids":[`, `"%d",`, `""]}}`)},
		"a state of many keys":         {"t", fill("{", `"a%d":1,`, `"b":{"c":1}}`)},
		"a deep state":                 {"t", deep},
	} {
		s := newSite(t)
		s.must("homeassistant/sensor/x/config", configOf(deviceD, `"stat_t":"t"`, `"val_tpl":"{{ value_json.b.c }}"`))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.hear(c.topic, c.payload)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s, %d bytes, takes %d bytes", name, len(c.payload), used)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range entities {
		f.Add(c.component == "device", configOf(deviceD, `"stat_t":"t"`, c.config), c.payload)
	}
	for _, c := range faulty {
		f.Add(c.component == "device", c.config, "1")
	}
	for _, template := range beyond {
		f.Add(false, configOf(`"stat_t":"t"`, fmt.Sprintf(`"val_tpl":%q`, template)), "1")
	}
	f.Add(true, `{"~":"x","stat_t":"~/y","cmps":{"a":{"p":"sensor","avty":[{"t":"t"}]}}}`, `{"a":1}`)
	f.Fuzz(func(t *testing.T, whole bool, config, payload string) {
		s := newSite(t)
		component := "sensor"
		if whole {
			component = "device"
		}
		samples, err := s.give("homeassistant/"+component+"/obj/config", config, true)
		topics := make([]string, 0, len(s.follows))
		for topic := range s.follows {
			topics = append(topics, topic)
			if strings.ContainsAny(topic, "+#") || topic[0] == '$' || len(topic) > 256 {
				t.Fatalf("it follows %q", topic)
			}
		}
		slices.Sort(topics)
		for _, topic := range topics {
			got, failed := s.give(topic, payload, false)
			samples = append(samples, got...)
			if failed != nil {
				err = failed
			}
		}
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		for range 10 {
			turn := s.d.Turn(s.now, false)
			samples = append(samples, turn.Samples...)
			s.now = s.now.Add(400 * 24 * time.Hour)
		}
		if len(samples) > 128*(len(topics)+2) {
			t.Fatalf("%d samples of %d topics", len(samples), len(topics))
		}
		for _, v := range samples {
			if v.Address == "" || plantroom.ValidID(v.Signal) != nil || v.At.IsZero() || v.Value.Kind() == plantroom.NoValue {
				t.Fatalf("%+v", v)
			}
			if f := v.Value.Num(); math.IsNaN(f) || math.IsInf(f, 0) || len(v.Value.Str()) > 128 || !utf8.ValidString(v.Value.Str()) {
				t.Fatalf("%+v", v)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	s := newSite(b)
	s.must("homeassistant/binary_sensor/x/config", configOf(deviceD, `"stat_t":"t"`, `"dev_cla":"moisture"`, `"pl_on":true`, `"pl_off":false`, `"val_tpl":"{{ value_json.water_leak }}"`))
	m := plantroom.Message{Topic: "t", Payload: []byte(`{"battery":97,"linkquality":112,"tamper":false,"voltage":3015,"water_leak":true}`), Received: start}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.d.Decode(m); err != nil {
			b.Fatal(err)
		}
		s.d.Turn(start, false)
	}
}
