package load

import (
	"context"

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

// Gateway sends batches over MQTT and hears the services' acknowledgements.
type Gateway struct {
	client *Client
	topic  string
	acks   chan []byte
}

// DialGateway connects to the services' broker as a gateway does, and waits
// until it would hear an acknowledgement.
func DialGateway(ctx context.Context, o Options, e plantroom.EstateID, g plantroom.GatewayID) (*Gateway, error) {
	gw := &Gateway{topic: wire.Topic(e, g, wire.Up), acks: make(chan []byte, 1)}
	o.Handle = gw.hear
	c, err := Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	gw.client = c
	if err := c.Subscribe(ctx, wire.Topic(e, g, wire.AckLeaf)); err != nil {
		c.Close()
		return nil, err
	}
	return gw, nil
}

// hear keeps the newest acknowledgement: each says all that those before it
// said, but for a wish to send again, which is repeated.
func (g *Gateway) hear(_ string, payload []byte) {
	payload = append([]byte(nil), payload...)
	for {
		select {
		case g.acks <- payload:
			return
		default:
		}
		select {
		case <-g.acks:
		default:
		}
	}
}

// Close says goodbye.
func (g *Gateway) Close() { g.client.Close() }

// Run sends until everything is acknowledged as stored.
func (g *Gateway) Run(ctx context.Context, s *Sender) error {
	for !s.Done() {
		if b, ok := s.Next(); ok {
			if err := g.client.Publish(g.topic, b.Payload); err != nil {
				return err
			}
			if err := g.client.Flush(); err != nil {
				return err
			}
			select {
			case payload := <-g.acks:
				if err := take(s, payload); err != nil {
					return err
				}
			default:
			}
			continue
		}
		select {
		case payload := <-g.acks:
			if err := take(s, payload); err != nil {
				return err
			}
		case <-g.client.ended:
			return plantroom.Errorf(plantroom.CodeUnavailable, "the connection of the gateway has ended")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func take(s *Sender, payload []byte) error {
	a, err := wire.DecodeAck(payload)
	if err == nil {
		s.Take(a)
	}
	return err
}
