package source_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
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

// recorder hears a topic, and gives everything that it has heard.
func recorder(t *testing.T, b brokertest.Broker, topic string) func() []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	var mu sync.Mutex
	var heard []string
	id := "recorder of " + topic
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: id}, mqttconn.Session{Handle: func(m mqtt.Message) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, string(m.Payload()))
		m.Ack()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.SubscribeAll(ctx, topic); err != nil {
		t.Fatal(err)
	}
	return func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(heard) }
}

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// listener hears a topic, and gives the last of it.
func listener(t *testing.T, b brokertest.Broker, topic string) func() string {
	t.Helper()
	heard := recorder(t, b, topic)
	return func() string { return last(heard()) }
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
		said := recorder(t, b, "host/state")
		heard := func() string { return last(said()) }
		s := start(t, b, &disk{}, func(o *source.Options) { o.Decoder = &polite{Decoder: o.Decoder, patience: time.Hour} })
		wait(t, "it says that it is here", func() bool { return heard() == "here" })
		s.up()
		say(t, b, "quiet/d", `{"v":{"distance_m":1}}`) // heard because it asked for the topic
		s.hears("d=1")

		b.Cut("gw-b1-plain")
		wait(t, "the broker says that it is gone", func() bool { return slices.Contains(said(), "gone") })
		wait(t, "it is back", func() bool { return heard() == "here" })

		b.Stop()
		wait(t, "the loss is noticed", func() bool { return !s.src.State().Connected })
		b.Start()
		s.up()
		heard = listener(t, b, "host/state")
		wait(t, "it says so again on a new connection", func() bool { return heard() == "here" })
		say(t, b, "quiet/d", `{"v":{"distance_m":2}}`)
		s.hearsAgain("d=1 d=2") // the cut may have swallowed the acknowledgement of the first
	})
}

func TestASpeakerNoticesWhatDoesNotCome(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := start(t, b, &disk{}, func(o *source.Options) { o.Decoder = &polite{Decoder: o.Decoder, patience: 50 * time.Millisecond} })
	s.up()
	device(t, b, "d=1")
	s.hears("d=1 d=false")
}

func TestASpeakerThatIsStoppedSaysItsWillItself(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		heard := listener(t, b, "host/state")
		s := start(t, b, &disk{}, func(o *source.Options) { o.Decoder = &polite{Decoder: o.Decoder, patience: time.Hour} })
		wait(t, "it says that it is here", func() bool { return heard() == "here" })
		s.stop() // in order: the broker forgets the will
		wait(t, "it says that it is gone", func() bool { return heard() == "gone" })
	})
}

// curious follows whatever topics its devices name.
type curious struct {
	plantroom.Decoder
	turn plantroom.Turn
}

func (c *curious) Will(plantroom.Instant) *plantroom.Publication { return nil }

func (c *curious) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	switch said := string(m.Payload); {
	case strings.HasPrefix(said, "follow "):
		c.turn.Subscribe = strings.Fields(said)[1:]
		return nil, nil
	case strings.HasPrefix(said, "leave "):
		c.turn.Unsubscribe = strings.Fields(said)[1:]
		return nil, nil
	case said == "late nonsense":
		c.turn.Err = plantroom.Errorf(plantroom.CodeInvalid, "nonsense that had to wait")
		return nil, nil
	}
	m.Topic = "plantroom-device/" + m.Topic[strings.LastIndex(m.Topic, "/")+1:]
	return c.Decoder.Decode(m)
}

func (c *curious) Turn(plantroom.Instant, bool) plantroom.Turn {
	t := c.turn
	c.turn = plantroom.Turn{}
	return t
}

func TestASpeakersTopicsComeAndGoAndOneThatIsRefusedHarmsNoOther(t *testing.T) {
	acl := filepath.Join(t.TempDir(), "acl")
	if err := os.WriteFile(acl, []byte("topic readwrite plantroom-device/#\ntopic readwrite open/#\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(acl), 0o755); err != nil {
		t.Fatal(err)
	}
	b := brokertest.Mosquitto(t, "allow_anonymous true\nacl_file "+acl)
	s := start(t, b, &disk{}, func(o *source.Options) { o.Decoder = &curious{Decoder: o.Decoder} })
	s.up()
	say(t, b, "plantroom-device/x", "follow secret/d open/d")
	say(t, b, "plantroom-device/d", `{"v":{"distance_m":1}}`)
	wait(t, "the topic that is permitted is heard", func() bool {
		say(t, b, "open/d", `{"v":{"distance_m":2}}`)
		return strings.Contains(s.disk.values(), "d=2")
	})
	say(t, b, "plantroom-device/x", "leave open/d")
	wait(t, "it is left", func() bool {
		before := s.disk.values()
		say(t, b, "open/d", `{"v":{"distance_m":3}}`)
		say(t, b, "plantroom-device/d", `{"v":{"distance_m":4}}`)
		wait(t, "the broker has given what it had to", func() bool { return strings.HasSuffix(s.disk.values(), "d=4") && s.disk.values() != before })
		return !strings.Contains(strings.TrimPrefix(s.disk.values(), before), "d=3")
	})
	if st := s.src.State(); st.Connects != 1 {
		t.Errorf("the refused topic cost %d connections: %s", st.Connects, st.LastError)
	}
	say(t, b, "plantroom-device/x", "late nonsense")
	wait(t, "what was noticed late is shown", func() bool { return strings.HasSuffix(s.disk.values(), "reject:nonsense that had to wait") })
}
