package load

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"plantroom"
)

// Options of a Client.
type Options struct {
	Addr     string // host:port
	ClientID string
	Username string
	Password string
	// Window is how many messages may be without a PUBACK: 1 to 32,768, 0: 1,000.
	Window int
	// Handle takes each message of a subscription, one after the other. The
	// payload is valid during the call. nil: messages are dropped.
	Handle func(topic string, payload []byte)
}

const (
	defaultWindow = 1_000
	maxWindow     = 1 << 15
	bufferSize    = 64 << 10
	dialTimeout   = 5 * time.Second
)

// Client is one connection. Publish, Flush and Subscribe are for one
// goroutine; the other methods are safe for concurrent use.
type Client struct {
	opt  Options
	conn net.Conn
	out  *bufio.Writer
	last uint16 // the last packet identifier given

	mu      sync.Mutex
	changed sync.Cond // acks have come, or err is set
	waiting [1 << 16]bool
	flight  int    // messages without a PUBACK
	acked   uint64 // messages with one
	granted map[uint16]byte
	err     error // why the connection has ended
	ended   chan struct{}
}

// Dial connects.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if o.Window == 0 {
		o.Window = defaultWindow
	}
	if o.Window < 1 || o.Window > maxWindow {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "a window of %d messages: use 1 to %d", o.Window, maxWindow)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, unreachable(o.Addr, err)
	}
	c := &Client{opt: o, conn: conn, out: bufio.NewWriterSize(conn, bufferSize), granted: map[uint16]byte{}, ended: make(chan struct{})}
	c.changed.L = &c.mu
	in := bufio.NewReaderSize(conn, bufferSize)
	if err := c.greet(in); err != nil {
		conn.Close()
		return nil, unreachable(o.Addr, err)
	}
	go c.read(in)
	return c, nil
}

func unreachable(addr string, err error) error {
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "connect to " + addr, Message: "the broker does not take the connection",
		Hint: "see that it runs, and its access list", Err: err}
}

// greet sends CONNECT and waits for the broker's CONNACK.
func (c *Client) greet(in *bufio.Reader) error {
	if err := c.conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return err
	}
	if _, err := c.conn.Write(appendConnect(nil, c.opt)); err != nil {
		return err
	}
	p, _, err := readPacket(in, nil)
	switch {
	case err != nil:
		return err
	case p.head != connack || len(p.body) != 2:
		return protocol("packet %#x instead of CONNACK", p.head)
	case p.body[1] != 0:
		return protocol("the broker refuses the client %s with code %d (§3.2.2.3)", c.opt.ClientID, p.body[1])
	}
	return c.conn.SetDeadline(time.Time{})
}

// Publish sends a message at QoS 1. It waits while the window is full, and
// else only writes into a buffer: see Flush.
func (c *Client) Publish(topic string, payload []byte) error {
	id, err := c.reserve()
	if err != nil {
		return err
	}
	var head [8]byte
	b := appendHead(head[:0], publish1, 2+len(topic)+2+len(payload))
	_, _ = c.out.Write(binary.BigEndian.AppendUint16(b, uint16(len(topic)))) // bufio keeps an error for the last Write
	_, _ = c.out.WriteString(topic)
	_, _ = c.out.Write(binary.BigEndian.AppendUint16(head[:0], id))
	_, err = c.out.Write(payload)
	return err
}

// reserve gives a packet identifier that is not in use, once the window has
// room for it. A full window is let half empty, so that waking up is rare.
func (c *Client) reserve() (uint16, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight >= c.opt.Window {
		c.mu.Unlock()
		err := c.out.Flush()
		c.mu.Lock()
		if err != nil {
			return 0, err
		}
		for c.flight > c.opt.Window/2 && c.err == nil {
			c.changed.Wait()
		}
	}
	if c.err != nil {
		return 0, c.err
	}
	for {
		c.last++
		if c.last != 0 && !c.waiting[c.last] {
			break
		}
	}
	c.waiting[c.last] = true
	c.flight++
	return c.last, nil
}

// Flush sends what Publish has buffered.
func (c *Client) Flush() error { return c.out.Flush() }

// Subscribe subscribes to a filter at QoS 0 and waits for the broker's word.
func (c *Client) Subscribe(ctx context.Context, filter string) error {
	c.last = max(c.last+1, 1)
	id := c.last
	if _, err := c.out.Write(appendSubscribe(nil, id, filter)); err != nil {
		return err
	}
	if err := c.out.Flush(); err != nil {
		return err
	}
	const refused = 0x80
	var code byte
	err := c.until(ctx, func() bool {
		got, ok := c.granted[id]
		code = got
		return ok
	})
	if err == nil && code == refused {
		return plantroom.Errorf(plantroom.CodeForbidden, "MQTT: the broker does not permit a subscription to %s", filter)
	}
	return err
}

// Drain flushes and waits until every message has its PUBACK.
func (c *Client) Drain(ctx context.Context) error {
	if err := c.out.Flush(); err != nil {
		return err
	}
	return c.until(ctx, func() bool { return c.flight == 0 })
}

// Acked is how many messages the broker has acknowledged.
func (c *Client) Acked() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked
}

// until waits for a condition under the lock, the end of the connection or
// that of the context.
func (c *Client) until(ctx context.Context, done func() bool) error {
	defer context.AfterFunc(ctx, c.wake)()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !done() {
		if c.err != nil {
			return c.err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.changed.Wait()
	}
	return nil
}

func (c *Client) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// Close says goodbye and closes the connection.
func (c *Client) Close() {
	_, _ = c.out.Write(appendHead(nil, disconnect, 0)) // the broker may be gone already
	_ = c.out.Flush()
	_ = c.conn.Close()
	<-c.ended
}

// read takes what the broker sends, until the connection ends.
func (c *Client) read(in *bufio.Reader) {
	defer close(c.ended)
	var buf []byte
	ids := make([]uint16, 0, 512)
	for {
		p, grown, err := readPacket(in, buf)
		buf = grown
		if err == nil {
			ids, err = c.take(p, ids)
		}
		if len(ids) > 0 && (err != nil || in.Buffered() == 0 || len(ids) == cap(ids)) {
			err = errors.Join(err, c.settle(ids))
			ids = ids[:0]
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// take handles one packet. PUBACKs are collected, so that the lock is taken
// once for many.
func (c *Client) take(p packet, ids []uint16) ([]uint16, error) {
	switch p.head & typeMask {
	case puback:
		id, err := p.id()
		return append(ids, id), err
	case publish:
		topic, payload, err := p.message()
		if err == nil && c.opt.Handle != nil {
			c.opt.Handle(topic, payload)
		}
		return ids, err
	case suback:
		id, err := p.id()
		if err != nil || len(p.body) != 3 {
			return ids, protocol("a SUBACK of %d bytes", len(p.body))
		}
		c.mu.Lock()
		c.granted[id] = p.body[2]
		c.changed.Broadcast()
		c.mu.Unlock()
		return ids, nil
	}
	return ids, protocol("the broker sends a packet of type %#x", p.head)
}

// settle takes messages out of the window.
func (c *Client) settle(ids []uint16) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if !c.waiting[id] {
			return protocol("a PUBACK for %d, which is not under way", id)
		}
		c.waiting[id] = false
		c.flight--
		c.acked++
	}
	c.changed.Broadcast()
	return nil
}

func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = plantroom.Errorf(plantroom.CodeUnavailable, "the MQTT connection of %s has ended: %w", c.opt.ClientID, err)
	c.changed.Broadcast()
}
