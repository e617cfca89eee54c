package app_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
)

// gateway is as much of one as the server can see: a spool, and the wire.
type gateway struct {
	t    *testing.T
	id   plantroom.GatewayID
	conn *mqttconn.Conn
	opt  mqttconn.Options

	mu     sync.Mutex
	spool  [][]byte // record n stands at n-1
	sent   uint64
	ack    wire.Ack // the newest
	rewind bool     // asked for, and not yet done
}

const epoch = 7

// gateway connects one that has never been heard of.
func (h *house) gateway(id plantroom.GatewayID) *gateway {
	h.t.Helper()
	g := &gateway{t: h.t, id: id, opt: mqttconn.Options{URL: h.BrokerURL(), ClientID: string(id) + "-uplink"}}
	if h.files.Broker == "" {
		g.opt.Username, g.opt.PasswordFile = string(id), h.path("data", "secrets", "mqtt-"+string(id))
	}
	g.connect()
	return g
}

// connect connects anew; what was acknowledged before is forgotten.
func (g *gateway) connect() {
	g.t.Helper()
	g.mu.Lock()
	g.ack, g.rewind = wire.Ack{}, false
	g.mu.Unlock()
	conn, err := mqttconn.Connect(g.t.Context(), g.opt, mqttconn.Session{Handle: g.hear})
	if err != nil {
		g.t.Fatal(err)
	}
	if err := conn.SubscribeAll(g.t.Context(), wire.Topic("story", g.id, wire.AckLeaf)); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(conn.Close)
	g.conn = conn
}

func (g *gateway) hear(m paho.Message) {
	defer m.Ack()
	a, err := wire.DecodeAck(m.Payload())
	if err != nil {
		g.t.Errorf("an acknowledgement that cannot be read: %v", err)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ack, g.rewind = a, g.rewind || a.Rewind
}

// reading is what a lift's box says.
func reading(device, signal string, v plantroom.Value, at plantroom.Instant) plantroom.Record {
	return plantroom.Record{Reading: plantroom.Reading{Device: plantroom.DeviceID(device), Signal: signal, Value: v, At: at}}
}

// take accepts records into the spool and sends them.
func (g *gateway) take(rs ...plantroom.Record) {
	g.t.Helper()
	for _, r := range rs {
		b, err := wire.AppendRecord(nil, r)
		if err != nil {
			g.t.Fatal(err)
		}
		g.spool = append(g.spool, b)
	}
	g.send()
}

// send sends what has not been sent.
func (g *gateway) send() {
	g.t.Helper()
	if g.sent == uint64(len(g.spool)) {
		return
	}
	payload, err := wire.AppendBatch(nil, wire.Batch{Gateway: g.id, Epoch: epoch, Base: 1, First: g.sent + 1, Sent: plantroom.At(time.Now()),
		Records: g.spool[g.sent:]})
	if err != nil {
		g.t.Fatal(err)
	}
	g.sent = uint64(len(g.spool))
	g.say(wire.Up, payload)
}

func (g *gateway) say(leaf wire.Leaf, payload []byte) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), time.Minute)
	defer cancel()
	if err := g.conn.SendAndWait(ctx, wire.Topic("story", g.id, leaf), false, payload); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gateway) acked() wire.Ack {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ack
}

// obey sends again what the server has asked for.
func (g *gateway) obey() {
	g.mu.Lock()
	wanted, from := g.rewind, g.ack.Stored
	g.rewind = false
	g.mu.Unlock()
	if wanted {
		g.sent = from
		g.send()
	}
}

// seen waits until everything is judged, stored until it is in InfluxDB too.
// Only stored sends again what is asked for.
func (g *gateway) seen() {
	g.t.Helper()
	eventually(g.t, "all records are judged", func() bool { return g.acked().Seen == uint64(len(g.spool)) })
}

func (g *gateway) stored() {
	g.t.Helper()
	eventually(g.t, "all records are stored", func() bool { g.obey(); return g.acked().Stored == uint64(len(g.spool)) })
}

// secret reads a file of data/secrets.
func (h *house) secret(name string) string {
	h.t.Helper()
	b, err := os.ReadFile(h.path("data", "secrets", name))
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
