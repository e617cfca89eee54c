package broker

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
)

// Bounds of what strangers can make the gateway hold.
const (
	maxGreeting   = 64               // connections that have not logged in; beyond it the oldest one goes
	greetingTime  = 10 * time.Second // to log in, the TLS handshake included
	writeTime     = 10 * time.Second // for one write to a client
	acceptPause   = 50 * time.Millisecond
	deadlineGrain = 250 * time.Millisecond // how exact a client's deadline has to be
)

// door counts the connections of all listeners.
type door struct {
	mu       sync.Mutex
	all      map[*conn]bool
	greeting []*conn // in order of arrival
	turned   atomic.Uint64
	inside   sync.WaitGroup
	shut     bool
}

// enter lets a connection in, in place of the oldest that has not logged in
// where there are too many of those: a flood of idle ones must not lock the
// devices out. It returns false once the door is shut.
func (d *door) enter(c *conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return false
	}
	if len(d.greeting) >= maxGreeting {
		d.turned.Add(1)
		go d.greeting[0].Close() // TLS may want to say farewell
		d.greeting = slices.Delete(d.greeting, 0, 1)
	}
	d.greeting = append(d.greeting, c)
	d.all[c] = true
	d.inside.Add(1)
	return true
}

// known notes that a connection has logged in.
func (d *door) known(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(c)
}

func (d *door) leave(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(c)
	delete(d.all, c)
	d.inside.Done()
}

func (d *door) forget(c *conn) {
	if i := slices.Index(d.greeting, c); i >= 0 {
		d.greeting = slices.Delete(d.greeting, i, i+1)
	}
}

// close lets nobody in any more, closes what is open and waits until all have
// left.
func (d *door) close() {
	d.mu.Lock()
	d.shut = true
	for c := range d.all {
		go c.Close()
	}
	d.mu.Unlock()
	d.inside.Wait()
}

// listener is one address. It has mochi serve each connection.
type listener struct {
	net.Listener
	id       string
	door     *door
	tls      *tls.Config    // nil: plain
	networks []netip.Prefix // whom a plain listener serves; nil: everybody who reaches it
}

// Init has nothing to do: the address is open already.
func (l *listener) Init(*slog.Logger) error { return nil }

// ID, Address and Protocol describe the listener to mochi.
func (l *listener) ID() string       { return l.id }
func (l *listener) Address() string  { return l.Addr().String() }
func (l *listener) Protocol() string { return "tcp" }

// Serve accepts until the listener is closed.
func (l *listener) Serve(establish listeners.EstablishFn) {
	for {
		raw, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // out of file descriptors, say: that passes
			time.Sleep(acceptPause)
			continue
		case !l.serves(raw.RemoteAddr()):
			l.door.turned.Add(1)
			_ = raw.Close() // it has nothing to lose
			continue
		}
		c := &conn{Conn: raw, door: l.door}
		if l.tls != nil {
			c.Conn = tls.Server(raw, l.tls) // the handshake comes with the first read
		}
		_ = raw.SetDeadline(time.Now().Add(greetingTime)) // a broken connection shows in the first read
		if !l.door.enter(c) {
			_ = raw.Close()
			return
		}
		go func() {
			defer l.door.leave(c)
			_ = establish(l.id, c) // the hooks have logged what matters
			c.finish()
		}()
	}
}

// serves reports whether a plain listener is there for an address.
func (l *listener) serves(a net.Addr) bool {
	if l.networks == nil {
		return true
	}
	remote, err := netip.ParseAddrPort(a.String())
	ip := remote.Addr().Unmap().WithZone("")
	return err == nil && slices.ContainsFunc(l.networks, func(n netip.Prefix) bool { return n.Contains(ip) })
}

// Close closes the address. The clients are the door's.
func (l *listener) Close(listeners.CloseFn) { _ = l.Listener.Close() } // nobody listens any more either way

// conn is a connection with what we know of its client. mochi reads it from
// one goroutine, which is the one that sets its deadline too.
type conn struct {
	net.Conn
	door    *door
	session atomic.Pointer[session] // nil until it has logged in
	until   time.Time
}

// SetDeadline limits the next read. mochi asks for it with each packet, which
// would cost more than reading it: a change of less than deadlineGrain is
// left out. Until it has logged in, a client has greetingTime and no more.
func (c *conn) SetDeadline(t time.Time) error {
	if c.session.Load() == nil || t.Sub(c.until).Abs() < deadlineGrain {
		return nil
	}
	c.until = t
	return c.SetReadDeadline(t)
}

// Write sends in a time of its own: what is said to a client must not wait for
// one that does not read.
func (c *conn) Write(b []byte) (int, error) {
	if c.session.Load() != nil { // before, greetingTime holds
		if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		_ = c.Conn.Close() // so that the reader notices
	}
	return n, err
}

// finish tells the session that its connection is over.
func (c *conn) finish() {
	if s := c.session.Load(); s != nil {
		s.finish()
	}
}
