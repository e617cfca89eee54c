package app

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/services/app/config"
	"plantroom/services/ingest"
)

// message is one of a broker's, as paho hands it over.
type message struct {
	payload []byte
	acked   *atomic.Int64
}

func (m message) Duplicate() bool   { return false }
func (m message) Qos() byte         { return 1 }
func (m message) Retained() bool    { return false }
func (m message) Topic() string     { return "plantroom/1/story/gw-b1/up" }
func (m message) MessageID() uint16 { return 1 }
func (m message) Payload() []byte   { return m.payload }
func (m message) Ack()              { m.acked.Add(1) }

func newRemote(log *notebook) *remote {
	return &remote{server: &Server{in: make(chan ingest.Delivery), log: log.logger()}, more: make(chan struct{}, 1)}
}

func TestABrokerCannotMakeUsHoldWithoutBound(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
		most int64 // messages held
	}{{"many small messages", 10, maxWaiting}, {"large messages", 1 << 20, maxBytes >> 20}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRemote(&notebook{})
				ctx, cancel := context.WithCancel(t.Context())
				go r.carry(ctx) // takes one into its hands
				var acked atomic.Int64
				payload := make([]byte, c.size)
				for range 2 * c.most {
					r.handle(message{payload, &acked})
					synctest.Wait()
				}
				if held := 2*c.most - acked.Load(); held != c.most+1 {
					t.Errorf("%d messages are held, want %d and the one that is being handed over", held, c.most)
				}
				// What was let go is acknowledged, or the broker would hold back
				// everything else; what is held comes through once there is room.
				before := acked.Load()
				for range c.most + 1 {
					<-r.server.in
				}
				synctest.Wait()
				if n := acked.Load() - before; n != c.most+1 || r.size != 0 || len(r.wait) != 0 {
					t.Errorf("%d were acknowledged as they were handed over, want %d; %d bytes still count", n, c.most+1, r.size)
				}
				r.handle(message{payload, &acked})
				<-r.server.in
				cancel()
			})
		})
	}
}

func TestAMessageIsAcknowledgedAfterItIsHandedOverAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(&notebook{})
		ctx, cancel := context.WithCancel(t.Context())
		go r.carry(ctx)
		var acked atomic.Int64
		for _, text := range []string{"one", "two", "three"} {
			r.handle(message{[]byte(text), &acked})
		}
		synctest.Wait()
		for n, want := range []string{"one", "two", "three"} {
			if got := acked.Load(); got != int64(n) {
				t.Errorf("%d are acknowledged before %q is taken", got, want)
			}
			if d := <-r.server.in; string(d.Payload) != want || d.Topic != "plantroom/1/story/gw-b1/up" {
				t.Errorf("%s came on %s, want %s", d.Payload, d.Topic, want)
			}
			synctest.Wait()
		}
		r.handle(message{[]byte("four"), &acked})
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got := acked.Load(); got != 3 {
			t.Errorf("%d are acknowledged, want 3: the fourth was never taken", got)
		}
	})
}

func TestABrokerThatIsAwayIsSaidOnceAndTriedOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tried := make(chan struct{}, 16)
	go func() { // turns everybody away
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
			tried <- struct{}{}
		}
	}()
	defer l.Close()
	var book notebook
	s := &Server{log: book.logger(), in: make(chan ingest.Delivery), cfg: &config.Config{
		Broker: config.Broker{URL: "tcp://" + l.Addr().String()}, Estate: plantroom.Estate{ID: "story"}}}
	if err := s.startUplinks(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	for range 3 {
		select {
		case <-tried:
		case <-time.After(time.Minute):
			t.Fatal("it is not tried again")
		}
	}
	if n := book.lines("gateways are not heard"); n != 1 || book.lines("next=") != 1 {
		t.Errorf("%d lines say so, want one", n)
	}
	away := s.uplinks.check(t.Context())
	for what, err := range map[string]error{"check": away, "publish": s.uplinks.publish(t.Context(), "t", nil), "ack": s.uplinks.ack("t", nil)} {
		if plantroom.CodeOf(err) != plantroom.CodeUnavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestABrokerWhoseOptionsCannotWorkIsRefusedAtTheStart(t *testing.T) {
	s := &Server{log: (&notebook{}).logger(), cfg: &config.Config{Broker: config.Broker{URL: "tcp://127.0.0.1:1", TLS: mqttconn.TLS{CA: "ca.pem"}}}}
	if err := s.startUplinks(t.Context()); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("TLS files for a connection without TLS: %v", err)
	}
	s.Stop()
}
