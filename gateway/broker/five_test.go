package broker

import (
	"bytes"
	"io"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
)

// five sends a packet of MQTT 5.
func (c *raw) five(encode func(*packets.Packet, *bytes.Buffer) error, pk packets.Packet) {
	c.t.Helper()
	pk.ProtocolVersion = 5
	var b bytes.Buffer
	if err := encode(&pk, &b); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.Write(b.Bytes()); err != nil {
		c.t.Fatal(err)
	}
}

// heard reads a packet of MQTT 5: its type and its body.
func (c *raw) heard() (byte, []byte) {
	c.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.in, head); err != nil {
		return 0, nil
	}
	body := make([]byte, head[1])
	if _, err := io.ReadFull(c.in, body); err != nil {
		c.t.Fatal(err)
	}
	return head[0] >> 4, body
}

// loginFive is login for MQTT 5.
func (s *site) loginFive(id string) (c *raw, connack packets.Packet) {
	s.t.Helper()
	c = s.dial()
	p := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connect}}
	p.Connect = packets.ConnectParams{ProtocolName: []byte("MQTT"), Clean: false, Keepalive: 0, ClientIdentifier: id,
		UsernameFlag: true, Username: []byte(id), PasswordFlag: true, Password: []byte(s.password[id])}
	p.Properties.SessionExpiryInterval, p.Properties.SessionExpiryIntervalFlag = 3600, true
	c.five((*packets.Packet).ConnectEncode, p)
	kind, body := c.heard()
	connack = packets.Packet{ProtocolVersion: 5, FixedHeader: packets.FixedHeader{Type: kind}}
	if err := connack.ConnackDecode(body); err != nil || kind != packets.Connack || connack.ReasonCode != 0 {
		s.t.Fatalf("the answer is %d % x, %v", kind, body, err)
	}
	return c, connack
}

func message(qos byte, id uint16, topic, payload string) packets.Packet {
	return packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: qos}, PacketID: id, TopicName: topic, Payload: []byte(payload)}
}

func TestAClientOfMQTT5IsToldTheBoundsAndWhyItHasToGo(t *testing.T) {
	s := begin(t, &disk{}, nil)
	publish := (*packets.Packet).PublishEncode
	c, connack := s.loginFive("a")
	p := connack.Properties
	if p.ReceiveMaximum != maxUnacked || p.MaximumQos != 1 || !p.MaximumQosFlag || p.SessionExpiryInterval != 0 || !p.SessionExpiryIntervalFlag ||
		p.ServerKeepAlive != maxKeepAlive || connack.SessionPresent {
		t.Errorf("it is told %+v", p)
	}
	c.five(publish, message(1, 0x0102, "plantroom-device/a", `{"v":{"x":1}}`))
	if kind, body := c.heard(); kind != packets.Puback || !bytes.Equal(body, []byte{1, 2}) {
		t.Errorf("a message is answered with %d % x", kind, body)
	}
	for _, x := range []struct {
		name string
		pk   packets.Packet
		want packets.Code
	}{
		{"QoS 2", message(2, 3, "plantroom-device/a", "x"), packets.ErrQosNotSupported},
		{"another's topic", message(1, 3, "plantroom-device/b", "x"), packets.ErrNotAuthorized},
	} {
		c, _ := s.loginFive("a")
		c.five(publish, x.pk)
		kind, body := c.heard()
		if kind != packets.Disconnect || len(body) == 0 || body[0] != x.want.Code {
			t.Errorf("%s: answered with %d % x, want a DISCONNECT with %#x", x.name, kind, body, x.want.Code)
		}
		if kind, _ := c.heard(); kind != 0 {
			t.Errorf("%s: the connection goes on with %d", x.name, kind)
		}
	}
	alias := message(1, 4, "plantroom-device/a", "x")
	alias.Properties.TopicAlias, alias.Properties.TopicAliasFlag = 1, true
	c, _ = s.loginFive("a")
	c.five(publish, alias)
	if kind, body := c.heard(); kind != packets.Disconnect || body[0] != packets.ErrTopicAliasInvalid.Code {
		t.Errorf("a topic alias is answered with %d % x", kind, body)
	}
	s.stored("a=1")
}
