package main

import (
	"context"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
)

// far is the services as far as a gateway can tell: it takes batches in order
// and acknowledges them.
type far struct {
	t    testing.TB
	conn *mqttconn.Conn
	keep bool // the records, not only their number

	mu    sync.Mutex
	epoch uint64
	seen  uint64
	count map[string]int // readings by "device signal value"
	total uint64
	gaps  int
}

func listen(t testing.TB, url string, keep bool) *far {
	t.Helper()
	f := &far{t: t, keep: keep, count: map[string]int{}}
	f.connect(url)
	return f
}

func (f *far) connect(url string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := mqttconn.Connect(ctx, mqttconn.Options{URL: url, ClientID: "services"}, mqttconn.Session{Handle: f.handle})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(conn.Close)
	f.mu.Lock()
	f.conn = conn
	f.mu.Unlock()
	if err := conn.SubscribeAll(ctx, "plantroom/1/story/gw-b1/up"); err != nil {
		f.t.Fatal(err)
	}
}

func (f *far) handle(m mqtt.Message) {
	defer m.Ack()
	b, err := wire.DecodeBatch(m.Payload())
	if err != nil {
		f.t.Errorf("batch: %v", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.epoch != b.Epoch {
		f.epoch, f.seen = b.Epoch, 0
	}
	if b.Base > f.seen+1 {
		f.gaps++
		f.seen = b.Base - 1
	}
	if b.First <= f.seen+1 {
		f.take(b)
	}
	ack, err := wire.AppendAck(nil, wire.Ack{Epoch: b.Epoch, Stored: f.seen, Seen: f.seen})
	if err != nil {
		f.t.Errorf("ack: %v", err)
		return
	}
	go func(c *mqttconn.Conn) {
		_ = c.Send(wire.Topic("story", "gw-b1", wire.AckLeaf), false, ack) // the broker may be down
	}(f.conn)
}

// take counts what is new in a batch. The caller holds mu.
func (f *far) take(b wire.Batch) {
	for i, raw := range b.Records {
		seq := b.First + uint64(i)
		if seq <= f.seen {
			continue
		}
		f.seen = seq
		f.total++
		if !f.keep {
			continue
		}
		r, err := wire.DecodeRecord(raw)
		switch {
		case err != nil:
			f.t.Errorf("record %d: %v", seq, err)
		case r.Reject != nil:
			f.count["reject "+r.Reject.Source]++
		case r.Gap != nil:
			f.count["gap"]++
		default:
			f.count[describe(r.Reading)]++
		}
	}
}

func describe(r plantroom.Reading) string {
	return string(r.Device) + " " + r.Signal + " " + r.Value.String()
}

func (f *far) has(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count[what]
}

func (f *far) received() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}
