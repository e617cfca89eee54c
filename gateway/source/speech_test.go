package source_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// polite is a family whose devices want to be greeted: the greeting says where
// they speak, and one that has not spoken for a while is gone.
type polite struct {
	plantroom.Decoder
	patience time.Duration

	lastSaid plantroom.Instant
}

func (p *polite) Will(plantroom.Instant) *plantroom.Publication {
	return &plantroom.Publication{Topic: "host/state", Payload: []byte("gone")}
}

func (p *polite) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	p.lastSaid = m.Received
	m.Topic = strings.Replace(m.Topic, "quiet/", "plantroom-device/", 1)
	return p.Decoder.Decode(m)
}

func (p *polite) Turn(now plantroom.Instant, connected bool) plantroom.Turn {
	var t plantroom.Turn
	if connected {
		t.Subscribe = []string{"quiet/+"}
		t.Publish = []plantroom.Publication{{Topic: "host/state", Payload: []byte("here"), QoS: 1, Retain: true}}
	}
	if p.lastSaid.IsZero() {
		return t
	}
	if t.Next = p.lastSaid.Add(p.patience); now >= t.Next {
		t.Samples = []plantroom.Sample{{Address: "d", Signal: "online", Value: plantroom.Bool(false), At: now}}
		p.lastSaid, t.Next = 0, 0
	}
	return t
}

// listener hears a topic, and tells what it has heard so far.
func listener(t *testing.T, b brokertest.Broker, topic string) func() string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	var mu sync.Mutex
	var all []string
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "listener"}, mqttconn.Session{Handle: func(m mqtt.Message) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, string(m.Payload()))
		m.Ack()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.SubscribeAll(ctx, topic); err != nil {
		t.Fatal(err)
	}
	return func() string { mu.Lock(); defer mu.Unlock(); return strings.Join(all, " ") }
}

// say publishes one message.
func say(t *testing.T, b brokertest.Broker, topic, payload string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "sayer"}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendAndWait(ctx, topic, false, []byte(payload)); err != nil {
		t.Fatal(err)
	}
}

func TestASpeakerSaysThatItIsHereAndTheBrokerThatItIsGone(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		heard := listener(t, b, "host/state")
		s := start(t, b, &disk{}, func(o *source.Options) { o.Decoder = &polite{Decoder: o.Decoder, patience: time.Hour} })
		wait(t, "it says that it is here", func() bool { return strings.HasSuffix(heard(), "here") })
		s.up()
		say(t, b, "quiet/d", `{"v":{"distance_m":1}}`) // heard because it asked for the topic
		s.hears("d=1")

		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		rival, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "gw-b1-plain"}, mqttconn.Session{}) // throws ours out
		if err != nil {
			t.Fatal(err)
		}
		wait(t, "the broker says that it is gone", func() bool { return strings.Contains(heard(), "gone") })
		rival.Close()
		wait(t, "it is back", func() bool { return strings.HasSuffix(heard(), "gone here") })

		b.Stop()
		wait(t, "the loss is noticed", func() bool { return !s.src.State().Connected })
		b.Start()
		s.up()
		heard = listener(t, b, "host/state")
		wait(t, "it says so again on a new connection", func() bool { return strings.HasSuffix(heard(), "here") })
		say(t, b, "quiet/d", `{"v":{"distance_m":2}}`)
		s.hears("d=1 d=2")
	})
}

func TestASpeakerNoticesWhatDoesNotCome(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := start(t, b, &disk{}, func(o *source.Options) { o.Decoder = &polite{Decoder: o.Decoder, patience: 50 * time.Millisecond} })
	s.up()
	device(t, b, "d=1")
	s.hears("d=1 d=false")
}
