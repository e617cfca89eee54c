package broker

import (
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// port is the listener, which closes its clients itself: mochi's own way to do so
// locks their list for reading twice over, and hangs for ever where a client
// leaves in between.
type port struct {
	*listeners.TCP
	server *mochi.Server
}

// Close implements listeners.Listener.
func (p *port) Close(listeners.CloseFn) {
	p.TCP.Close(func(id string) {
		for _, c := range p.server.Clients.GetAll() {
			if c.Net.Listener == id && !c.Closed() {
				_ = p.server.DisconnectClient(c, packets.ErrServerShuttingDown)
			}
		}
	})
}
