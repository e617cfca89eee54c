package devices_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/devices"
)

// notFamilies are the folders of firmware-bridge that hold no device family.
var notFamilies = []string{"codec", "devices", "lorawan", "node", "wire"}

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
}{
	"chirpstack": {
		plantroom.Message{
			Topic:   "site/application/7a3f/device/24e124535b316056/event/up",
			Payload: []byte(`{"deviceInfo":{"devEui":"24e124535b316056","deviceProfileName":"leak"},"fPort":85,"data":"BQAB"}`),
		},
		plantroom.Sample{Address: "24e124535b316056", Signal: "state", Value: plantroom.String("wet")},
	},
	"plainjson": {
		plantroom.Message{Topic: "site/bin-1", Payload: []byte(`{"v":{"distance_m":0.5}}`)},
		plantroom.Sample{Address: "bin-1", Signal: "distance_m", Value: plantroom.Float(0.5)},
	},
	"zigbee2mqtt": {
		plantroom.Message{Topic: "site/b1/leak", Payload: []byte(`{"water_leak":true}`)},
		plantroom.Sample{Address: "b1/leak", Signal: "state", Value: plantroom.String("wet")},
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
			if topics := f.Topics(options); !slices.ContainsFunc(topics, func(s string) bool { return matches(s, w.message.Topic) }) {
				t.Errorf("subscriptions %q do not match %s", topics, w.message.Topic)
			}
			got, err := f.New(options).Decode(w.message)
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
