package mqtt_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"plantroom"
	"plantroom/services/notify/mqtt"
)

// broker takes messages, or fails with err.
type broker struct {
	err      error
	topics   []string
	payloads []string
}

func (b *broker) Publish(_ context.Context, topic string, payload []byte) error {
	if b.err != nil {
		return b.err
	}
	b.topics = append(b.topics, topic)
	b.payloads = append(b.payloads, string(payload))
	return nil
}

func TestACallIsPublishedAsItIsOnTheAddressTopic(t *testing.T) {
	b := &broker{}
	c, err := mqtt.New("story", b)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name() != "mqtt" {
		t.Errorf("the channel is called %q: addresses say mqtt", c.Name())
	}
	call := plantroom.Call{ID: "msg-1", To: "quicklift", Body: json.RawMessage(`{"id":"msg-1"}`)}
	if err := c.Send(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if len(b.topics) != 1 || b.topics[0] != "plantroom/1/story/call/quicklift" || b.payloads[0] != `{"id":"msg-1"}` {
		t.Errorf("published %q with %q", b.topics, b.payloads)
	}
}

func TestAnAddressThatIsNoIDIsRefusedForGood(t *testing.T) {
	b := &broker{}
	c, _ := mqtt.New("story", b)
	for _, to := range []string{"", "#", "+", "a/b", "../../gw/up", "Ümlaut"} {
		err := c.Send(t.Context(), plantroom.Call{ID: "msg-1", To: to})
		var se *plantroom.SendError
		if !errors.As(err, &se) || !se.Permanent {
			t.Errorf("to %q: %v, want a permanent failure", to, err)
		}
	}
	if len(b.topics) != 0 {
		t.Errorf("published on %q", b.topics)
	}
}

func TestABrokerThatIsAwayIsWorthAnotherTry(t *testing.T) {
	away := errors.New("not connected")
	c, _ := mqtt.New("story", &broker{err: away})
	err := c.Send(t.Context(), plantroom.Call{ID: "msg-1", To: "quicklift"})
	var se *plantroom.SendError
	if !errors.Is(err, away) || errors.As(err, &se) && se.Permanent {
		t.Errorf("got %v, want the broker's own error, to be retried", err)
	}
}

func TestAnEstateThatIsNoIDIsRefused(t *testing.T) {
	if _, err := mqtt.New("a/b", &broker{}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("got %v", err)
	}
}
