package uplink_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/uplink"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// errand is what a test gives an uplink to carry.
type errand struct {
	mu      sync.Mutex
	got     []string
	answer  string
	asking  bool
	changed chan struct{}
}

func (e *errand) Deliver(m []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got = append(e.got, string(m))
}
func (e *errand) Answer() []byte           { e.mu.Lock(); defer e.mu.Unlock(); return []byte(e.answer) }
func (e *errand) Asking() bool             { e.mu.Lock(); defer e.mu.Unlock(); return e.asking }
func (e *errand) Changed() <-chan struct{} { return e.changed }

func (e *errand) set(answer string, asking bool) {
	e.mu.Lock()
	e.answer, e.asking = answer, asking
	e.mu.Unlock()
	e.changed <- struct{}{}
}

func (e *errand) heard(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.got, text)
}

// office is a connection of the services that sends a configuration and hears
// the answer.
type office struct {
	*mqttconn.Conn
	mu      sync.Mutex
	answers []string
}

func newOffice(t *testing.T, b brokertest.Broker) *office {
	t.Helper()
	o := &office{}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	var err error
	o.Conn, err = mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "office"}, mqttconn.Session{Handle: func(m mqtt.Message) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.answers = append(o.answers, string(m.Payload()))
		m.Ack()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	if err := o.SubscribeAll(ctx, wire.Topic(estate, gateway, wire.AnswerLeaf)); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) heard(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.answers) > 0 && o.answers[len(o.answers)-1] == text
}

func (o *office) send(t *testing.T, text string) {
	t.Helper()
	if err := o.SendAndWait(t.Context(), wire.Topic(estate, gateway, wire.ConfigLeaf), true, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestConfigurationsComeAndTheirAnswerGoes(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		o := newOffice(t, b)
		o.send(t, "of before") // retained
		e := &errand{answer: "none", changed: make(chan struct{}, 1)}
		r := start(t, b, t.TempDir(), func(o *uplink.Options) { o.Errand = e })
		wait(t, "the one of before comes", func() bool { return e.heard("of before") })
		wait(t, "the answer of before goes", func() bool { return o.heard("none") })
		o.send(t, "of now")
		wait(t, "the one of now comes", func() bool { return e.heard("of now") })
		e.set("applied", false)
		wait(t, "the answer goes", func() bool { return o.heard("applied") })
		s := listen(t, b, nil)
		r.put(5)
		r.arrived(t, s, 5)
	})
}

// A gateway of which nothing comes learns whether it is heard, even where the
// services have never heard of its spool.
func TestAnAcknowledgementIsAskedForWithoutAReading(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := listen(t, b, nil)
		e := &errand{changed: make(chan struct{}, 1)}
		r := start(t, b, t.TempDir(), func(o *uplink.Options) { o.Errand, o.AskEvery = e, 10*time.Millisecond })
		wait(t, "it is connected", func() bool { return r.up.Stats().Connected })
		if n := r.up.Stats().Acks; n != 0 {
			t.Fatalf("%d acknowledgements of nothing", n)
		}
		e.set("", true)
		wait(t, "it is acknowledged", func() bool { return r.up.Stats().Acks > 0 })
		r.put(7)
		r.arrived(t, s, 7)
		s.set(func(s *services) {
			if n := r.up.Stats().Rewinds; n != 0 || len(s.gaps) != 0 {
				t.Errorf("asking has cost %d rewinds and gaps %v", n, s.gaps)
			}
		})
	})
}

// An access list may be older than the wish for configurations.
func TestABrokerThatPermitsNoConfigurationsCostsNoReading(t *testing.T) {
	b := brokertest.NewMochi(t)
	topic := wire.Topic(estate, gateway, wire.ConfigLeaf)
	b.Refuse.Store(&topic)
	s := listen(t, b, nil)
	r := start(t, b, t.TempDir(), func(o *uplink.Options) { o.Errand = &errand{changed: make(chan struct{}, 1)} })
	r.put(5)
	r.arrived(t, s, 5)
	if r.up.Stats().Deaf == "" {
		t.Error("nobody is told")
	}
}
