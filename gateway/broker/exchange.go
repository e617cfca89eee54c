package broker

import (
	"context"
	"maps"
	"slices"
	"strings"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
)

// Send publishes at QoS 1 and does not wait for the PUBACK, which proves
// nothing. It returns once the message is on its way to the socket, at most
// the write timeout later. The payload must not be changed afterwards.
func (c *Conn) Send(topic string, retained bool, payload []byte) error {
	return unless(c.Publish(topic, 1, retained, payload))
}

// SendAndWait publishes at QoS 1 and waits for the PUBACK.
func (c *Conn) SendAndWait(ctx context.Context, topic string, retained bool, payload []byte) error {
	return c.wait(ctx, c.Publish(topic, 1, retained, payload))
}

// SubscribeAll subscribes to topics at QoS 1 and waits for the broker's word
// on each of them. A refusal is CodeForbidden.
func (c *Conn) SubscribeAll(ctx context.Context, topics ...string) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	filters := map[string]byte{}
	for _, t := range topics {
		filters[t] = 1
	}
	token := c.SubscribeMultiple(filters, nil).(*mqtt.SubscribeToken)
	if err := c.wait(ctx, token); err != nil {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "subscribe", Message: strings.Join(topics, ", "), Err: err}
	}
	granted := token.Result() // Error stays nil where the broker refuses
	for _, t := range slices.Sorted(maps.Keys(granted)) {
		if granted[t] > 2 {
			return &plantroom.Error{Code: plantroom.CodeForbidden, Op: "subscribe", Message: "the broker does not permit " + t,
				Hint: "check its access list"}
		}
	}
	return nil
}

// wait waits for a token, the end of ctx or that of the connection.
func (c *Conn) wait(ctx context.Context, t mqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case err := <-c.lost:
		c.lost <- err // for whoever watches Lost
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unless returns the error of a token that has one already.
func unless(t mqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	default:
		return nil
	}
}
