package integration

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
)

// post brings the devices' messages to the broker on site: each is given to it
// again until it has said that it has it, and then stands in the book.
type post struct {
	broker mqttconn.Options
	book   *book

	mu   sync.Mutex // one message at a time
	conn *mqttconn.Conn
}

// publish returns when the broker has the message, or with ctx.
func (p *post) publish(ctx context.Context, topic string, payload []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		err := p.try(ctx, topic, payload)
		if err == nil {
			return p.book.enter(topic, payload)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond): // between two attempts
		}
	}
}

// try makes one attempt, on a new connection where the last one has failed.
func (p *post) try(ctx context.Context, topic string, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var err error
	if p.conn == nil {
		if p.conn, err = mqttconn.Connect(ctx, p.broker, mqttconn.Session{}); err != nil {
			p.conn = nil
			return err
		}
	}
	if err = p.conn.SendAndWait(ctx, topic, false, payload); err != nil {
		p.conn.Close()
		p.conn = nil
	}
	return err
}

// hush keeps the devices from publishing, until again is called.
func (p *post) hush() (again func()) {
	p.mu.Lock()
	return sync.OnceFunc(p.mu.Unlock)
}

func (p *post) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		p.conn.Close()
	}
}

// box is the message of a box on a lift's controller.
func box(device string, at time.Time, v map[string]any) (topic string, payload []byte) {
	b, err := json.Marshal(map[string]any{"t": plantroom.At(at).String(), "v": v})
	if err != nil {
		panic(err) // maps of plain values always marshal
	}
	return "plantroom-device/" + device, b
}
