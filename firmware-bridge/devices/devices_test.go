package devices_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
)

// notFamilies are the folders of firmware-bridge that hold no device family.
var notFamilies = []string{"codec", "devices", "jsonobject", "jsonwalk", "lorawan", "modbus", "node", "wire"}

func TestEveryFamilyFolderIsOnTheList(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(notFamilies, e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	var listed []string
	for _, f := range devices.Families() {
		listed = append(listed, f.Name)
	}
	if !slices.IsSorted(listed) {
		t.Errorf("families %v are not in order", listed)
	}
	for _, folder := range folders {
		if !slices.Contains(listed, folder) {
			t.Errorf("firmware-bridge/%s is not a family on the list in devices.go", folder)
		}
	}
	for _, name := range listed {
		if !slices.Contains(folders, name) {
			t.Errorf("family %s has no folder firmware-bridge/%s", name, name)
		}
	}
}

// words is a message of each family, on a topic below the prefix "site".
var words = map[string]struct {
	message plantroom.Message
	want    plantroom.Sample
	before  *plantroom.Message // what the message needs to be understood
}{
	"chirpstack": {
		message: plantroom.Message{
			Topic:   "site/application/7a3f/device/24e124535b316056/event/up",
			Payload: []byte(`{"deviceInfo":{"devEui":"24e124535b316056","deviceProfileName":"leak"},"fPort":85,"data":"BQAB"}`),
		},
		want: plantroom.Sample{Address: "24e124535b316056", Signal: "state", Value: plantroom.String("wet")},
	},
	"homeassistant": { // the topic of the value is followed because the configuration names it
		message: plantroom.Message{Topic: "esp/leak", Payload: []byte("ON")},
		want:    plantroom.Sample{Address: "esp", Signal: "state", Value: plantroom.String("wet")},
		before:  &plantroom.Message{Topic: "site/binary_sensor/esp/leak/config", Payload: []byte(`{"stat_t":"esp/leak","uniq_id":"esp","dev_cla":"moisture"}`)},
	},
	"homie": {
		message: plantroom.Message{Topic: "site/5/pumps/rope/wet", Payload: []byte("true")},
		want:    plantroom.Sample{Address: "pumps.rope", Signal: "wet", Value: plantroom.Bool(true)},
		before: &plantroom.Message{Topic: "site/5/pumps/$description",
			Payload: []byte(`{"nodes":{"rope":{"properties":{"wet":{"datatype":"boolean"}}}}}`)},
	},
	"plainjson": {
		message: plantroom.Message{Topic: "site/bin-1", Payload: []byte(`{"v":{"distance_m":0.5}}`)},
		want:    plantroom.Sample{Address: "bin-1", Signal: "distance_m", Value: plantroom.Float(0.5)},
	},
	"sparkplug": { // an NBIRTH with seq 0 and nothing else
		message: plantroom.Message{Topic: "site/Block1/NBIRTH/Pumps", Payload: []byte("\x18\x00")},
		want:    plantroom.Sample{Address: "Block1/Pumps", Signal: "online", Value: plantroom.Bool(true)},
	},
	"shelly": {
		message: plantroom.Message{Topic: "site/shellyfloodg4-a085e3bd0544/events/rpc",
			Payload: []byte(`{"method":"NotifyStatus","params":{"ts":1772409600.00,"flood:0":{"alarm":true}}}`)},
		want: plantroom.Sample{Address: "shellyfloodg4-a085e3bd0544", Signal: "state", Value: plantroom.String("wet")},
	},
	"tasmota": {
		message: plantroom.Message{Topic: "site/tele/b1-pump/SENSOR", Payload: []byte(`{"Time":"2026-03-02T00:00:00","Switch1":"ON"}`)},
		want:    plantroom.Sample{Address: "b1-pump", Signal: "switch1", Value: plantroom.Bool(true)},
	},
	"thethings": {
		message: plantroom.Message{
			Topic:   "site/v3/story@estate/devices/leak/up",
			Payload: []byte(`{"end_device_ids":{"device_id":"leak","dev_eui":"24E124535B316056"},"uplink_message":{"f_port":85,"frm_payload":"BQAB"}}`),
		},
		want: plantroom.Sample{Address: "24e124535b316056", Signal: "state", Value: plantroom.String("wet")},
	},
	"zigbee2mqtt": {
		message: plantroom.Message{Topic: "site/b1/leak", Payload: []byte(`{"water_leak":true}`)},
		want:    plantroom.Sample{Address: "b1/leak", Signal: "state", Value: plantroom.String("wet")},
	},
}

func TestEachFamilyUnderstandsItsDevices(t *testing.T) {
	options := devices.Options{Prefix: "site", Models: map[string]string{"leak": "milesight-em300-sld"}}
	const received = plantroom.Instant(1772409600_000000000)
	for _, f := range devices.Families() {
		t.Run(f.Name, func(t *testing.T) {
			w, ok := words[f.Name]
			if !ok {
				t.Fatalf("family %s has no message in this test", f.Name)
			}
			w.message.Received, w.want.At = received, received
			d := f.New(options)
			topics := f.Topics(options)
			if w.before != nil {
				if _, err := d.Decode(*w.before); err != nil {
					t.Fatal(err)
				}
				if s, ok := d.(plantroom.Speaker); ok {
					topics = append(topics, s.Turn(received, false).Subscribe...)
				}
			}
			if !slices.ContainsFunc(topics, func(s string) bool { return matches(s, w.message.Topic) }) {
				t.Errorf("subscriptions %q do not match %s", topics, w.message.Topic)
			}
			got, err := d.Decode(w.message)
			if err != nil || len(got) != 1 || got[0] != w.want {
				t.Errorf("got %+v, %v; want %+v", got, err, w.want)
			}
			if topics := f.Topics(devices.Options{}); len(topics) == 0 || strings.HasPrefix(topics[0], "/") {
				t.Errorf("subscriptions without a prefix: %q", topics)
			}
			again, err := devices.ByName(f.Name)
			if err != nil || again.Name != f.Name {
				t.Errorf("ByName gives %q, %v", again.Name, err)
			}
		})
	}
}

func TestASiteMayChooseItsTopicsAndItsZone(t *testing.T) {
	o := devices.Options{Prefix: "site", FullTopic: "b1/%topic%/%prefix%", Zone: time.FixedZone("east", 8*3600)}
	f, err := devices.ByName("tasmota")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.FullTopic(o.FullTopic); err != nil {
		t.Error(err)
	}
	if got, want := f.Topics(o), []string{"site/b1/+/tele/+", "site/b1/+/stat/+"}; !slices.Equal(got, want) {
		t.Errorf("topics %q, want %q", got, want)
	}
	const received = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z
	got, err := f.New(o).Decode(plantroom.Message{
		Topic: "site/b1/pump/tele/SENSOR", Payload: []byte(`{"Time":"2026-03-02T07:59:00","Switch1":"ON"}`), Received: received,
	})
	if err != nil || len(got) != 1 || got[0].Address != "pump" || got[0].At != received.Add(-time.Minute) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// matches follows MQTT 3.1.1 §4.7 for subscriptions of + and a final #.
func matches(subscription, topic string) bool {
	want, got := strings.Split(subscription, "/"), strings.Split(topic, "/")
	for i, level := range want {
		if level == "#" {
			return true
		}
		if i >= len(got) || level != "+" && level != got[i] {
			return false
		}
	}
	return len(want) == len(got)
}

func TestAnUnknownFamilyIsNamedWithThoseThatExist(t *testing.T) {
	_, err := devices.ByName("zigbee")
	if plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("%v, want code not_found", err)
	}
	for _, f := range devices.Families() {
		if !strings.Contains(err.Error(), f.Name) {
			t.Errorf("%v does not name %s", err, f.Name)
		}
	}
}
