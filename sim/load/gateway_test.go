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

// services is the other end of a gateway's road.
type services struct {
	t       *testing.T
	broker  *brokertest.Mochi
	arrived chan uint64 // the first record of each batch
}

func newServices(t *testing.T) services {
	t.Helper()
	s := services{t, brokertest.NewMochi(t), make(chan uint64, 10)}
	err := s.broker.Subscribe(wire.Topic("e", "gw-1", wire.Up), 1, func(_ *mochi.Client, _ packets.Subscription, p packets.Packet) {
		batch, err := wire.DecodeBatch(p.Payload)
		if err != nil {
			t.Error(err)
		}
		s.arrived <- batch.First
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s services) ack(a wire.Ack) {
	s.t.Helper()
	payload, err := wire.AppendAck(nil, a)
	if err == nil {
		err = s.broker.Publish(wire.Topic("e", "gw-1", wire.AckLeaf), payload, false, 1)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// expect waits for the batch that begins with a record.
func (s services) expect(first uint64) {
	s.t.Helper()
	select {
	case got := <-s.arrived:
		if got != first {
			s.t.Fatalf("the batch from %d came, not that from %d", got, first)
		}
	case <-time.After(5 * time.Second):
		s.t.Fatalf("the batch from %d did not come", first)
	}
}

func (s services) gateway() *Gateway {
	s.t.Helper()
	g, err := DialGateway(s.t.Context(), Options{Addr: s.broker.Addr(), ClientID: "gw-1-uplink"}, "e", "gw-1")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(g.Close)
	return g
}

func TestAGatewaySendsUntilAllIsStored(t *testing.T) {
	s := newServices(t)
	bs, err := Batches("gw-1", 7, 10, readings(30))
	if err != nil {
		t.Fatal(err)
	}
	sender := &Sender{Epoch: 7, Window: 2, Batches: bs}
	done := make(chan error, 1)
	g := s.gateway()
	go func() { done <- g.Run(t.Context(), sender) }()
	s.expect(1)
	s.expect(11)
	s.ack(wire.Ack{Epoch: 7, Seen: 20})
	s.expect(21)
	s.ack(wire.Ack{Epoch: 7, Seen: 30, Stored: 10, Rewind: true})
	s.expect(11)
	s.expect(21)
	s.ack(wire.Ack{Epoch: 7, Seen: 30, Stored: 30})
	if err := <-done; err != nil || sender.Resent != 2 {
		t.Errorf("%v, %d batches sent again", err, sender.Resent)
	}
}

func TestAGatewayNoticesThatTheBrokerHasGone(t *testing.T) {
	s := newServices(t)
	g := s.gateway()
	bs, err := Batches("gw-1", 7, 10, readings(10))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- g.Run(t.Context(), &Sender{Epoch: 7, Window: 2, Batches: bs}) }()
	s.expect(1)
	s.broker.Stop()
	if err := <-done; plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("error %v", err)
	}
}
