package broker

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"plantroom"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
)

// Options of a Broker. Zero durations mean the defaults beside them.
type Options struct {
	Addresses []Address
	TLS       TLS    // for the addresses that are not plain
	Accounts  string // the accounts' file; read again when it changes
	Sources   []*source.Local

	Patience time.Duration    // oldest message without acknowledgement, until its client is disconnected; 60 s
	Look     time.Duration    // how often files and clients are looked after; 2 s
	Backoff  mqttconn.Backoff // after an address that could not be opened

	Clock func(time.Time) plantroom.Instant // tells when a moment was on the gateway's clock; nil: the system's
	Wall  func() plantroom.Instant          // the time of day, for the dates of certificates; nil: the system's

	Logger *slog.Logger // nil: silent
}

// Broker is the gateway's broker.
type Broker struct {
	o        Options
	log      *slog.Logger
	accounts fresh[Accounts]
	tls      fresh[*tls.Config]
	loud     loudness

	messages, denied, turned, held, lost, unheard, undelivered atomic.Uint64
	unacked                                                    atomic.Int64

	mu    sync.Mutex
	state State
	run   *running
}

// State is what the health page shows.
type State struct {
	Serving   bool
	Since     plantroom.Instant // of the present state
	Addresses []string          // as they are open
	Clients   int               // logged in
	Accounts  int
	Unacked   int // messages on their way to the disk

	Messages    uint64 // received
	Unheard     uint64 // on topics of no source
	Denied      uint64 // messages and subscriptions that an account does not permit
	Turned      uint64 // connections turned away
	Held        uint64 // clients disconnected because the spool took no more; they send again
	Lost        uint64 // messages at QoS 0 that the spool did not take
	Undelivered uint64 // messages dropped for slow subscribers

	Problem   string // with a file: what was read before is still in use
	LastError string
}

// New makes a Broker. It fails where the options could never work; files that
// cannot be read are a matter of State.
func New(o Options) (*Broker, error) {
	for _, p := range o.Problems() {
		if p.Key != "accounts" && p.Key != "tls" {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "listen.%s: %s", p.Key, p.Problem)
		}
	}
	if o.Patience <= 0 {
		o.Patience = time.Minute
	}
	if o.Look <= 0 {
		o.Look = 2 * time.Second
	}
	if o.Clock == nil {
		o.Clock = plantroom.At
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Broker{o: o, log: o.Logger}
	b.accounts = fresh[Accounts]{files: []string{o.Accounts}, read: func() (Accounts, error) { return LoadAccounts(o.Accounts) }}
	b.tls = fresh[*tls.Config]{files: []string{o.TLS.Cert, o.TLS.Key, o.TLS.ClientCA}, read: func() (*tls.Config, error) {
		c, err := o.TLS.config()
		if err == nil && o.Wall != nil {
			c.Time = func() time.Time { return o.Wall().Time() }
		}
		return c, err
	}}
	return b, nil
}

// Run serves until ctx ends. It never fails: whatever goes wrong is logged,
// shown in State and tried again.
func (b *Broker) Run(ctx context.Context) {
	for pause := b.o.Backoff; ; {
		r, err := b.open()
		if err == nil {
			b.serve(ctx, r)
			return
		}
		b.fail(err.Error())
		b.log.Warn("the gateway's broker is down", "error", err)
		if !pause.Pause(ctx) {
			return
		}
	}
}

// serve looks after an open broker until ctx ends.
func (b *Broker) serve(ctx context.Context, r *running) {
	b.note(r)
	defer b.note(nil)
	var sources sync.WaitGroup
	hearing, quiet := context.WithCancel(ctx)
	for _, s := range b.o.Sources {
		sources.Go(func() { s.Run(hearing, mouth{r, s}) })
	}
	look := time.NewTicker(b.o.Look)
	defer look.Stop()
	for {
		b.lookAfter(r)
		select {
		case <-look.C:
		case <-ctx.Done():
			quiet()
			sources.Wait()
			r.close()
			return
		}
	}
}

// note notes that the broker is open, or that it is not.
func (b *Broker) note(r *running) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.run = r
	b.state.Serving, b.state.Since, b.state.Addresses = r != nil, plantroom.At(time.Now()), nil
	if r == nil {
		return
	}
	b.state.LastError = ""
	for _, l := range r.closers {
		b.state.Addresses = append(b.state.Addresses, l.Address())
	}
	b.log.Info("the gateway's broker is up", "addresses", b.state.Addresses, "accounts", len(b.accountsNow()))
}

func (b *Broker) fail(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.LastError = what
}

// lookAfter reads files that have changed, and disconnects clients whose
// account has changed or whose messages are stuck.
func (b *Broker) lookAfter(r *running) {
	problem := ""
	all, _, err := b.accounts.get()
	if err != nil {
		problem = err.Error()
	}
	if b.secure() {
		if _, changed, err := b.tls.get(); err != nil {
			problem = err.Error()
		} else if changed {
			b.log.Info("the broker's certificate has been read")
		}
	}
	b.mu.Lock()
	if problem != "" && problem != b.state.Problem {
		b.log.Error("a file of the gateway's broker cannot be used; what was read before still is", "error", problem)
	}
	b.state.Problem = problem
	b.mu.Unlock()
	now := time.Now()
	for _, s := range r.all() {
		if a := all[s.account.ID]; a == nil || !a.equal(s.account) {
			b.log.Info("MQTT client disconnected: its account has changed", "user", s.account.ID)
			go s.stop(packets.ErrNotAuthorized) // it may wait for the client's network
		}
		if age := s.oldest(now); age > b.o.Patience {
			b.fail("a message is without acknowledgement since " + age.Round(time.Second).String() + ": is the disk stuck?")
			go s.stop(packets.ErrServerBusy)
		}
	}
}

// accountsNow returns the accounts as the file has them at this moment.
func (b *Broker) accountsNow() Accounts {
	all, _, _ := b.accounts.get() // lookAfter tells of a problem
	return all
}

func (b *Broker) secure() bool {
	for _, a := range b.o.Addresses {
		if !a.Plain {
			return true
		}
	}
	return false
}

// serverTLS gives each handshake the certificate as it is at this moment.
func (b *Broker) serverTLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c, _, err := b.tls.get()
		if c == nil {
			return nil, err
		}
		return c, nil
	}}
}

// State returns a snapshot.
func (b *Broker) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := b.state
	st.Unacked, st.Accounts = int(b.unacked.Load()), len(b.accountsNow())
	st.Messages, st.Unheard, st.Denied, st.Turned = b.messages.Load(), b.unheard.Load(), b.denied.Load(), b.turned.Load()
	st.Held, st.Lost, st.Undelivered = b.held.Load(), b.lost.Load(), b.undelivered.Load()
	if b.run != nil {
		st.Clients = len(b.run.all())
		st.Turned += b.run.door.turned.Load()
	}
	return st
}

// mouth is how a source speaks through the broker.
type mouth struct {
	r *running
	s *source.Local
}

// Publish says something to whoever has subscribed.
func (m mouth) Publish(p plantroom.Publication) {
	m.r.pass(m.r.voice, packets.Packet{TopicName: p.Topic, Payload: p.Payload,
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: p.QoS, Retain: p.Retain}})
}

// Follow hears further topics, what is retained on them first.
func (m mouth) Follow(filters ...string) {
	m.r.mu.Lock()
	m.r.extra[m.s] = append(m.r.extra[m.s], filters...)
	m.r.mu.Unlock()
	for _, f := range filters {
		for _, pk := range m.r.server.Topics.Messages(f) {
			m.s.Hear(plantroom.Message{Topic: pk.TopicName, Payload: pk.Payload, Retained: true, Received: m.r.b.o.Clock(time.Now())}, nil)
		}
	}
}
