package broker

import (
	"crypto/tls"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"plantroom/internal/access"
)

// Bounds of what a client can ask for.
const (
	maxKeepAlive     = 20 * 60          // seconds; 0, for ever, and more count as this
	maxSubscriptions = 64               // of one client
	takeOver         = 10 * time.Second // for a client's earlier connection to settle
)

// gate is the broker's hook: it lets clients in and takes their messages.
type gate struct {
	mochi.HookBase
	run *running
}

// ID names the hook.
func (g *gate) ID() string { return "plantroom-gateway" }

// Provides says which of mochi's questions the gate answers.
func (g *gate) Provides(b byte) bool {
	switch b {
	case mochi.OnConnect, mochi.OnConnectAuthenticate, mochi.OnPacketRead, mochi.OnACLCheck, mochi.OnPublishDropped, mochi.OnRetainedExpired:
		return true
	}
	return false
}

// OnConnect bounds what a client asks for. A session ends with its connection:
// mochi would keep one in memory alone, and its subscriptions for longer than
// itself.
func (g *gate) OnConnect(cl *mochi.Client, _ packets.Packet) error {
	if k := &cl.State.Keepalive; *k == 0 || *k > maxKeepAlive {
		*k = maxKeepAlive
		cl.State.ServerKeepalive = true // MQTT 5 clients are told
	}
	cl.Properties.Clean = true
	return nil
}

// OnConnectAuthenticate checks login, client id and last will, and ends an
// earlier connection under the same id before it lets a new one in: mochi's
// own way lets the end of the old one remove the new one from its lists.
func (g *gate) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	c, ours := cl.Net.Conn.(*conn)
	if !ours || !g.run.wait() {
		return false
	}
	username := string(pk.Connect.Username)
	a, reason := g.run.b.accountsNow().login(username, pk.Connect.Password, pk.Connect.ClientIdentifier)
	switch {
	case reason != "":
	case !named(c, a.ID):
		reason = "its certificate is somebody else's: the common name has to be the user name"
	case pk.Connect.WillFlag && !access.AnyCovers(a.Publish, pk.Connect.WillTopic):
		reason = "its last will is on a topic that it may not publish on"
	}
	if reason == "" {
		s := newSession(g.run, a, cl, c)
		s.will = will(pk)
		atomic.StoreUint32(&cl.Properties.Will.Flag, 0) // ours to publish, behind its messages
		if g.run.admit(s) {
			return true
		}
		s.will = nil // it has never been here
		s.finish()
		reason = "the messages of its earlier connection are not on disk yet"
	}
	g.run.b.turned.Add(1)
	g.run.warn(reason, "MQTT client turned away", "reason", reason, "user", access.Clip(username), "client", access.Clip(pk.Connect.ClientIdentifier), "from", cl.Net.Remote)
	return false
}

// named reports whether a client's certificate, where one is asked for, is the
// account's.
func named(c *conn, account string) bool {
	t, secure := c.Conn.(*tls.Conn)
	if !secure {
		return true
	}
	certs := t.ConnectionState().PeerCertificates
	return len(certs) == 0 || certs[0].Subject.CommonName == account
}

func will(pk packets.Packet) *packets.Packet {
	if !pk.Connect.WillFlag {
		return nil
	}
	w := &packets.Packet{TopicName: pk.Connect.WillTopic, Payload: pk.Connect.WillPayload, ProtocolVersion: pk.ProtocolVersion,
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: pk.Connect.WillQos, Retain: pk.Connect.WillRetain}}
	w.Properties.User = pk.Connect.WillProperties.User
	return w
}

// handled stands in for a message that we have taken: an acknowledgement of a
// message that nobody has sent, of which mochi takes no notice.
var handled = packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}}

// OnPacketRead takes a message before mochi acknowledges it. An error ends the
// connection.
func (g *gate) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	c, ours := cl.Net.Conn.(*conn)
	if !ours {
		return pk, nil
	}
	s := c.session.Load()
	switch {
	case s == nil: // its CONNECT
		return pk, nil
	case pk.FixedHeader.Type == packets.Publish:
		return handled, g.publish(s, &pk)
	case pk.FixedHeader.Type == packets.Subscribe && cl.State.Subscriptions.Len()+len(pk.Filters) > maxSubscriptions:
		return pk, g.end(s, packets.ErrQuotaExceeded, "it subscribes to too much", "")
	}
	return pk, nil
}

// publish takes a message, or says why not.
func (g *gate) publish(s *session, pk *packets.Packet) error {
	g.run.b.messages.Add(1)
	if pk.FixedHeader.Qos > 1 {
		return g.end(s, packets.ErrQosNotSupported, "it publishes at QoS 2; use 1", pk.TopicName)
	}
	if code := pk.PublishValidate(0); code != packets.CodeSuccess {
		return g.end(s, code, "it breaks the protocol: "+code.Reason, pk.TopicName)
	}
	if !access.AnyCovers(s.account.Publish, pk.TopicName) {
		g.run.b.denied.Add(1)
		if pk.FixedHeader.Qos == 0 {
			g.run.warn("denied "+s.account.ID, "MQTT message refused: its account may not publish there", "user", s.account.ID, "topic", access.Clip(pk.TopicName))
			return nil
		}
		return g.end(s, packets.ErrNotAuthorized, "its account may not publish there", pk.TopicName)
	}
	if s.take(pk) {
		return nil
	}
	if g.run.stopping.Load() {
		s.settle(g.run.settling) // what came before is still to be acknowledged
	}
	return packets.ErrRejectPacket
}

// end ends a connection for something that its client did.
func (g *gate) end(s *session, code packets.Code, reason, topic string) error {
	g.run.warn(s.account.ID+" "+reason, "MQTT client disconnected", "reason", reason, "user", s.account.ID, "client", access.Clip(s.client.ID), "topic", access.Clip(topic))
	s.stop(code)
	return packets.ErrRejectPacket
}

// OnACLCheck permits what the account names, and nothing else. It is asked at
// a subscription, and again for each message to a subscriber.
func (g *gate) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	c, ours := cl.Net.Conn.(*conn)
	if !ours {
		return false
	}
	s := c.session.Load()
	if s != nil && !write && access.AnyCovers(s.account.Subscribe, topic) {
		return true
	}
	g.run.b.denied.Add(1)
	if s != nil {
		g.run.warn("subscribe "+s.account.ID, "MQTT subscription refused: its account does not permit it", "user", s.account.ID, "filter", access.Clip(topic))
	}
	return false
}

// OnPublishDropped counts what a subscriber was too slow for.
func (g *gate) OnPublishDropped(*mochi.Client, packets.Packet) { g.run.b.undelivered.Add(1) }

// OnRetainedExpired follows mochi's list of retained messages.
func (g *gate) OnRetainedExpired(topic string) { g.run.retained.keep(topic, 0) }
