package brokertest

import (
	"log/slog"
	"net"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// door is a listener whose connections are counted before the broker that
// closes can begin to wait for them. mochi's own counts them in a goroutine of
// each, too late for a connection that is made in the moment of closing; the
// race detector sees that.
type door struct {
	addr   string
	inside *sync.WaitGroup // the broker's
	server *mqtt.Server
	listen net.Listener

	mu     sync.Mutex
	closed bool
}

func (*door) ID() string         { return "t" }
func (*door) Protocol() string   { return "tcp" }
func (d *door) Address() string  { return d.addr }
func (d *door) enter() (ok bool) { return d.change(false) }

// change closes the door, or lets one in while it is open.
func (d *door) change(closed bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = d.closed || closed
	if !d.closed {
		d.inside.Add(1)
	}
	return !d.closed
}

// Init implements listeners.Listener.
func (d *door) Init(*slog.Logger) (err error) {
	d.listen, err = net.Listen("tcp", d.addr)
	return err
}

// Serve implements listeners.Listener.
func (d *door) Serve(establish listeners.EstablishFn) {
	for {
		conn, err := d.listen.Accept()
		if err != nil {
			return
		}
		if !d.enter() {
			_ = conn.Close() // nobody is served any more
			return
		}
		go func() {
			defer d.inside.Done()
			_ = establish(d.ID(), conn) // a client that went away
		}()
	}
}

// Close implements listeners.Listener. mochi's own way to close the clients locks
// their list for reading twice over, and hangs for ever where one of them leaves
// in between.
func (d *door) Close(listeners.CloseFn) {
	d.change(true)
	_ = d.listen.Close() // it takes nobody any more
	for _, c := range d.server.Clients.GetAll() {
		if c.Net.Listener == d.ID() && !c.Closed() {
			_ = d.server.DisconnectClient(c, packets.ErrServerShuttingDown)
		}
	}
}
