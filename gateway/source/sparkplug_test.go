package source_test

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom/firmware-bridge/sparkplug"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// withSeq replaces the sequence number of a message, which these tests put last
// (field 3 of the payload, a varint below 128).
func withSeq(payload string, n byte) string {
	return payload[:len(payload)-1] + string(n)
}

// An NBIRTH with seq 0 and bdSeq 7, and NDATA that makes its one metric of use true.
var (
	edgeBirth = metric("bdSeq", 8, 11, 7) + metric("Node Control/Rebirth", 11, 14, 0) + metric("Inputs/Wet", 11, 14, 0) +
		metric("Inputs/Spare", 11, 14, 0) + "\x18\x00"
	edgeData = metric("Inputs/Wet", 11, 14, 1) + "\x18\x00"
)

// metric is {name, datatype, value} in the schema's fields 1, 4 and that of the value.
func metric(name string, datatype, field, value byte) string {
	m := "\x0a" + string(byte(len(name))) + name + "\x20" + string(datatype) + string(field<<3) + string(value)
	return string(binary.AppendUvarint([]byte{0x12}, uint64(len(m)))) + m
}

func sparkplugHost(t *testing.T, b brokertest.Broker) *site {
	rules := []binding.Rule{{Address: "g/e", Device: "edge", Only: true,
		Map: map[string]binding.Signal{"online": {}, "Inputs/Wet": {To: "contact"}}}}
	d := &disk{}
	return start(t, b, d, func(o *source.Options) {
		binder, err := binding.New(rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		so := sparkplug.Options{Host: "gw-b1", Reorder: 100 * time.Millisecond}
		o.Decoder, o.Topics = sparkplug.New(so), sparkplug.Topics(so)
		o.Intake = intake.New(d, binder)
	})
}

func TestASparkplugHostOnARealBroker(t *testing.T) {
	b := brokertest.Mosquitto(t, "allow_anonymous true")
	states := recorder(t, b, "spBv1.0/STATE/gw-b1")
	state := func() string { return last(states()) }
	asked := listener(t, b, "spBv1.0/g/NCMD/e")
	s := sparkplugHost(t, b)
	wait(t, "its birth is seen", func() bool { return strings.HasPrefix(state(), `{"online":true,`) })
	s.up()
	birth := state()

	sayEdge := func(verb, payload string) { say(t, b, "spBv1.0/g/"+verb+"/e", payload) }
	sayEdge("NBIRTH", edgeBirth)
	sayEdge("NDATA", withSeq(edgeData, 1))
	s.hears("edge=true edge=false edge=true") // online, dry, wet
	if asked() != "" {
		t.Error("a rebirth was requested without a gap")
	}
	sayEdge("NDATA", withSeq(edgeData, 3)) // 2 never comes
	wait(t, "a rebirth is requested", func() bool { return strings.Contains(asked(), "Node Control/Rebirth") })
	s.hears("edge=true edge=false edge=true edge=true")

	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	rival, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "gw-b1-plain"}, mqttconn.Session{}) // throws ours out
	if err != nil {
		t.Fatal(err)
	}
	will := strings.Replace(birth, "true", "false", 1) // with the same time
	wait(t, "its will is seen", func() bool { return slices.Contains(states(), will) })
	rival.Close()
	wait(t, "it is back, with a time of its own", func() bool { return strings.HasPrefix(state(), `{"online":true,`) && state() != birth })

	s.stop()
	wait(t, "it says that it goes", func() bool { return strings.HasPrefix(state(), `{"online":false,`) })
}
