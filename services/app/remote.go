package app

import (
	"context"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/internal/mqttconn"
)

// remote is a broker elsewhere, to which we hold one connection at a time. Two
// goroutines belong to it: run, which keeps the connection, and carry.
type remote struct {
	server *Server
	opt    mqttconn.Options

	mu   sync.Mutex
	conn *mqttconn.Conn // nil: none
	wait []paho.Message // handed over by the connection, not yet by us
	size int            // bytes of what waits
	more chan struct{}
}

// What a broker can make us hold. Gateways have windows of their own, so it is
// not reached by gateways that behave; what is beyond it is let go, and sent
// again by its gateway.
const (
	maxWaiting = 8192     // messages
	maxBytes   = 64 << 20 // of their payloads
)

func (s *Server) startRemote() error {
	r := &remote{server: s, more: make(chan struct{}, 1), opt: s.cfg.Connection()}
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

func (r *remote) check(context.Context) error {
	if r.current() == nil {
		return r.away()
	}
	return nil
}

func (r *remote) current() *mqttconn.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn
}

func (r *remote) use(c *mqttconn.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conn = c
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

func (r *remote) retain(topic string, payload []byte) error {
	if c := r.current(); c != nil {
		return c.Send(topic, true, payload)
	}
	return r.away()
}

func (r *remote) ack(topic string, payload []byte) error {
	if c := r.current(); c != nil {
		return c.Send(topic, false, payload)
	}
	return r.away()
}

// longUse is how long a connection has to last for the next attempt to come
// quickly again.
const longUse = time.Minute

// run keeps a connection, each with a new client. What is wrong is logged once
// and not again until it changes: attempts go on for as long as it takes.
func (r *remote) run(ctx context.Context) {
	log := r.server.log.With("part", "broker", "broker", r.opt.URL)
	var pace mqttconn.Backoff
	var said string
	for ctx.Err() == nil {
		began := time.Now()
		used, err := r.session(ctx, func() {
			said = ""
			log.Info("MQTT connection: gateways are heard")
		})
		if ctx.Err() != nil {
			return
		}
		if used && time.Since(began) > longUse {
			pace.Reset()
		}
		if what := plantroom.MessageOf(err); what != said { // not the cause: it may name a port, which is another each time
			said = what
			log.Error("MQTT connection: gateways are not heard, and keep what they read", "error", err, "next", "it is tried again by itself; see that the broker runs")
		}
		if !pace.Pause(ctx) {
			return
		}
	}
}

// session is the life of one connection. It calls up when it can be used.
func (r *remote) session(ctx context.Context, up func()) (used bool, err error) {
	c, err := mqttconn.Connect(ctx, r.opt, mqttconn.Session{Handle: r.handle})
	if err != nil {
		return false, err
	}
	defer c.Close()
	if err := c.SubscribeAll(ctx, filters(r.server.cfg.Estate.ID)...); err != nil {
		return false, err
	}
	r.use(c)
	defer r.use(nil)
	up()
	// An access list may be older than these topics, and costs no reading.
	if err := c.SubscribeAll(ctx, answers(r.server.cfg.Estate.ID)); err != nil {
		r.server.log.Warn("configure gateways: what they answer cannot be heard", "error", err, "next", "let the server read plantroom/1/ESTATE/+/config-status at the broker")
	}
	if err := c.SubscribeAll(ctx, rooms(r.server.cfg.Estate.ID)); err != nil {
		r.server.log.Warn("hear how full spools are: not possible", "error", err, "next", "let the server read plantroom/1/ESTATE/+/spool at the broker")
	}
	r.server.gateways.republish(ctx) // the broker may have lost everything
	select {
	case err := <-c.Lost:
		return true, err
	case <-ctx.Done():
		return true, ctx.Err()
	}
}

// handle takes a message from the connection; it must not wait.
func (r *remote) handle(m paho.Message) {
	if !r.enqueue(m) {
		m.Ack() // or the broker holds back the others
		return
	}
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *remote) enqueue(m paho.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wait) >= maxWaiting || r.size+len(m.Payload()) > maxBytes {
		return false
	}
	r.wait = append(r.wait, m)
	r.size += len(m.Payload())
	return true
}

// next takes the oldest message that waits.
func (r *remote) next() (paho.Message, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wait) == 0 {
		r.wait = nil // what it has grown to is not needed for ever
		return nil, false
	}
	m := r.wait[0]
	r.wait[0] = nil
	r.wait = r.wait[1:]
	r.size -= len(m.Payload())
	return m, true
}

// carry hands messages to ingest. The broker's acknowledgement says no more
// than that: what counts is the one from end to end.
func (r *remote) carry(ctx context.Context) {
	for {
		m, ok := r.next()
		if !ok {
			select {
			case <-r.more:
				continue
			case <-ctx.Done():
				return
			}
		}
		if !r.server.deliver(ctx, m.Topic(), m.Payload()) {
			return
		}
		m.Ack()
	}
}
