package app

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/services/broker"
	"plantroom/services/ingest"
)

// uplinks is the way to and from the gateways.
type uplinks interface {
	url() string
	publish(ctx context.Context, topic string, payload []byte) error
	// ack publishes an acknowledgement and does not wait for anything.
	ack(topic string, payload []byte) error
	up() bool
}

// filters are the topics on which gateways speak.
func filters(e plantroom.EstateID) []string {
	return []string{wire.Topic(e, "+", wire.Up), wire.Topic(e, "+", wire.StateLeaf)}
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
func (e embedded) up() bool    { return true }
func (e embedded) publish(_ context.Context, topic string, payload []byte) error {
	return e.Publish(topic, payload, false)
}
func (e embedded) ack(topic string, payload []byte) error { return e.Publish(topic, payload, false) }

func (s *Server) startEmbedded() error {
	e := s.cfg.Estate
	o := broker.Options{Addr: s.cfg.Broker.Embedded.Listen, Filters: filters(e.ID), Logger: s.log.With("part", "broker"),
		Receive: func(ctx context.Context, topic string, payload []byte) {
			select {
			case s.in <- ingest.Delivery{Topic: topic, Payload: payload}:
			case <-ctx.Done():
			}
		}}
	for _, g := range e.Gateways {
		password, err := s.secrets.get("mqtt-" + string(g.ID))
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
	s.onStop(b.Stop)
	return nil
}

// remote is a broker elsewhere, to which we hold one connection at a time.
type remote struct {
	server *Server
	opt    mqttconn.Options

	mu   sync.Mutex
	conn *mqttconn.Conn // nil: none
	wait []paho.Message // handed over by the connection, not yet by us
	more chan struct{}
}

// maxWaiting bounds what a broker can make us hold. Gateways have windows of
// their own, so it is not reached by gateways that behave; what is beyond it
// is let go, and sent again by its gateway.
const maxWaiting = 8192

func (s *Server) startRemote() error {
	b := s.cfg.Broker
	r := &remote{server: s, more: make(chan struct{}, 1), opt: mqttconn.Options{URL: b.URL, ClientID: b.ClientID, Username: b.Username,
		PasswordFile: b.PasswordFile, TLS: mqttconn.TLS{CA: b.TLS.CA, Cert: b.TLS.Cert, Key: b.TLS.Key}}}
	if r.opt.ClientID == "" {
		r.opt.ClientID = "plantroom-" + string(s.cfg.Estate.ID)
	}
	if err := r.opt.Check(); err != nil {
		return err
	}
	s.uplinks = r
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.run(ctx) })
	wg.Go(func() { r.carry(ctx) })
	s.onStop(func() { cancel(); wg.Wait() })
	return nil
}

func (r *remote) url() string { return r.opt.URL }

func (r *remote) up() bool { return r.current() != nil }

func (r *remote) current() *mqttconn.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn
}

func (r *remote) away() error {
	return &plantroom.SendError{Err: plantroom.Errorf(plantroom.CodeUnavailable, "the broker %s is away", r.opt.URL)}
}

func (r *remote) publish(ctx context.Context, topic string, payload []byte) error {
	if c := r.current(); c != nil {
		return c.SendAndWait(ctx, topic, false, payload)
	}
	return r.away()
}

func (r *remote) ack(topic string, payload []byte) error {
	if c := r.current(); c != nil {
		return c.Send(topic, false, payload)
	}
	return r.away()
}

// run keeps a connection, each with a new client, with full jitter between
// attempts.
func (r *remote) run(ctx context.Context) {
	log := r.server.log.With("part", "broker")
	for tries := 0; ctx.Err() == nil; tries++ {
		began := time.Now()
		err := r.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			tries = 0
		}
		log.Error("MQTT connection", "broker", r.opt.URL, "error", err, "next", "it is tried again until it works")
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(min(time.Second<<min(tries, 6), time.Minute))):
		}
	}
}

// session is the life of one connection.
func (r *remote) session(ctx context.Context) error {
	c, err := mqttconn.Connect(ctx, r.opt, mqttconn.Session{Handle: r.handle})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SubscribeAll(ctx, filters(r.server.cfg.Estate.ID)...); err != nil {
		return err
	}
	r.mu.Lock()
	r.conn = c
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.conn = nil
		r.mu.Unlock()
	}()
	r.server.log.Info("MQTT connection", "broker", r.opt.URL, "state", "connected")
	select {
	case err := <-c.Lost:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// handle takes a message from the connection; it must not wait.
func (r *remote) handle(m paho.Message) {
	r.mu.Lock()
	full := len(r.wait) >= maxWaiting
	if !full {
		r.wait = append(r.wait, m)
	}
	r.mu.Unlock()
	if full {
		m.Ack()
		return
	}
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// carry hands messages to ingest. The broker's acknowledgement says no more
// than that: what counts is the one from end to end.
func (r *remote) carry(ctx context.Context) {
	for {
		r.mu.Lock()
		batch := r.wait
		r.wait = nil
		r.mu.Unlock()
		for _, m := range batch {
			select {
			case r.server.in <- ingest.Delivery{Topic: m.Topic(), Payload: m.Payload()}:
				m.Ack()
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-r.more:
		case <-ctx.Done():
			return
		}
	}
}
