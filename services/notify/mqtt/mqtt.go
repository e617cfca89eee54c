// Package mqtt is the channel that delivers calls as MQTT messages to
// plantroom/1/{estate}/call/{to}, QoS 1, not retained, with the call's
// CloudEvents body as it is.
//
// A nil error from Send means that the broker has taken the message. It does
// not mean that anybody received it: to an MQTT 3.1.1 client a broker answers
// the same PUBACK for a topic without a subscriber, and mosquitto does so even
// for a message that its access list denies. Use this channel for screens and
// for contractors who acknowledge through the job link; the ladder goes on
// calling until somebody does.
//
// The package deliberately has no MQTT client in it: connecting, reconnecting
// and waiting for the PUBACK are the business of the Publisher that it is given.
package mqtt

import (
	"context"

	"plantroom"
)

// Publisher publishes one message at QoS 1, not retained, and returns nil when
// the broker has acknowledged it. It returns the context's error when that
// ends first.
type Publisher interface {
	Publish(ctx context.Context, topic string, payload []byte) error
}

// Channel sends calls through a Publisher. It is as safe for concurrent use
// as its Publisher.
type Channel struct {
	estate    plantroom.EstateID
	publisher Publisher
}

var _ plantroom.Channel = (*Channel)(nil)

// New makes the channel of an estate.
func New(estate plantroom.EstateID, p Publisher) (*Channel, error) {
	if err := plantroom.ValidID(string(estate)); err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "make the mqtt channel", Message: "estate", Err: err}
	}
	return &Channel{estate: estate, publisher: p}, nil
}

// Name is mqtt.
func (c *Channel) Name() string { return "mqtt" }

// Send publishes the call's body. An address that is not a valid id is refused
// for good: it could reach into other topics, or be a wildcard.
func (c *Channel) Send(ctx context.Context, call plantroom.Call) error {
	if err := plantroom.ValidID(call.To); err != nil {
		return &plantroom.SendError{Err: err, Permanent: true}
	}
	return c.publisher.Publish(ctx, Topic(c.estate, call.To), call.Body)
}

// Topic is where the calls to an address of an estate are published.
func Topic(estate plantroom.EstateID, to string) string {
	return "plantroom/1/" + string(estate) + "/call/" + to
}
