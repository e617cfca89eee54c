package broker

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"plantroom"
	"plantroom/firmware-bridge/plainjson"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

func TestWhoMayConnect(t *testing.T) {
	s := begin(t, &disk{}, nil)
	for _, c := range []struct {
		name   string
		change func(*packets.ConnectPacket)
		want   byte
	}{
		{"as itself", func(p *packets.ConnectPacket) {}, packets.Accepted},
		{"with a role", func(p *packets.ConnectPacket) { p.ClientIdentifier = "a-2" }, packets.Accepted},
		{"wrong password", func(p *packets.ConnectPacket) { p.Password = []byte("x") }, packets.ErrRefusedNotAuthorised},
		{"no password", func(p *packets.ConnectPacket) { p.Password, p.PasswordFlag = nil, false }, packets.ErrRefusedNotAuthorised},
		{"another's password", func(p *packets.ConnectPacket) { p.Password = []byte(s.password["b"]) }, packets.ErrRefusedNotAuthorised},
		{"unknown", func(p *packets.ConnectPacket) { p.Username = "c" }, packets.ErrRefusedNotAuthorised},
		{"nobody", func(p *packets.ConnectPacket) { p.UsernameFlag, p.PasswordFlag = false, false }, packets.ErrRefusedNotAuthorised},
		{"another's client id", func(p *packets.ConnectPacket) { p.ClientIdentifier = "b" }, packets.ErrRefusedNotAuthorised},
		{"a client id of nobody's", func(p *packets.ConnectPacket) { p.ClientIdentifier = "xa" }, packets.ErrRefusedNotAuthorised},
		{"no client id", func(p *packets.ConnectPacket) { p.ClientIdentifier = "" }, packets.ErrRefusedNotAuthorised},
		{"a will of its own", func(p *packets.ConnectPacket) { p.WillFlag, p.WillTopic, p.WillMessage = true, "a/gone", []byte("x") }, packets.Accepted},
		{"a will for another", func(p *packets.ConnectPacket) { p.WillFlag, p.WillTopic, p.WillMessage = true, "b/gone", []byte("x") }, packets.ErrRefusedNotAuthorised},
		{"MQTT 3.1", func(p *packets.ConnectPacket) { p.ProtocolName, p.ProtocolVersion = "MQIsdp", 3 }, packets.ErrRefusedBadProtocolVersion},
	} {
		p := hello("a", s.password["a"])
		c.change(p)
		if got := s.dial().connect(p); got != c.want {
			t.Errorf("%s: the answer is %d, want %d", c.name, got, c.want)
		}
	}
}

func TestWhatAnAccountDoesNotNameIsDenied(t *testing.T) {
	d := &disk{}
	s := begin(t, d, nil)
	c := s.login("a", nil)
	c.publish(0, 0, "plantroom-device/b", `{"v":{"x":1}}`)
	c.subscribe("b/#", "#", "$SYS/#", "$share/g/a/x", "a/x")
	c.hears("suback 8080808000")
	c.publish(1, 1, "plantroom-device/b", `{"v":{"x":2}}`)
	c.hears("gone")
	for _, what := range []struct {
		name string
		do   func(*raw)
	}{
		{"QoS 2", func(c *raw) { c.publish(2, 1, "plantroom-device/a", `{"v":{"x":3}}`) }},
		{"wildcards", func(c *raw) { c.publish(1, 1, "a/#", "x") }},
		{"the broker's topics", func(c *raw) { c.publish(1, 1, "$SYS/broker/version", "x") }},
		{"no packet id", func(c *raw) { c.publish(1, 0, "a/x", "x") }},
		{"a large packet", func(c *raw) { c.publish(1, 1, "a/x", strings.Repeat("x", maxPacket)) }},
		{"many subscriptions", func(c *raw) {
			var filters []string
			for i := range maxSubscriptions + 1 {
				filters = append(filters, fmt.Sprint("a/", i))
			}
			c.subscribe(filters...)
		}},
		{"a second CONNECT", func(c *raw) { c.send(hello("a", s.password["a"])) }},
	} {
		c := s.login("a", nil)
		what.do(c)
		if got := c.next(); got != "gone" {
			t.Errorf("%s: heard %q", what.name, got)
		}
	}
	if got := d.values(); got != "" {
		t.Errorf("stored %q", got)
	}
}

func TestAnAccountThatChangesEndsItsConnections(t *testing.T) {
	s := begin(t, &disk{}, nil)
	a, b := s.login("a", nil), s.login("b", nil)
	if _, err := RenewAccount(s.accounts, "a"); err != nil {
		t.Fatal(err)
	}
	a.hears("gone")
	b.ping()
	b.hears("pong")
	if code := s.dial().connect(hello("a", s.password["a"])); code != packets.ErrRefusedNotAuthorised {
		t.Errorf("the old password is answered with %d", code)
	}
	write(t, s.accounts, []byte("accounts: 1\n"))
	wait(t, "the fault is shown", func() bool { return strings.Contains(s.b.State().Problem, "accounts.yaml:1:") })
	b.ping()
	b.hears("pong")
	s.login("b", nil) // the accounts before still count
}

func TestASecondConnectionUnderAClientIDEndsTheFirst(t *testing.T) {
	d := &disk{held: true}
	s := begin(t, d, nil)
	first := s.login("a", nil)
	first.value(1, "a", 1)
	first.ping()
	first.hears("pong")
	go func() {
		first.hears("gone")
		d.sync()
	}()
	second := s.login("a", nil) // once the first one's message is on disk
	second.value(2, "a", 2)
	second.hears("ack 2")
	s.stored("a=1 a=2")
	for range 20 { // mochi's own way loses a client here now and then
		second = s.login("a", nil)
		second.subscribe("a/x")
		second.hears("suback 00")
		second.publish(1, 3, "a/x", "y")
		got := []string{second.next(), second.next()}
		if got[0] != "ack 3" || got[1] != "a/x y false" {
			t.Fatalf("heard %q", got)
		}
	}
	wait(t, "one client is there", func() bool { return s.b.State().Clients == 1 })
}

func TestSubscribersHearOfAMessageWhenItIsOnDisk(t *testing.T) {
	d := &disk{held: true}
	s := begin(t, d, nil)
	b := s.login("b", nil)
	b.subscribe("a/#", "plantroom-device/b")
	b.hears("suback 0000")
	a := s.login("a", nil)
	retained := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	retained.TopicName, retained.Payload, retained.Retain, retained.Qos, retained.MessageID = "a/state", []byte("on"), true, 1, 2
	a.value(1, "a", 1)
	a.send(retained)
	a.ping()
	a.hears("pong")
	b.ping()
	b.hears("pong")
	d.sync()
	a.hears("ack 1", "ack 2")
	b.hears("a/state on false") // and nothing of plantroom-device/a, which is not b's
	later := s.login("b", func(p *packets.ConnectPacket) { p.ClientIdentifier = "b-later" })
	later.subscribe("a/+")
	later.hears("suback 00", "a/state on true")
}

func TestALastWillComesBehindTheMessagesAndNotAfterAFarewell(t *testing.T) {
	d := &disk{held: true}
	s := begin(t, d, nil)
	will := func(v string) func(*packets.ConnectPacket) {
		return func(p *packets.ConnectPacket) {
			p.WillFlag, p.WillTopic, p.WillQos, p.WillMessage = true, "plantroom-device/a", 1, []byte(`{"v":{"distance_m":`+v+`}}`)
		}
	}
	c := s.login("a", will("99"))
	c.value(1, "a", 1)
	c.ping()
	c.hears("pong")
	c.Close()
	wait(t, "the will is on its way", func() bool { return s.b.State().Unacked == 2 })
	d.sync()
	s.stored("a=1 a=99")
	c = s.login("a", will("98"))
	c.send(packets.NewControlPacket(packets.Disconnect))
	c.hears("gone")
	c = s.login("a", will("97"))
	c.value(1, "a", 2)
	c.hears("ack 1")
	s.stop() // the gateway's end is not the device's
	s.stored("a=1 a=99 a=2")
}

func TestAFloodOfConnectionsLocksNobodyOut(t *testing.T) {
	s := begin(t, &disk{}, nil)
	device := s.login("a", nil)
	var flood []net.Conn
	defer func() {
		for _, c := range flood {
			c.Close()
		}
	}()
	for range 5 * maxGreeting {
		c, err := net.Dial("tcp", s.addr())
		if err != nil {
			t.Fatal(err)
		}
		flood = append(flood, c)
	}
	device.value(1, "a", 1)
	device.hears("ack 1")
	another := s.login("b", nil)
	another.value(1, "b", 2)
	another.hears("ack 1")
	brokertest.Wait(t, greetingTime/2, "the flood is bounded", func() bool { // before its time is over anyway
		d := s.b.run.door
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.all) <= maxGreeting+2
	})
}

func TestAPlainAddressServesItsNetworksOnly(t *testing.T) {
	s := begin(t, &disk{}, func(o *Options) { o.Addresses[0].Networks = []string{"10.0.0.0/8"} })
	if code := s.dial().connect(hello("a", s.password["a"])); code != 0xff {
		t.Errorf("somebody on loopback is answered with %d", code)
	}
	s.stop()
	o := s.b.o
	o.Addresses = []Address{{Address: "127.0.0.1:0", Plain: true, Networks: []string{"10.0.0.0/8", "127.0.0.0/8"}}}
	s.run(o)
	s.login("a", nil)
}

func TestAnAddressThatIsTakenIsTriedAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Options{Addresses: []Address{{Address: l.Addr().String(), Plain: true}}, Backoff: mqttconn.Backoff{First: time.Millisecond, Cap: 10 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); b.Run(ctx) }()
	wait(t, "the problem is shown", func() bool { return strings.Contains(b.State().LastError, "listen on "+l.Addr().String()) })
	l.Close()
	wait(t, "it serves", func() bool { return b.State().Serving })
	cancel()
	<-ended
}

func TestARealClientPublishes(t *testing.T) {
	s := begin(t, &disk{}, nil)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(s.password["a"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: "tcp://" + s.addr(), ClientID: "a", Username: "a", PasswordFile: file}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendAndWait(ctx, "plantroom-device/a", false, []byte(`{"v":{"distance_m":1}}`)); err != nil {
		t.Fatal(err)
	}
	s.stored("a=1")
}

// host is a family that says that it is there, follows a topic and answers.
type host struct{ plantroom.Decoder }

func (host) Will(plantroom.Instant) *plantroom.Publication {
	return &plantroom.Publication{Topic: "a/host", Payload: []byte("gone")}
}

func (host) Turn(_ plantroom.Instant, connected bool) plantroom.Turn {
	if connected {
		return plantroom.Turn{Publish: []plantroom.Publication{{Topic: "a/host", Payload: []byte("here"), QoS: 1, Retain: true}}, Subscribe: []string{"a/later"}}
	}
	return plantroom.Turn{Publish: []plantroom.Publication{{Topic: "a/answer", Payload: []byte("heard")}}}
}

func (h host) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	if m.Topic == "a/later" {
		m.Topic = "plantroom-device/later"
	}
	return h.Decoder.Decode(m)
}

func TestAFamilyThatSpeaksIsHeardByItsDevices(t *testing.T) {
	d := &disk{}
	s := begin(t, d, func(o *Options) { o.Sources = []*source.Local{hears(t, d, host{plainjson.New("")})} })
	c := s.login("a", nil)
	wait(t, "the host is there", func() bool { return s.b.run.server.Topics.Retained.Len() > 20 }) // beside $SYS
	c.subscribe("a/host", "a/answer")
	c.hears("suback 0000", "a/host here true")
	c.publish(1, 1, "a/later", `{"v":{"distance_m":7}}`)
	got := map[string]bool{c.next(): true, c.next(): true}
	if !got["ack 1"] || !got["a/answer heard false"] {
		t.Errorf("heard %v", got)
	}
	s.stored("later=7")
}
