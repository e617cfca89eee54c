package integration

import (
	"strings"
	"testing"
)

// trapped is what a box says when somebody is in a car that cannot run.
var trapped = map[string]any{"fault": "stopped_out_of_zone", "door": "closed", "direction": "none", "car_occupied": true, "passenger_alarm": true}

// Detection does not wait for InfluxDB: somebody who is trapped is helped
// while it is away.
func TestAnEntrapmentIsRaisedWhileInfluxDBIsAway(t *testing.T) {
	h := open(t, plan{apart: true})
	h.say("b3-l2-box", map[string]any{"fault": "none", "mode": "normal", "door": "closed", "direction": "up"})
	h.arrived()
	h.influxd.Kill()
	from := h.sofar(h.Server)
	h.say("b3-l2-box", trapped)
	h.incident("lift.entrapment", "b3-l2")
	h.logged(h.Server, from, "write to the time-series database: not possible", "see that InfluxDB runs")
	for n := range 20 {
		h.say("b1-l1-box", map[string]any{"cycles": 1000 + n})
	}
	text, err := h.Server.Log()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text[from:], "write to the time-series database"); n != 1 {
		t.Errorf("the server names the loss in %d lines, want one:\n%s", n, text[from:])
	}
	h.back(h.influxd)
	h.logged(h.Server, from, "write to the time-series database: it works again")
	h.audit(0)
}

// The loss of the broker is named by whoever feels it, and heals by itself.
func TestABrokerThatIsAwayIsNamedAndTriedAgain(t *testing.T) {
	h := open(t, plan{apart: true})
	h.say("b1-l1-box", map[string]any{"fault": "none", "mode": "normal"})
	h.arrived()
	gateway := h.Gateways["gw-b1"]
	fromServer, fromGateway := h.sofar(h.Server), h.sofar(gateway)
	h.uplink.Kill()
	h.logged(h.Server, fromServer, "level=ERROR", "MQTT connection", h.uplink.url, "it is tried again")
	h.logged(gateway, fromGateway, "uplink is down; readings are kept in the spool", h.uplink.url)
	for n := range 20 {
		h.say("b1-l1-box", map[string]any{"cycles": 1000 + n})
	}
	h.back(h.uplink.Process)
	h.audit(0)
}

// A broker of the devices that is away is named, too.
func TestADevicesBrokerThatIsAwayIsNamedAndTriedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run takes the uplink's broker away only")
	}
	h := open(t, plan{apart: true})
	gateway := h.Gateways["gw-b2"]
	from := h.sofar(gateway)
	h.field.Kill()
	for _, source := range []string{"boxes", "zigbee", "lorawan"} {
		h.logged(gateway, from, "source is down", "source="+source, h.field.url)
	}
	h.back(h.field.Process)
	h.listening()
	h.say("b2-l1-box", map[string]any{"fault": "none", "mode": "normal"})
	h.audit(0)
}
