package app_test

import (
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/history"
)

// How a gateway is stands in the history's answer as it says itself: what waits
// in its spool goes down as the server takes it in.
func TestWhatAGatewaySaysOfItselfIsAnswered(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("none"), h.now()))
	g.stored()
	state, err := wire.AppendState(nil, wire.State{Gateway: g.id, Online: true, Version: "1.4.0", Epoch: epoch, Base: 1, Next: 3, At: h.now()})
	if err != nil {
		t.Fatal(err)
	}
	room, err := wire.AppendSpool(nil, wire.Spool{Gateway: g.id, Epoch: epoch, Used: 70, Limit: 100, Clock: wire.ClockHeld})
	if err != nil {
		t.Fatal(err)
	}
	g.say(wire.SpoolLeaf, []byte("seventy")) // costs nobody anything
	g.say(wire.StateLeaf, state)
	g.say(wire.SpoolLeaf, room)
	now := func() history.GatewayItem {
		list := get[history.GatewayItem](h, "/api/v1/history/gateways")
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		return list[0]
	}
	eventually(t, "it is answered", func() bool {
		i := now()
		return i.Share != nil && *i.Share == 0.7 && i.Clock == "held" && i.Version == "1.4.0" && i.Backlog != nil && *i.Backlog == 1 && !i.Silent && !i.Heard.IsZero()
	})
	if n := now().Quarantined; n != 0 {
		t.Errorf("%d in quarantine: what a gateway says of its spool is no reading", n)
	}
	g.take(reading("b1-l1-box", "fault", plantroom.String("none"), h.now()+1))
	g.stored()
	eventually(t, "nothing waits any more", func() bool { return *now().Backlog == 0 })
	g.say(wire.Up, []byte("not CBOR"))
	eventually(t, "what is set aside is counted", func() bool {
		i := now()
		return i.Quarantined == 1 && i.QuarantinedDay == 1 && i.QuarantinedNow == 1
	})
}
