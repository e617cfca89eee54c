package broker_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/services/broker"
)

const (
	upB1    = "plantroom/1/story/gw-b1/up"
	stateB1 = "plantroom/1/story/gw-b1/state"
	ackB1   = "plantroom/1/story/gw-b1/ack"
	upB2    = "plantroom/1/story/gw-b2/up"
)

type message struct {
	topic   string
	payload []byte
}

// start runs a broker with two gateways, whose uplinks go to the channel.
func start(t *testing.T) (*broker.Broker, <-chan message) {
	t.Helper()
	in := make(chan message, 100)
	b, err := broker.Start(broker.Options{
		Accounts: []broker.Account{
			broker.Gateway("story", "gw-b1", "secret-1"),
			broker.Gateway("story", "gw-b2", "secret-2"),
			broker.Services("story", "server", "secret-3"),
		},
		Filters: []string{"plantroom/1/story/+/up", "plantroom/1/story/+/state"},
		Receive: func(ctx context.Context, topic string, payload []byte) {
			select {
			case in <- message{topic, payload}:
			case <-ctx.Done():
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	return b, in
}

// dial connects as a gateway's uplink does, and says whether it was let in.
func dial(t *testing.T, b *broker.Broker, id, user, password string, more ...func(*paho.ClientOptions)) (paho.Client, error) {
	t.Helper()
	o := paho.NewClientOptions().AddBroker(b.URL()).SetClientID(id).SetUsername(user).SetPassword(password).
		SetProtocolVersion(4).SetAutoReconnect(false).SetCleanSession(true).SetConnectTimeout(5 * time.Second)
	for _, f := range more {
		f(o)
	}
	c := paho.NewClient(o)
	err := within(t, c.Connect())
	if err == nil {
		t.Cleanup(func() { c.Disconnect(0) })
	}
	return c, err
}

func within(t *testing.T, tok paho.Token) error {
	t.Helper()
	if !tok.WaitTimeout(time.Minute) {
		t.Fatal("no answer from the broker")
	}
	return tok.Error()
}

func receive(t *testing.T, in <-chan message) message {
	t.Helper()
	select {
	case m := <-in:
		return m
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
		return message{}
	}
}

// A broker of before gateways told how full their spools are does not know that
// topic: it must not cost them their connection, nor their readings.
func TestWhatIsOnlyMentionedCostsNoConnection(t *testing.T) {
	b, in := start(t)
	c, err := dial(t, b, "gw-b1-uplink", "gw-b1", "secret-1")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := within(t, c.Publish("plantroom/1/story/gw-b1/of-later", 0, true, "x")); err != nil {
			t.Fatal(err)
		}
		if err := within(t, c.Publish(upB1, 1, false, "a batch")); err != nil {
			t.Fatal(err)
		}
		if m := receive(t, in); m.topic != upB1 {
			t.Errorf("%s came", m.topic)
		}
	}
	if !c.IsConnectionOpen() {
		t.Error("the connection is gone")
	}
}

func TestUplinksArriveInOrderAndAcksGoBack(t *testing.T) {
	b, in := start(t)
	c, err := dial(t, b, "gw-b1-uplink", "gw-b1", "secret-1")
	if err != nil {
		t.Fatal(err)
	}
	acks := make(chan message, 1)
	tok := c.Subscribe(ackB1, 1, func(_ paho.Client, m paho.Message) { acks <- message{m.Topic(), m.Payload()} })
	if err := within(t, tok); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		c.Publish(upB1, 1, false, fmt.Sprint(i))
	}
	for i := range 50 {
		if m := receive(t, in); m.topic != upB1 || string(m.payload) != fmt.Sprint(i) {
			t.Fatalf("message %d: %s %q", i, m.topic, m.payload)
		}
	}
	if err := b.Publish(ackB1, []byte("done"), false); err != nil {
		t.Fatal(err)
	}
	if m := receive(t, acks); string(m.payload) != "done" {
		t.Errorf("ack %q", m.payload)
	}
}

func TestOnlyAccountsGetIn(t *testing.T) {
	b, _ := start(t)
	will := func(topic string) func(*paho.ClientOptions) {
		return func(o *paho.ClientOptions) { o.SetBinaryWill(topic, []byte("gone"), 1, true) }
	}
	tests := []struct {
		name               string
		id, user, password string
		more               []func(*paho.ClientOptions)
		in                 bool
	}{
		{"its own id", "gw-b1", "gw-b1", "secret-1", nil, true},
		{"its own id with a role", "gw-b1-uplink", "gw-b1", "secret-1", nil, true},
		{"a will on its own state", "gw-b1-uplink", "gw-b1", "secret-1", []func(*paho.ClientOptions){will(stateB1)}, true},
		{"no login", "gw-b1", "", "", nil, false},
		{"a wrong password", "gw-b1", "gw-b1", "secret-2", nil, false},
		{"no password", "gw-b1", "gw-b1", "", nil, false},
		{"an unknown user", "nobody", "nobody", "secret-1", nil, false},
		{"another's client id", "gw-b2-uplink", "gw-b1", "secret-1", nil, false},
		{"a will in another's name", "gw-b1-uplink", "gw-b1", "secret-1", []func(*paho.ClientOptions){will("plantroom/1/story/gw-b2/state")}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := dial(t, b, tt.id, tt.user, tt.password, tt.more...)
			if (err == nil) != tt.in {
				t.Errorf("let in: %t (%v), want %t", err == nil, err, tt.in)
			}
			if err == nil {
				c.Disconnect(0)
			}
		})
	}
}

func TestAGatewaySpeaksForItselfOnly(t *testing.T) {
	b, in := start(t)
	for _, topic := range []string{upB2, ackB1, "plantroom/1/other/gw-b1/up", "anything"} {
		lost := make(chan error, 1)
		c, err := dial(t, b, "gw-b1-uplink", "gw-b1", "secret-1", func(o *paho.ClientOptions) {
			o.SetConnectionLostHandler(func(_ paho.Client, err error) { lost <- err })
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Publish(topic, 1, false, "forged")
		select {
		case <-lost: // MQTT 3.1.1 has no other way to say no
		case <-time.After(time.Minute):
			t.Fatalf("after a message on %s the client is still connected", topic)
		}
	}
	honest, err := dial(t, b, "gw-b2", "gw-b2", "secret-2")
	if err != nil {
		t.Fatal(err)
	}
	honest.Publish(upB2, 1, false, "honest")
	if m := receive(t, in); string(m.payload) != "honest" {
		t.Errorf("got %q on %s", m.payload, m.topic)
	}
}

func TestAGatewayReadsItsOwnAcksOnly(t *testing.T) {
	b, _ := start(t)
	c, err := dial(t, b, "gw-b1-uplink", "gw-b1", "secret-1")
	if err != nil {
		t.Fatal(err)
	}
	for filter, granted := range map[string]byte{
		ackB1: 1, upB1: 0x80, "plantroom/1/story/gw-b2/ack": 0x80, "plantroom/1/story/+/ack": 0x80,
		"#": 0x80, "$SYS/#": 0x80, "$share/g/" + ackB1: 0x80,
	} {
		tok := c.Subscribe(filter, 1, nil).(*paho.SubscribeToken)
		_ = within(t, tok)                 // a refusal may show as an error, and always as 0x80
		for _, got := range tok.Result() { // one; paho names a shared one without its group
			if got != granted {
				t.Errorf("%s: granted %#x, want %#x", filter, got, granted)
			}
		}
	}
}

func TestTheLastWillComesWhenAGatewayFalls(t *testing.T) {
	b, in := start(t)
	var conn net.Conn
	_, err := dial(t, b, "gw-b1-uplink", "gw-b1", "secret-1", func(o *paho.ClientOptions) {
		o.SetBinaryWill(stateB1, []byte("gone"), 1, true)
		o.SetCustomOpenConnectionFn(openTo(b, &conn))
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if m := receive(t, in); m.topic != stateB1 || string(m.payload) != "gone" {
		t.Errorf("got %q on %s", m.payload, m.topic)
	}
}

func TestAnOversizedPacketIsCutOff(t *testing.T) {
	b, in := start(t)
	lost := make(chan error, 1)
	c, err := dial(t, b, "gw-b1-uplink", "gw-b1", "secret-1", func(o *paho.ClientOptions) {
		o.SetConnectionLostHandler(func(_ paho.Client, err error) { lost <- err })
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Publish(upB1, 1, false, bytes.Repeat([]byte("x"), 1<<20)) // the largest batch passes
	if m := receive(t, in); len(m.payload) != 1<<20 {
		t.Errorf("got %d bytes", len(m.payload))
	}
	c.Publish(upB1, 1, false, bytes.Repeat([]byte("x"), 3<<20))
	select {
	case <-lost:
	case <-time.After(time.Minute):
		t.Error("the client is still connected")
	}
}

func TestStopDoesNotWaitForABlockedReceiver(t *testing.T) {
	entered := make(chan struct{})
	b, err := broker.Start(broker.Options{
		Accounts: []broker.Account{broker.Gateway("story", "gw-b1", "secret-1")},
		Filters:  []string{"plantroom/1/story/+/up"},
		Receive: func(ctx context.Context, _ string, _ []byte) {
			close(entered)
			<-ctx.Done()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(t, b, "gw-b1", "gw-b1", "secret-1")
	if err != nil {
		t.Fatal(err)
	}
	c.Publish(upB1, 1, false, "x")
	<-entered
	stopped := make(chan struct{})
	go func() { b.Stop(); b.Stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(time.Minute):
		t.Fatal("Stop hangs")
	}
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	b, _ := start(t)
	gw := broker.Gateway("story", "gw-b1", "secret-1")
	tests := []struct {
		name string
		opt  broker.Options
		code plantroom.Code
		says string
	}{
		{"port taken", broker.Options{Addr: b.Addr()}, plantroom.CodeUnavailable, b.Addr()},
		{"open to all without TLS", broker.Options{Addr: "0.0.0.0:0"}, plantroom.CodeInvalid, "TLS"},
		{"no password", broker.Options{Accounts: []broker.Account{{Username: "gw-b1"}}}, plantroom.CodeInvalid, "password"},
		{"twice", broker.Options{Accounts: []broker.Account{gw, gw}}, plantroom.CodeConflict, "twice"},
		{"a name with a wildcard", broker.Options{Accounts: []broker.Account{{Username: "+", Password: "x"}}}, plantroom.CodeInvalid, "id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := broker.Start(tt.opt)
			if plantroom.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
