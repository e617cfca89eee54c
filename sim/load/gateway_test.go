package load

import (
	"fmt"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn/brokertest"
)

func readings(n int) func(func(plantroom.Reading) bool) {
	return func(yield func(plantroom.Reading) bool) {
		for i := range n {
			r := plantroom.Reading{Device: plantroom.DeviceID(fmt.Sprintf("d-%d", i)), Signal: "floor", Value: plantroom.Float(float64(i)), At: plantroom.Instant(i + 1)}
			if !yield(r) {
				return
			}
		}
	}
}

func TestBatchesHoldEveryReadingInOrder(t *testing.T) {
	bs, err := Batches("gw-1", 7, 10, readings(25))
	if err != nil || len(bs) != 3 {
		t.Fatalf("%d batches, %v", len(bs), err)
	}
	next := uint64(1)
	for _, b := range bs {
		got, err := wire.DecodeBatch(b.Payload)
		if err != nil || got.Gateway != "gw-1" || got.Epoch != 7 || got.Base != 1 || got.First != next {
			t.Fatalf("batch %+v, %v; want it to begin with %d", got, err, next)
		}
		for _, raw := range got.Records {
			rec, err := wire.DecodeRecord(raw)
			if err != nil || rec.Reading.Value.Num() != float64(next-1) {
				t.Fatalf("record %d is %+v, %v", next, rec, err)
			}
			next++
		}
		if b.Last != next-1 {
			t.Errorf("the batch says it ends with %d, not %d", b.Last, next-1)
		}
	}
	if next != 26 {
		t.Errorf("%d records", next-1)
	}
}

func TestAGatewayKeepsToItsWindow(t *testing.T) {
	b := brokertest.NewMochi(t)
	arrived := make(chan uint64, 10)
	err := b.Subscribe(wire.Topic("e", "gw-1", wire.Up), 1, func(_ *mochi.Client, _ packets.Subscription, p packets.Packet) {
		batch, err := wire.DecodeBatch(p.Payload)
		if err != nil {
			t.Error(err)
		}
		arrived <- batch.First
	})
	if err != nil {
		t.Fatal(err)
	}
	ack := func(seen, stored uint64) {
		payload, err := wire.AppendAck(nil, wire.Ack{Epoch: 7, Seen: seen, Stored: stored})
		if err == nil {
			err = b.Publish(wire.Topic("e", "gw-1", wire.AckLeaf), payload, false, 1)
		}
		if err != nil {
			t.Error(err)
		}
	}
	g, err := DialGateway(t.Context(), Options{Addr: b.Addr(), ClientID: "gw-1-uplink"}, "e", "gw-1", 7, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	bs, err := Batches("gw-1", 7, 10, readings(30))
	if err != nil {
		t.Fatal(err)
	}
	all := make(chan error, 1)
	go func() {
		for _, batch := range bs {
			if err := g.Send(t.Context(), batch); err != nil {
				all <- err
				return
			}
		}
		all <- g.Stored(t.Context(), 30)
	}()
	if first, second := <-arrived, <-arrived; first != 1 || second != 11 {
		t.Fatalf("batches from %d and %d came first", first, second)
	}
	select {
	case n := <-arrived:
		t.Fatalf("the batch from %d came although the window was full", n)
	case <-time.After(50 * time.Millisecond): // nothing to wait for: it must not happen
	}
	ack(10, 0)
	if third := <-arrived; third != 21 {
		t.Fatalf("the batch from %d came third", third)
	}
	ack(30, 29)
	select {
	case err := <-all:
		t.Fatalf("done before the last record was stored: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	ack(30, 30)
	if err := <-all; err != nil {
		t.Error(err)
	}
}

func TestAGatewayThatIsAskedToRepeatFails(t *testing.T) {
	b := brokertest.NewMochi(t)
	g, err := DialGateway(t.Context(), Options{Addr: b.Addr(), ClientID: "gw-1-uplink"}, "e", "gw-1", 7, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	payload, err := wire.AppendAck(nil, wire.Ack{Epoch: 7, Seen: 9, Stored: 4, Rewind: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(wire.Topic("e", "gw-1", wire.AckLeaf), payload, false, 1); err != nil {
		t.Fatal(err)
	}
	if err := g.Stored(t.Context(), 9); plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Errorf("error %v", err)
	}
}

func TestAGatewayNoticesThatTheBrokerHasGone(t *testing.T) {
	b := brokertest.NewMochi(t)
	g, err := DialGateway(t.Context(), Options{Addr: b.Addr(), ClientID: "gw-1-uplink"}, "e", "gw-1", 7, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	b.Stop()
	if err := g.Stored(t.Context(), 1); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("error %v", err)
	}
}
