package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/gateway/sandbox"
	"plantroom/gateway/sandbox/inside"
	"plantroom/internal/mqttconn/brokertest"
)

// The test's own binary is the sandbox that the gateway starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Argument {
		if inside.Serve(os.Stdin, os.Stdout, "test") != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const withCodecs = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: BROKER}
mqtt:
  - name: lora
    broker: BROKER
    family: chirpstack
    models: {LEAK: milesight-em300-sld}
    codecs:
      DOOR: {file: door.js, map: {battery: {to: battery_v, scale: 0.001, min: 0, max: 5}, open: {to: contact, values: {"true": false, "false": true}}}}
      HANG: {file: hang.js}
    devices: [{match: "*"}]
health: {listen: "127.0.0.1:0"}
`

const (
	door = `function decodeUplink(input) {
	return {data: {open: input.bytes[0] === 1, battery: input.bytes[1] << 8 | input.bytes[2], firmware: "1.0"}};
}`
	hang = `function decodeUplink(input) { [].indexOf.call({length: 2 ** 53 - 1}, 1) }`
)

// frame publishes what ChirpStack says of a frame.
func frame(t *testing.T, b brokertest.Broker, eui, profile, data string, counter int) {
	t.Helper()
	publish(t, b, "application/1/device/"+eui+"/event/up", fmt.Sprintf(
		`{"deviceInfo":{"devEui":"%s","deviceProfileName":"%s"},"fCnt":%d,"fPort":1,"data":"%s"}`, eui, profile, counter, data))
}

func TestAMakersCodecMakesReadingsAndAHostileOneOnlyRejects(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	g := startWith(t, withCodecs, b, map[string]string{"door.js": door, "hang.js": hang})
	g.ok()
	for i := range 5 {
		frame(t, b, "00000000000000ff", "HANG", "AQ==", i)
	}
	frame(t, b, "0000000000000001", "DOOR", "AQu4", 1) // 01 0b b8
	frame(t, b, "0000000000000002", "LEAK", "BQAB", 1)
	wait(t, "the native reading arrived", func() bool { return s.has("0000000000000002 state=wet") })
	wait(t, "the codec's readings arrived", func() bool {
		return s.has("0000000000000001 contact=false") && s.has("0000000000000001 battery_v=3")
	})
	if s.has("0000000000000001 firmware=1.0") {
		t.Error("a value that is not in the map was passed on")
	}
	wait(t, "the hostile one was ended by force", func() bool { return strings.Count(g.log.String(), "ended by force") == 3 })

	if err := os.WriteFile(filepath.Join(filepath.Dir(g.file), "hang.js"), []byte(`const decodeUplink = () => ({data: {heartbeat: true}})`), 0o600); err != nil {
		t.Fatal(err)
	}
	g.reload <- struct{}{}
	wait(t, "the changed codec is at work", func() bool { return g.state().Reloads == 1 })
	g.ok()
	frame(t, b, "00000000000000ff", "HANG", "AQ==", 99)
	wait(t, "the repaired codec's reading arrived", func() bool { return s.has("00000000000000ff heartbeat=true") })
	wait(t, "the log says what was exchanged", func() bool { return strings.Contains(g.log.String(), "parts_stopped=1 parts_started=1") })
}
