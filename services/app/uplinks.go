package app

import (
	"context"
	"net"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/broker"
	"plantroom/services/ingest"
)

// uplinks is the way to and from the gateways.
type uplinks interface {
	url() string
	publish(ctx context.Context, topic string, payload []byte) error
	// retain publishes a message that the broker keeps, and does not wait.
	retain(topic string, payload []byte) error
	// ack publishes an acknowledgement and does not wait for anything.
	ack(topic string, payload []byte) error
	// check reports why gateways cannot reach us.
	check(context.Context) error
}

// filters are the topics on which gateways speak.
func filters(e plantroom.EstateID) []string {
	return []string{wire.Topic(e, "+", wire.Up), wire.Topic(e, "+", wire.StateLeaf)}
}

// answers is the topic filter of what gateways say of their configurations.
func answers(e plantroom.EstateID) string { return wire.Topic(e, "+", wire.AnswerLeaf) }

// rooms is the topic filter of how full gateways' spools are.
func rooms(e plantroom.EstateID) string { return wire.Topic(e, "+", wire.SpoolLeaf) }

// told notes what gateways say of themselves, and reports whether nothing else is
// to be done with it.
func (s *Server) told(topic string, payload []byte) bool {
	full := strings.HasSuffix(topic, "/"+string(wire.SpoolLeaf))
	if !full && !strings.HasSuffix(topic, "/"+string(wire.StateLeaf)) {
		return false
	}
	e := s.gateways.present()
	again, err := s.spools.Hear(&e, s.now(), topic, payload)
	if err != nil && full && !again { // what is wrong with a state is in quarantine
		s.log.Warn("hear how full a spool is: what a gateway says cannot be used", "topic", topic[:min(len(topic), 200)], "error", err, "next", "see which gateway says so")
	}
	return full
}

// deliver takes a message of a gateway. false: ctx has ended.
func (s *Server) deliver(ctx context.Context, topic string, payload []byte) bool {
	if strings.HasSuffix(topic, "/"+string(wire.AnswerLeaf)) {
		s.gateways.hear(ctx, topic, payload)
		return ctx.Err() == nil
	}
	if s.told(topic, payload) {
		return ctx.Err() == nil
	}
	select {
	case s.in <- ingest.Delivery{Topic: topic, Payload: payload}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) startUplinks(context.Context) error {
	if s.cfg.Broker.Embedded != nil {
		return s.startEmbedded()
	}
	return s.startRemote()
}

// embedded is a broker in this process.
type embedded struct{ *broker.Broker }

func (e embedded) url() string { return e.URL() }

func (e embedded) publish(_ context.Context, topic string, payload []byte) error {
	return e.Publish(topic, payload, false)
}

func (e embedded) retain(topic string, payload []byte) error {
	return e.Publish(topic, payload, true)
}

func (e embedded) ack(topic string, payload []byte) error { return e.Publish(topic, payload, false) }

// check knocks at the port, as a gateway would.
func (e embedded) check(ctx context.Context) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", e.Addr())
	if err != nil {
		return err
	}
	return c.Close()
}

func (s *Server) startEmbedded() error {
	e := s.cfg.Estate
	o := broker.Options{Addr: s.cfg.Broker.Embedded.Listen, Filters: append(filters(e.ID), answers(e.ID), rooms(e.ID)), Logger: s.log.With("part", "broker"),
		Receive: func(ctx context.Context, topic string, payload []byte) { s.deliver(ctx, topic, payload) }}
	for _, g := range e.Gateways {
		password, err := s.secrets.ensure("mqtt-" + string(g.ID))
		if err != nil {
			return err
		}
		o.Accounts = append(o.Accounts, broker.Gateway(e.ID, g.ID, password))
	}
	b, err := broker.Start(o)
	if err != nil {
		return err
	}
	s.uplinks = embedded{b}
	s.onStop(func() { s.stopBroker(b.Stop) })
	s.gateways.republish(context.Background()) // it keeps nothing over a restart
	return nil
}

// brokerTime is what the embedded broker gets to stop. It waits for each
// connection, and for one on which nothing was ever said it waits for ever.
const brokerTime = 5 * time.Second

func (s *Server) stopBroker(stop func()) {
	done := make(chan struct{})
	go func() { defer close(done); stop() }()
	select {
	case <-done:
	case <-time.After(brokerTime):
		s.log.Warn("stop the embedded broker: a client holds a connection open without ever saying who it is; the server stops without waiting for it",
			"next", "nothing is lost; find out what connects to "+s.uplinks.url())
	}
}
