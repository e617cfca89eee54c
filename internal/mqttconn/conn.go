package mqttconn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"plantroom"
)

const (
	connectTimeout = 10 * time.Second
	keepAlive      = 20 * time.Second
	quiesce        = 250 // ms that Disconnect may take to say goodbye
)

// Conn is one connection. It never comes back: after Lost, connect anew.
type Conn struct {
	mqtt.Client
	Lost    <-chan error // one error when the connection has gone, for whatever reason but Close
	Present bool         // the broker still had our session

	lost    chan error
	quit    context.CancelFunc // ends the watch of the certificates
	handled atomic.Uint64
}

// Will is what the broker publishes, retained and at QoS 1, when the
// connection dies.
type Will struct {
	Topic   string
	Payload []byte
}

// Session says what is particular to a user's connections.
type Session struct {
	Persistent bool // the broker keeps subscriptions and messages while we are away
	Will       *Will
	// Now tells whether certificates are in force; nil: the system's clock.
	Now func() plantroom.Instant
	// Look is how often changed certificates are looked for; 0: 30 s. Where
	// there are new ones that the broker takes, Lost ends the connection with
	// an error that is Renewed. Doubt is told of those that it does not take,
	// or that cannot be read, and with nil that there are none; nil: nobody.
	Look  time.Duration
	Doubt func(error)
	Once  bool // nobody connects again: a failure says what to do instead
	// Handle takes each message, in order, from one goroutine per
	// connection. It must not wait: while it does, no acknowledgement, no
	// ping reply and no loss of the connection is noticed. It calls Ack
	// itself, then or later, from any other goroutine.
	Handle func(mqtt.Message)
	// Gather lets messages wait for each other, up to 120 ms, where from one to
	// fifteen come within that; else they are handled as they come.
	Gather bool
}

// Connect opens a connection and waits until the broker has accepted it or ctx
// has ended. Errors are CodeUnavailable where time may heal them, and
// CodeUnauth where the broker does not want us.
func Connect(ctx context.Context, o Options, s Session) (*Conn, error) {
	c := &Conn{lost: make(chan error, 1), quit: func() {}}
	c.Lost = c.lost
	was := o.stamp()
	client, err := c.options(ctx, o, s)
	if err != nil {
		return nil, err
	}
	c.Client = mqtt.NewClient(client)
	token := c.Client.Connect().(*mqtt.ConnectToken)
	select {
	case <-token.Done():
	case <-ctx.Done():
		c.abandon(token)
		return nil, ctx.Err()
	}
	if err := token.Error(); err != nil {
		return nil, refused(o, s, token.ReturnCode(), err)
	}
	c.Present = token.SessionPresent()
	if o.TLS != (TLS{}) && !s.Once {
		c.look(o, s, was)
	}
	return c, nil
}

// abandon closes the connection that may still come out of an attempt.
func (c *Conn) abandon(token *mqtt.ConnectToken) {
	go func() {
		<-token.Done() // bounded by connectTimeout
		if token.Error() == nil {
			c.Disconnect(0)
		}
	}()
}

// look begins to look for changed certificates.
func (c *Conn) look(o Options, s Session, was stamp) {
	if s.Look <= 0 {
		s.Look = defaultLook
	}
	if s.Doubt == nil {
		s.Doubt = func(error) {}
	}
	ctx, quit := context.WithCancel(context.Background())
	c.quit = quit
	go c.watch(ctx, o, s, was)
}

// end reports why the connection is at its end; what was reported before counts.
func (c *Conn) end(err error) {
	select {
	case c.lost <- err:
	default:
	}
}

// Close says goodbye, so that the broker does not publish the will.
func (c *Conn) Close() {
	c.quit()
	c.Disconnect(quiesce)
}

// options sets what makes paho honest: see each line.
func (c *Conn) options(ctx context.Context, o Options, s Session) (*mqtt.ClientOptions, error) {
	addr, secure, err := o.address()
	if err != nil {
		return nil, err
	}
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	var config *tls.Config
	if secure {
		if config, err = o.tlsConfig(); err != nil {
			return nil, err
		}
		if s.Now != nil {
			config.Time = func() time.Time { return s.Now().Time() }
		}
	}
	p := mqtt.NewClientOptions()
	p.AddBroker("tcp://" + addr) // not dialled by paho: see below
	p.SetClientID(o.ClientID)
	p.SetUsername(o.Username)
	p.SetPassword(password)
	p.SetProtocolVersion(4)          // else a refusal is tried again as MQTT 3.1
	p.SetAutoReconnect(false)        // else a publish token may finish without a PUBACK
	p.SetConnectRetry(false)         // we pace attempts ourselves
	p.SetStore(noStore{})            // nothing may depend on it: what is unfinished is sent again from the spool
	p.SetCleanSession(!s.Persistent) //
	p.SetOrderMatters(true)          // a contact that closes and opens must not arrive the other way round
	p.SetAutoAckDisabled(true)       // Ack means that the reading is on disk
	p.SetKeepAlive(keepAlive)        //
	p.SetPingTimeout(connectTimeout) //
	p.SetConnectTimeout(connectTimeout)
	p.SetWriteTimeout(writeTimeout) // bounds Publish, which otherwise waits 30 s
	p.SetConnectionLostHandler(func(_ mqtt.Client, err error) { c.end(err) })
	p.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
		c.handled.Add(1)
		s.handle(m)
	})
	if s.Will != nil {
		p.SetBinaryWill(s.Will.Topic, s.Will.Payload, 1, true)
	}
	p.SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
		conn, err := dial(ctx, addr, config)
		if err != nil {
			return nil, err
		}
		p := newPipe(conn)
		p.handled = c.handled.Load
		if s.Gather {
			p.gather = gatherer{every: gatherFor, grid: begun}
		}
		return p, nil
	})
	return p, nil
}

// handle passes a message on, or acknowledges what nobody wants: an unhandled
// message would stay in the broker's window for ever.
func (s *Session) handle(m mqtt.Message) {
	if s.Handle == nil {
		m.Ack()
		return
	}
	s.Handle(m)
}

func dial(ctx context.Context, addr string, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	d := &net.Dialer{}
	if config == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	return (&tls.Dialer{NetDialer: d, Config: config}).DialContext(ctx, "tcp", addr)
}

// refused names a failed attempt for the operator.
func refused(o Options, s Session, code byte, err error) error {
	e := &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "connect to " + o.URL, Message: "the broker does not answer", Err: err,
		Hint: "it is tried again until it does"}
	if s.Once {
		e.Hint = "see whether it runs and whether that is its address, then start this again"
	}
	switch code {
	case packets.ErrRefusedBadUsernameOrPassword, packets.ErrRefusedNotAuthorised:
		e.Code, e.Message, e.Hint = plantroom.CodeUnauth, "the broker does not admit client "+o.ClientID, "check username, password_file and the broker's access list"
	case packets.ErrRefusedIDRejected:
		e.Code, e.Message, e.Hint = plantroom.CodeUnauth, "the broker rejects the client id "+o.ClientID, "check client_id"
	default:
		var verify *tls.CertificateVerificationError
		if errors.As(err, &verify) {
			e.Message, e.Hint = "the broker's certificate is not to be trusted", "check tls ca and the host name"
		} else if why, hint := o.outOfForce(s.now()); why != "" && !unreached(err) {
			e.Code, e.Message, e.Hint = plantroom.CodeUnauth, why, hint
		}
	}
	return e
}

// unreached reports whether nobody was there to refuse anything.
func unreached(err error) bool {
	var e *net.OpError
	return errors.As(err, &e) && e.Op == "dial"
}

// noStore keeps nothing.
type noStore struct{}

func (noStore) Open()                             {}
func (noStore) Put(string, packets.ControlPacket) {}
func (noStore) Get(string) packets.ControlPacket  { return nil }
func (noStore) All() []string                     { return nil }
func (noStore) Del(string)                        {}
func (noStore) Close()                            {}
func (noStore) Reset()                            {}
