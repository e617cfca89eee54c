package brokertest

import (
	"io"
	"log/slog"
	"sync/atomic"
	"testing"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Mochi is a broker in the process of the test.
type Mochi struct {
	*mqtt.Server
	Deny   atomic.Bool            // permit no topic
	Refuse atomic.Pointer[string] // permit all topics but this one

	t    testing.TB
	addr string
}

// NewMochi starts a broker that admits everybody. It ends with the test.
func NewMochi(t testing.TB) *Mochi {
	t.Helper()
	m := &Mochi{t: t, addr: freeAddr(t)}
	m.Start()
	t.Cleanup(m.Stop)
	return m
}

// Addr returns host:port.
func (m *Mochi) Addr() string { return m.addr }

// URL returns tcp://host:port.
func (m *Mochi) URL() string { return "tcp://" + m.addr }

// Start starts an empty broker on the old address.
func (m *Mochi) Start() {
	m.t.Helper()
	m.Server = mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := m.AddHook(&admit{deny: &m.Deny, refuse: &m.Refuse}, nil); err != nil {
		m.t.Fatal(err)
	}
	if err := m.AddListener(&door{addr: m.addr, inside: &m.Listeners.ClientsWg, server: m.Server}); err != nil {
		m.t.Fatal(err)
	}
	if err := m.Serve(); err != nil {
		m.t.Fatal(err)
	}
}

// Stop ends the broker; sessions, queues and retained messages are gone.
func (m *Mochi) Stop() {
	if m.Server != nil {
		_ = m.Close() // connections that are already closed
		m.Server = nil
	}
}

// Cut closes the client's connection beneath mochi. A rival under its id does
// not do here: mochi forgets the will of a client that is thrown out while one
// of its packets is in work.
func (m *Mochi) Cut(client string) {
	m.t.Helper()
	c, ok := m.Clients.Get(client)
	if !ok || c.Net.Conn == nil {
		m.t.Fatalf("no client %s is connected", client)
	}
	_ = c.Net.Conn.Close() // it may be gone already
}

// admit lets everybody in. (mochi's own hook for it comes with a YAML library.)
type admit struct {
	mqtt.HookBase
	deny   *atomic.Bool
	refuse *atomic.Pointer[string]
}

func (*admit) ID() string { return "admit" }

func (*admit) Provides(b byte) bool { return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck }

func (*admit) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

func (h *admit) OnACLCheck(_ *mqtt.Client, topic string, _ bool) bool {
	refused := h.refuse.Load()
	return !h.deny.Load() && (refused == nil || topic != *refused)
}
