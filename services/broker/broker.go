package broker

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"plantroom"
)

// Options of a Broker.
type Options struct {
	Addr     string      // host:port; "" for any free port on loopback
	TLS      *tls.Config // needed for any address that is not on loopback
	Accounts []Account
	Logger   *slog.Logger

	// Filters are the topics that Receive gets, retained messages first.
	Filters []string
	// Receive takes a message; the payload is its to keep. It is called in
	// order per client, by several goroutines. It may block, which holds up
	// that client alone, but has to return when the context is done: the
	// broker is stopping.
	Receive func(ctx context.Context, topic string, payload []byte)
}

// Bounds of what a client can make the broker hold.
const (
	maxPacket  = 2 << 20 // twice the largest batch
	maxClients = 1024
	maxPending = 8192 // messages that wait for a slow client; more are dropped
	maxQuota   = 256  // QoS messages of a client under way
)

// Broker is a running broker.
type Broker struct {
	server *mochi.Server
	addr   string
	cancel context.CancelFunc
	stop   sync.Once
}

// Start opens the port and serves.
func Start(o Options) (*Broker, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := checkAddr(o); err != nil {
		return nil, err
	}
	acc, err := newAccess(o.Accounts)
	if err != nil {
		return nil, err
	}
	server := mochi.New(&mochi.Options{
		Capabilities: capabilities(), InlineClient: true, Logger: slog.New(quiet{o.Logger.Handler()}),
	})
	if err := server.AddHook(&gate{access: acc, log: o.Logger}, nil); err != nil {
		return nil, failed(o.Addr, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &Broker{server: server, cancel: cancel}
	if err := b.subscribe(ctx, o); err != nil {
		cancel()
		return nil, failed(o.Addr, err)
	}
	tcp := listeners.NewTCP(listeners.Config{ID: "mqtt", Address: o.Addr, TLSConfig: o.TLS})
	if err := server.AddListener(&port{tcp, server}); err != nil {
		cancel()
		return nil, failed(o.Addr, err)
	}
	b.addr = tcp.Address()
	if err := server.Serve(); err != nil {
		b.Stop()
		return nil, failed(o.Addr, err)
	}
	return b, nil
}

func checkAddr(o Options) error {
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return plantroom.Errorf(plantroom.CodeInvalid, "the broker's address %q is not host:port", o.Addr)
	}
	if ip := net.ParseIP(host); o.TLS == nil && (ip == nil || !ip.IsLoopback()) {
		return plantroom.Errorf(plantroom.CodeInvalid, "the broker's address %q is not on loopback, as in 127.0.0.1:1883; other addresses need TLS", o.Addr)
	}
	return nil
}

func failed(addr string, err error) error {
	return &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "start the MQTT broker", Message: "it cannot serve on " + addr,
		Hint: "stop what uses the port, or choose another", Err: err,
	}
}

func capabilities() *mochi.Capabilities {
	c := mochi.NewDefaultServerCapabilities()
	c.MaximumClients = maxClients
	c.MaximumPacketSize = maxPacket
	c.MaximumClientWritesPending = maxPending
	c.MaximumInflight = maxPending
	c.ReceiveMaximum = maxQuota
	c.MaximumMessageExpiryInterval = 0 // a gateway's retained state stays
	c.MaximumSessionExpiryInterval = 0 // a session ends with its connection
	c.MinimumProtocolVersion = 4
	return c
}

func (b *Broker) subscribe(ctx context.Context, o Options) error {
	for n, filter := range o.Filters {
		take := func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) {
			o.Receive(ctx, pk.TopicName, pk.Payload)
		}
		if err := b.server.Subscribe(filter, n+1, take); err != nil {
			return err
		}
	}
	return nil
}

// Addr is the address that the broker serves, as host:port.
func (b *Broker) Addr() string { return b.addr }

// URL is the address as clients name it.
func (b *Broker) URL() string { return "tcp://" + b.addr }

// Publish sends a message from the server itself, with QoS 1. It does not
// wait for anybody to receive it.
func (b *Broker) Publish(topic string, payload []byte, retain bool) error {
	if err := b.server.Publish(topic, payload, retain, 1); err != nil {
		return &plantroom.Error{
			Code: plantroom.CodeUnavailable, Op: "publish on " + topic, Message: "the broker does not take it", Err: err,
		}
	}
	return nil
}

// Stop disconnects everybody and closes the port. A second Stop does nothing.
func (b *Broker) Stop() {
	b.stop.Do(func() {
		b.cancel()
		_ = b.server.Close() // it returns nil, always
	})
}
