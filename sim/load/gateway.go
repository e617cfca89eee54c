package load

import (
	"context"
	"sync"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Batch is an uplink message that was encoded beforehand.
type Batch struct {
	Payload []byte
	Last    uint64 // the sequence number of its last record
}

// Batches encodes readings in batches of size, with sequence numbers from 1
// on, as a gateway whose spool began with them would send them.
func Batches(g plantroom.GatewayID, epoch uint64, size int, readings func(yield func(plantroom.Reading) bool)) ([]Batch, error) {
	var out []Batch
	var failed error
	b := wire.Batch{Gateway: g, Epoch: epoch, Base: 1, First: 1}
	flush := func() {
		payload, err := wire.AppendBatch(nil, b)
		if err != nil {
			failed = err
			return
		}
		b.First += uint64(len(b.Records))
		out = append(out, Batch{payload, b.First - 1})
		b.Records = b.Records[:0]
	}
	for r := range readings {
		rec, err := wire.AppendRecord(nil, plantroom.Record{Reading: r})
		if err != nil {
			return nil, err
		}
		b.Sent = max(b.Sent, r.At)
		if b.Records = append(b.Records, rec); len(b.Records) == size {
			flush()
		}
	}
	if len(b.Records) > 0 {
		flush()
	}
	return out, failed
}

// Gateway sends batches and hears the services' acknowledgements. Send is for
// one goroutine.
type Gateway struct {
	*Client
	topic  string
	epoch  uint64
	window uint64 // batches that may be unseen

	mu      sync.Mutex
	changed sync.Cond
	ack     wire.Ack
	sent    []uint64 // the last records of the batches that are not seen
	err     error
}

// DialGateway connects to the services' broker as a gateway does, and waits
// until it would hear an acknowledgement.
func DialGateway(ctx context.Context, o Options, e plantroom.EstateID, g plantroom.GatewayID, epoch uint64, window int) (*Gateway, error) {
	gw := &Gateway{topic: wire.Topic(e, g, wire.Up), epoch: epoch, window: uint64(window)}
	gw.changed.L = &gw.mu
	o.Handle = gw.take
	c, err := Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	gw.Client = c
	if err := c.Subscribe(ctx, wire.Topic(e, g, wire.AckLeaf)); err != nil {
		c.Close()
		return nil, err
	}
	go gw.mourn()
	return gw, nil
}

// mourn wakes whoever waits for an acknowledgement that cannot come any more.
func (g *Gateway) mourn() {
	<-g.ended
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = plantroom.Errorf(plantroom.CodeUnavailable, "the connection of the gateway has ended")
	g.changed.Broadcast()
}

// take hears an acknowledgement.
func (g *Gateway) take(_ string, payload []byte) {
	a, err := wire.DecodeAck(payload)
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.changed.Broadcast()
	switch {
	case err != nil:
		g.err = err
	case a.Epoch != g.epoch:
	case a.Rewind:
		g.err = plantroom.Errorf(plantroom.CodeConflict, "the services ask for record %d again", a.Stored+1)
	default:
		g.ack = a
		for len(g.sent) > 0 && g.sent[0] <= a.Seen {
			g.sent = g.sent[1:]
		}
	}
}

// Send sends a batch once the window has room for it.
func (g *Gateway) Send(ctx context.Context, b Batch) error {
	err := g.wait(ctx, func() bool { return uint64(len(g.sent)) < g.window })
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.sent = append(g.sent, b.Last)
	g.mu.Unlock()
	if err := g.Publish(g.topic, b.Payload); err != nil {
		return err
	}
	return g.Flush()
}

// Stored waits until a record is acknowledged as stored.
func (g *Gateway) Stored(ctx context.Context, seq uint64) error {
	return g.wait(ctx, func() bool { return g.ack.Stored >= seq })
}

func (g *Gateway) wait(ctx context.Context, done func() bool) error {
	stop := context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.changed.Broadcast()
	})
	defer stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for !done() {
		if g.err != nil {
			return g.err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		g.changed.Wait()
	}
	return nil
}
