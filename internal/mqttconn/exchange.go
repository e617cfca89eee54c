package mqttconn

import (
	"context"
	"slices"
	"strings"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
)

// Send publishes at QoS 1 and does not wait for the PUBACK, which proves
// nothing. It returns once the message is on its way to the socket, at most
// the write timeout later. The payload must not be changed afterwards.
func (c *Conn) Send(topic string, retained bool, payload []byte) error {
	return unless(c.Publish(topic, 1, retained, payload))
}

// Mention publishes at QoS 0: what is said again soon, and may be lost. A broker that
// does not permit it has no answer to give, so that most drop it and keep the
// connection.
func (c *Conn) Mention(topic string, retained bool, payload []byte) error {
	return unless(c.Publish(topic, 0, retained, payload))
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
	for {
		granted, err := c.subscribe(ctx, topics)
		if err != nil {
			return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "subscribe", Message: strings.Join(topics, ", "), Err: err}
		}
		refused := slices.IndexFunc(topics, func(t string) bool { return granted[t] > 2 })
		if refused < 0 {
			return nil
		}
		if granted[topics[refused]] != idInUse || !pause(ctx) {
			return &plantroom.Error{Code: plantroom.CodeForbidden, Op: "subscribe", Message: "the broker does not permit " + topics[refused],
				Hint: "check its access list"}
		}
	}
}

// idInUse is what mochi answers when the packet id of a SUBSCRIBE is that of a
// message which it has under way to us, although the two have nothing to do
// with each other [MQTT-2.3.1-1 is per sender]. A session that was kept has
// such messages. The next attempt has another id.
const idInUse = 0x91

// pause waits a moment, and reports false where ctx has ended.
func pause(ctx context.Context) bool {
	t := time.NewTimer(5 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// subscribe makes one attempt and returns the broker's answer by topic; the
// token's Error stays nil where the broker refuses.
func (c *Conn) subscribe(ctx context.Context, topics []string) (map[string]byte, error) {
	filters := map[string]byte{}
	for _, t := range topics {
		filters[t] = 1
	}
	token := c.SubscribeMultiple(filters, nil).(*mqtt.SubscribeToken)
	if err := c.wait(ctx, token); err != nil {
		return nil, err
	}
	return token.Result(), nil
}

// wait waits for a token, the end of ctx or that of the connection.
func (c *Conn) wait(ctx context.Context, t mqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case err := <-c.lost:
		c.end(err) // for whoever watches Lost
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
