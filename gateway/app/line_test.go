package app_test

import (
	"strings"
	"testing"

	"plantroom/firmware-bridge/node/nodetest"
	"plantroom/internal/mqttconn/brokertest"
)

const oneLine = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: BROKER}
serial:
  - {port: PORT, devices: [{node: 7, device: b1-pump-rope, map: {contact: {to: fault, values: {"true": controller_fault, "false": none}}}}]}
health: {listen: "127.0.0.1:0"}
`

// From the firmware in C through spool and broker to the services.
func TestASensorNodesReadingsReachTheServices(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	line := nodetest.NewLine(t)
	g := start(t, strings.Replace(oneLine, "PORT", line.Path, 1), b)
	g.ok()
	n := nodetest.Start(t, nodetest.Build(t), "--id", "7")
	line.Plug(n)
	wait(t, "the rope is dry", func() bool { return s.has("b1-pump-rope state=dry") })
	n.ADC(0, 300)
	n.Input(0, true)
	wait(t, "it is wet", func() bool { return s.has("b1-pump-rope state=wet") })
	wait(t, "the contact is mapped", func() bool { return s.has("b1-pump-rope fault=controller_fault") })
	wait(t, "the node is alive", func() bool { return s.has("b1-pump-rope heartbeat=true") })
	if h := g.state().Sources; len(h) != 1 || h[0].Name != "serial/"+line.Path || len(h[0].Nodes) != 1 || h[0].Nodes[0].Node != 7 || h[0].Nodes[0].Dropped != 0 {
		t.Errorf("the health page says %+v", h)
	}
}
