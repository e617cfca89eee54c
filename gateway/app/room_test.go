package app_test

import (
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// What boards and alerts go by: the gateway says by itself how full its spool is.
func TestTheServicesAreToldHowFullTheSpoolIs(t *testing.T) {
	b := brokertest.NewMochi(t)
	listen(t, b)
	rooms := make(chan wire.Spool, 16)
	c, err := mqttconn.Connect(t.Context(), mqttconn.Options{URL: b.URL(), ClientID: "board"}, mqttconn.Session{Handle: func(m paho.Message) {
		defer m.Ack()
		room, err := wire.DecodeSpool(m.Payload())
		if err != nil {
			t.Errorf("%v in %x", err, m.Payload())
		}
		rooms <- room
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SubscribeAll(t.Context(), wire.Topic("story", "gw-b1", wire.SpoolLeaf)); err != nil {
		t.Fatal(err)
	}
	g := start(t, twoSources, b)
	g.ok()
	room, h := <-rooms, g.state()
	if room.Gateway != "gw-b1" || room.Epoch != h.Spool.Epoch || room.Limit != uint64(h.Spool.MaxBytes) || room.Used == 0 || room.Used > room.Limit || room.Clock.String() != string(h.Clock.State) {
		t.Errorf("it says %+v, its page %+v with the clock %s", room, h.Spool, h.Clock.State)
	}
}
