package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"plantroom"
	"plantroom/internal/mqttconn/brokertest"
)

// listener collects what a broker distributes.
type listener struct {
	mu  sync.Mutex
	got []string
}

func (l *listener) listen(t *testing.T, b *brokertest.Mochi, filter string) {
	t.Helper()
	err := b.Subscribe(filter, 1, func(_ *mochi.Client, _ packets.Subscription, p packets.Packet) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.got = append(l.got, fmt.Sprintf("%s=%s@%d", p.TopicName, p.Payload, p.FixedHeader.Qos))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wait returns what has come once it is n messages: a broker may acknowledge
// a message before it distributes it.
func (l *listener) wait(t *testing.T, n int) []string {
	t.Helper()
	brokertest.Wait(t, 5*time.Second, fmt.Sprintf("%d messages arrive", n), func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.got) >= n
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.got) != n {
		t.Fatalf("%d messages arrived, want %d", len(l.got), n)
	}
	return l.got
}

func dial(t *testing.T, o Options) *Client {
	t.Helper()
	if o.ClientID == "" {
		o.ClientID = "loader"
	}
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestEveryMessageArrivesOnceInOrderAtQoS1(t *testing.T) {
	b := brokertest.NewMochi(t)
	var heard listener
	heard.listen(t, b, "site/#")
	c := dial(t, Options{Addr: b.Addr(), Window: 16})
	const n = 70_000 // more than there are packet identifiers
	for i := range n {
		if err := c.Publish("site/x", fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := c.Acked(); got != n {
		t.Errorf("%d messages acknowledged, want %d", got, n)
	}
	got := heard.wait(t, n)
	for i, m := range got {
		if want := fmt.Sprintf("site/x=%d@1", i); m != want {
			t.Fatalf("message %d is %s, want %s", i, m, want)
		}
	}
}

func TestALongPayloadArrivesWhole(t *testing.T) {
	b := brokertest.NewMochi(t)
	var heard listener
	heard.listen(t, b, "#")
	c := dial(t, Options{Addr: b.Addr()})
	long := strings.Repeat("0123456789", 30_000) // three bytes of length
	if err := c.Publish("up", []byte(long)); err != nil {
		t.Fatal(err)
	}
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := heard.wait(t, 1); got[0] != "up="+long+"@1" {
		t.Errorf("a message of %d bytes, not the one that was sent", len(got[0]))
	}
}

func TestSubscriptionsHear(t *testing.T) {
	b := brokertest.NewMochi(t)
	heard := make(chan string, 10)
	c := dial(t, Options{Addr: b.Addr(), Handle: func(topic string, payload []byte) { heard <- topic + "=" + string(payload) }})
	if err := c.Subscribe(t.Context(), "ack/+"); err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct{ topic, payload string }{{"ack/a", "1"}, {"other", "2"}, {"ack/b", ""}} {
		if err := b.Publish(m.topic, []byte(m.payload), false, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"ack/a=1", "ack/b="} {
		select {
		case got := <-heard:
			if got != want {
				t.Errorf("heard %s, want %s", got, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("did not hear %s", want)
		}
	}
}

// A server that reads and never answers, once it has sent what it is told to.
func mute(t *testing.T, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write(answer)
		_, _ = bufio.NewReader(conn).WriteTo(&bytes.Buffer{}) // until the client goes
		conn.Close()
	}()
	return l.Addr().String()
}

func TestAFullWindowHoldsThePublisherBack(t *testing.T) {
	c := dial(t, Options{Addr: mute(t, []byte{connack, 2, 0, 0}), Window: 3})
	for i := range 3 {
		if err := c.Publish("x", nil); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	fourth := make(chan error)
	go func() { fourth <- c.Publish("x", nil) }()
	select {
	case err := <-fourth:
		t.Fatalf("the fourth message went out: %v", err)
	case <-time.After(50 * time.Millisecond): // nothing to wait for: it must not happen
	}
	c.conn.Close()
	if err := <-fourth; plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("after the end of the connection: %v", err)
	}
}

func TestDrainEndsWithTheContext(t *testing.T) {
	c := dial(t, Options{Addr: mute(t, []byte{connack, 2, 0, 0})})
	if err := c.Publish("x", nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := c.Drain(ctx); err != context.Canceled {
		t.Errorf("drain: %v", err)
	}
}

func TestABrokerThatMisbehaves(t *testing.T) {
	hello := []byte{connack, 2, 0, 0}
	for _, c := range []struct {
		name   string
		answer []byte
		want   string // of Dial or of what follows
	}{
		{"refuses the login", []byte{connack, 2, 0, 5}, "code 5"},
		{"answers something else", []byte{suback, 1, 0}, "instead of CONNACK"},
		{"hangs up", nil, "EOF"},
		{"acknowledges what was not sent", append(hello, puback, 2, 0, 9), "not under way"},
		{"sends a PUBACK without identifier", append(hello, puback, 1, 0), "no identifier"},
		{"sends a message at QoS 1", append(hello, publish1, 5, 0, 1, 'x', 0, 1), "QoS that was not asked for"},
		{"cuts a message short", append(hello, publish, 3, 0, 9, 'x'), "cut short"},
		{"sends what no broker sends", append(hello, connect, 0), "packet of type 0x10"},
		{"sends an endless length", append(hello, publish, 0xff, 0xff, 0xff, 0xff), "longer than"},
		{"sends a packet of 200 MB", append(hello, publish, 0xff, 0xff, 0xff, 0x7f), "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := mute(t, c.answer)
			if c.answer == nil {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				go func() {
					if conn, err := l.Accept(); err == nil {
						_, _ = conn.Read(make([]byte, 100)) // what is unread at a close resets the connection
						conn.Close()
					}
				}()
				addr = l.Addr().String()
			}
			client, err := Dial(t.Context(), Options{Addr: addr, ClientID: "x"})
			if err == nil {
				defer client.Close()
				<-client.ended
				err = client.Publish("x", nil)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestImpossibleOptions(t *testing.T) {
	for _, w := range []int{-1, maxWindow + 1} {
		if _, err := Dial(t.Context(), Options{Addr: "127.0.0.1:1", Window: w}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("window %d: %v", w, err)
		}
	}
}

// FuzzReadPacket: whatever a broker sends, it is refused or read, and no more
// memory is taken than a packet may have.
func FuzzReadPacket(f *testing.F) {
	f.Add([]byte{connack, 2, 0, 0})
	f.Add([]byte{publish, 5, 0, 1, 'x', 'h', 'i'})
	f.Add([]byte{puback, 2, 0, 1, puback, 2, 0, 2})
	f.Add([]byte{publish, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bufio.NewReader(bytes.NewReader(b))
		var buf []byte
		for {
			var p packet
			var err error
			if p, buf, err = readPacket(in, buf); err != nil {
				return
			}
			if len(p.body) > maxPacket {
				t.Fatalf("a packet of %d bytes", len(p.body))
			}
			topic, payload, err := p.message()
			if err == nil && len(topic)+len(payload)+2 != len(p.body) {
				t.Fatalf("%d bytes of topic and %d of payload from %d", len(topic), len(payload), len(p.body))
			}
			_, _ = p.id() // an error, or two bytes
		}
	})
}
