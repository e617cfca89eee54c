package broker

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"plantroom"
	"plantroom/gateway/source"
	"plantroom/internal/access"
)

// Bounds of what clients together can make the gateway hold.
const (
	maxPacket   = 64 << 10 // bytes
	maxClients  = 256
	maxPending  = 512  // messages that wait for a slow subscriber; more are dropped
	maxInflight = 256  // messages that a subscriber has not acknowledged
	readBuffer  = 8192 // bytes, per connection
)

// settleTime bounds how long stopping waits for what is on its way to the disk.
const settleTime = 2 * time.Second

// refusalPause is how long clients wait for their next connection after the
// spool took no more: many repeat at once.
const refusalPause = time.Second

// running is a broker from the opening of its addresses to their closing.
type running struct {
	b        *Broker
	server   *mochi.Server
	door     *door
	closers  []*listener
	retained retained
	voice    *mochi.Client // the sources'

	stopping atomic.Bool
	settling context.Context // ends when stopping has waited long enough
	stop     context.CancelFunc
	abandon  <-chan struct{} // settling's end

	mu       sync.Mutex
	sessions map[string]*session // by client id
	until    time.Time           // no new connections before; see refusalPause
	extra    map[*source.Local][]string

	heard []route
}

// route is a source, and what it hears from the start.
type route struct {
	source  *source.Local
	filters []string
}

func (b *Broker) open() (*running, error) {
	settling, stop := context.WithCancel(context.Background())
	r := &running{b: b, door: &door{all: map[*conn]bool{}}, sessions: map[string]*session{}, extra: map[*source.Local][]string{},
		settling: settling, stop: stop, abandon: settling.Done()}
	for _, s := range b.o.Sources {
		r.heard = append(r.heard, route{s, s.Topics()})
	}
	r.server = mochi.New(&mochi.Options{
		Capabilities: capabilities(), Logger: slog.New(slog.DiscardHandler), // the gate logs what matters
		ClientNetReadBufferSize: readBuffer, SysTopicResendInterval: 1 << 20, // nobody may read $SYS
	})
	r.voice = r.server.NewClient(nil, mochi.LocalListener, "plantroom", true)
	if err := r.server.AddHook(&gate{run: r}, nil); err != nil {
		return nil, err
	}
	for _, a := range b.o.Addresses {
		l, err := r.listen(a)
		if err != nil {
			r.close()
			return nil, err
		}
		r.closers = append(r.closers, l)
		if err := r.server.AddListener(l); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, r.server.Serve()
}

func capabilities() *mochi.Capabilities {
	c := mochi.NewDefaultServerCapabilities()
	c.MaximumClients = maxClients
	c.MaximumPacketSize = maxPacket
	c.MaximumClientWritesPending = maxPending
	c.MaximumInflight = maxInflight
	c.ReceiveMaximum = maxUnacked
	c.MaximumMessageExpiryInterval = 0 // a retained state stays
	c.MaximumSessionExpiryInterval = 0 // a session ends with its connection
	c.MinimumProtocolVersion = 4
	c.TopicAliasMaximum = 0  // mochi asks for permission before it resolves them
	c.SharedSubAvailable = 0 // no account covers them
	c.MaximumQos = 1
	return c
}

func (r *running) listen(a Address) (*listener, error) {
	ln, err := net.Listen("tcp", a.Address)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "start the gateway's broker", Message: "listen on " + a.Address, Err: err,
			Hint: "stop what listens there, or change listen.addresses; it is tried again"}
	}
	l := &listener{Listener: ln, id: a.Address, door: r.door}
	if !a.Plain {
		l.tls = r.b.serverTLS()
		return l, nil
	}
	for _, n := range a.Networks {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			_ = ln.Close() // it has never been used
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "listen.addresses: %w", err)
		}
		l.networks = append(l.networks, p)
	}
	return l, nil
}

// close stops it: what is on its way to the disk is acknowledged, then the
// connections end.
func (r *running) close() {
	r.stopping.Store(true)
	for _, l := range r.closers {
		l.Close(nil)
	}
	limit := time.AfterFunc(settleTime, r.stop)
	sessions := r.all()
	for _, s := range sessions {
		s.close()
	}
	for _, s := range sessions {
		s.settle(r.settling)
	}
	limit.Stop()
	r.stop()
	left := make(chan struct{})
	go func() { // a reader that waits for a stuck disk does not leave
		defer close(left)
		r.door.close()
		_ = r.server.Close() // it returns nil, always
	}()
	select {
	case <-left:
	case <-time.After(settleTime):
		r.b.log.Error("the gateway's broker stops although messages wait for the disk; their clients send them again")
	}
}

func (r *running) all() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.sessions))
}

// wait holds a new connection back after the spool has refused. It returns
// false when the broker stops.
func (r *running) wait() bool {
	r.mu.Lock()
	pause := time.Until(r.until)
	r.mu.Unlock()
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.settling.Done():
		}
	}
	return !r.stopping.Load()
}

// admit makes a session the one of its client id, once an earlier one has
// settled.
func (r *running) admit(s *session) bool {
	patience := time.NewTimer(takeOver)
	defer patience.Stop()
	id := s.client.ID
	for {
		r.mu.Lock()
		old := r.sessions[id]
		if old == nil && !r.stopping.Load() {
			r.sessions[id] = s
			s.conn.session.Store(s)
			r.mu.Unlock()
			r.door.known(s.conn)
			return true
		}
		r.mu.Unlock()
		if old == nil {
			return false
		}
		old.stop(packets.ErrSessionTakenOver)
		select {
		case <-old.gone:
		case <-patience.C:
			return false
		case <-r.settling.Done():
			return false
		}
	}
}

func (r *running) forget(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessions[s.client.ID] == s {
		delete(r.sessions, s.client.ID)
	}
}

// refused ends a session whose message could not be stored: it was not
// acknowledged, and the client sends it again on its next connection.
func (r *running) refused(s *session, err error) {
	r.b.held.Add(1)
	r.b.fail("the spool takes no more readings: " + err.Error())
	r.warn("spool", "MQTT client disconnected: the spool takes no more readings; it will send again", "user", s.account.ID, "error", err)
	r.mu.Lock()
	r.until = time.Now().Add(refusalPause)
	r.mu.Unlock()
	s.stop(packets.ErrServerBusy)
}

// hear gives a message to the first source whose topics it is on. What no
// source hears is done at once.
func (r *running) hear(pk *packets.Packet, e *entry) {
	s := r.sourceOf(pk.TopicName)
	if s == nil {
		r.b.unheard.Add(1)
		e.done(nil)
		return
	}
	s.Hear(plantroom.Message{Topic: pk.TopicName, Payload: pk.Payload, Received: r.b.o.Clock(e.at)}, e.done)
}

func (r *running) sourceOf(topic string) *source.Local {
	for _, h := range r.heard {
		if access.AnyCovers(h.filters, topic) {
			return h.source
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.heard {
		if access.AnyCovers(r.extra[h.source], topic) {
			return h.source
		}
	}
	return nil
}

// listened reports whether anybody has subscribed to anything.
func (r *running) listened() bool { return atomic.LoadInt64(&r.server.Info.Subscriptions) > 0 }

// pass passes a message on to subscribers and retains it.
func (r *running) pass(from *mochi.Client, pk packets.Packet) {
	if pk.FixedHeader.Retain && !r.retained.keep(pk.TopicName, len(pk.Payload)) {
		pk.FixedHeader.Retain = false
		r.warn("retained", "an MQTT message is not retained: there are too many", "topic", access.Clip(pk.TopicName))
	}
	pk.FixedHeader.Dup = false
	pk.Properties.TopicAlias, pk.Properties.TopicAliasFlag = 0, false
	if pk.FixedHeader.Qos > 0 {
		pk.PacketID = 1 // any: mochi gives each subscriber another
	}
	_ = r.server.InjectPacket(from, pk) // it fails for packets that are invalid, and this one is not
}

// warn logs at most one line in ten seconds for each kind: clients can make as
// many as they like.
func (r *running) warn(kind, message string, args ...any) {
	if left, ok := r.b.loud.allow(kind, time.Now()); ok {
		if left > 0 {
			args = append(args, "and_before", left)
		}
		r.b.log.Warn(message, args...)
	}
}
