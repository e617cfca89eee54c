package uplink_test

import (
	"context"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

const (
	estate  = "story"
	gateway = "gw-b1"
)

// services is the other end of the road, as little of it as the uplink can
// tell: it keeps records in order, stores them at once and answers.
type services struct {
	t    testing.TB
	conn *mqttconn.Conn

	answers chan []byte

	mu      sync.Mutex
	epoch   uint64
	seen    uint64
	stored  uint64
	records map[uint64]string
	times   map[uint64]int // how often each record came
	gaps    [][2]uint64
	states  []wire.State
	rooms   []wire.Spool
	deaf    bool   // takes nothing in
	mute    bool   // takes in and does not answer
	echo    int    // answers more than once
	lose    uint64 // does not get the batch with this record, once
}

func newServices(t testing.TB) *services {
	s := &services{t: t, records: map[uint64]string{}, times: map[uint64]int{}, answers: make(chan []byte, 10_000)}
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go s.speak(done)
	return s
}

// listen connects services to a broker, again after it was restarted.
func listen(t testing.TB, b brokertest.Broker, s *services) *services {
	t.Helper()
	return listenAt(t, mqttconn.Options{URL: b.URL(), ClientID: "services"}, s)
}

func listenAt(t testing.TB, o mqttconn.Options, s *services) *services {
	t.Helper()
	if s == nil {
		s = newServices(t)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := mqttconn.Connect(ctx, o, mqttconn.Session{Handle: s.handle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	if err := conn.SubscribeAll(ctx, "plantroom/1/+/+/up", "plantroom/1/+/+/state", "plantroom/1/+/+/spool"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *services) handle(m mqtt.Message) {
	defer m.Ack()
	e, g, leaf, err := wire.ParseTopic(m.Topic())
	if err != nil || e != estate || g != gateway {
		s.t.Errorf("message on %s: %v", m.Topic(), err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if leaf == wire.StateLeaf {
		if st, err := wire.DecodeState(m.Payload()); err == nil {
			s.states = append(s.states, st)
		} else {
			s.t.Errorf("state: %v", err)
		}
		return
	}
	if leaf == wire.SpoolLeaf {
		room, err := wire.DecodeSpool(m.Payload())
		if err != nil {
			s.t.Errorf("spool: %v", err)
		}
		s.rooms = append(s.rooms, room)
		return
	}
	if s.deaf {
		return
	}
	b, err := wire.DecodeBatch(m.Payload())
	if err != nil {
		s.t.Errorf("batch: %v", err)
		return
	}
	if b.First <= s.lose && s.lose < b.First+uint64(len(b.Records)) {
		s.lose = 0
		return
	}
	s.take(b)
	if s.mute {
		return
	}
	for range 1 + s.echo {
		s.answer(wire.Ack{Epoch: b.Epoch, Stored: s.stored, Seen: s.seen})
	}
}

// take keeps what continues the row. The caller holds mu.
func (s *services) take(b wire.Batch) {
	if s.epoch != b.Epoch {
		s.epoch, s.seen, s.stored = b.Epoch, 0, 0
	}
	if b.Base > s.seen+1 {
		s.gaps = append(s.gaps, [2]uint64{s.seen + 1, b.Base - 1})
		s.seen, s.stored = b.Base-1, b.Base-1
	}
	if b.First > s.seen+1 {
		return
	}
	for i, r := range b.Records {
		seq := b.First + uint64(i)
		s.times[seq]++
		s.records[seq] = string(r)
		s.seen = max(s.seen, seq)
	}
	s.stored = s.seen
}

// answer publishes an acknowledgement. The caller holds mu.
func (s *services) answer(a wire.Ack) {
	p, err := wire.AppendAck(nil, a)
	if err != nil {
		s.t.Errorf("ack: %v", err)
		return
	}
	s.answers <- p
}

// speak publishes the answers in their order, beside paho's own goroutine.
func (s *services) speak(done <-chan struct{}) {
	for {
		select {
		case p := <-s.answers:
			s.mu.Lock()
			c := s.conn
			s.mu.Unlock()
			_ = c.Send(wire.Topic(estate, gateway, wire.AckLeaf), false, p) // the broker may be down
		case <-done:
			return
		}
	}
}

func (s *services) set(f func(*services)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func (s *services) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

func (s *services) lastRoom() wire.Spool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rooms) == 0 {
		return wire.Spool{}
	}
	return s.rooms[len(s.rooms)-1]
}

func (s *services) lastState() wire.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.states) == 0 {
		return wire.State{}
	}
	return s.states[len(s.states)-1]
}
