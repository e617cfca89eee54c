package source_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/chirpstack"
	"plantroom/firmware-bridge/plainjson"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

const soon = time.Minute

// disk is a spool that makes records durable when the test says so.
type disk struct {
	mu      sync.Mutex
	held    bool // nothing becomes durable
	err     error
	waiting []func()
	records []plantroom.Record
}

func (d *disk) Submit(rec []byte, done func(uint64, error)) error {
	r, err := wire.DecodeRecord(rec)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	store := func() {
		d.records = append(d.records, r)
		go done(uint64(len(d.records)), nil)
	}
	if d.held {
		d.waiting = append(d.waiting, store)
		return nil
	}
	store()
	return nil
}

func (d *disk) set(f func(*disk)) { d.mu.Lock(); defer d.mu.Unlock(); f(d) }

// values lists what is durable, as "device=value".
func (d *disk) values() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, r := range d.records {
		if r.Reject != nil {
			out = append(out, "reject:"+r.Reject.Reason)
			continue
		}
		out = append(out, string(r.Reading.Device)+"="+r.Reading.Value.String())
	}
	return strings.Join(out, " ")
}

// site is a source on a broker.
type site struct {
	t    *testing.T
	disk *disk
	src  *source.Source
	stop func()
}

func start(t *testing.T, b brokertest.Broker, d *disk, change func(*source.Options)) *site {
	t.Helper()
	binder, err := binding.New([]binding.Rule{{Match: "*"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := source.Options{
		Name: "plain", Broker: mqttconn.Options{URL: b.URL(), ClientID: "gw-b1-plain"}, Topics: plainjson.Topics(""),
		Decoder: plainjson.New(""), Intake: intake.New(d, binder),
		Backoff: mqttconn.Backoff{First: 10 * time.Millisecond, Cap: 50 * time.Millisecond},
		Full:    mqttconn.Backoff{First: 10 * time.Millisecond, Cap: 50 * time.Millisecond},
	}
	if change != nil {
		change(&o)
	}
	s := &site{t: t, disk: d}
	if s.src, err = source.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.src.Run(ctx)
	}()
	s.stop = func() { cancel(); <-ended }
	t.Cleanup(s.stop)
	return s
}

func (s *site) up() {
	s.t.Helper()
	wait(s.t, "the source is up", func() bool { return s.src.State().Connected })
}

func (s *site) hears(want string) {
	s.t.Helper()
	wait(s.t, "heard "+want, func() bool { return s.disk.values() == want })
}

// hearsAgain is hears for messages that the broker repeats: mochi does not
// keep the order of those that came within one second, and any broker may
// repeat one twice.
func (s *site) hearsAgain(want string) {
	s.t.Helper()
	var got []string
	defer func() {
		if s.t.Failed() {
			s.t.Logf("heard %q, the source is at %+v", got, s.src.State())
		}
	}()
	wait(s.t, "heard "+want+" in any order", func() bool {
		got = strings.Fields(s.disk.values())
		slices.Sort(got)
		return strings.Join(slices.Compact(got), " ") == want
	})
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	brokertest.Wait(t, soon, what, done)
}

// device publishes at QoS 1 in one burst, and waits for the broker to have the
// last message.
func device(t *testing.T, b brokertest.Broker, messages ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "device"}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send := func(topic string, retained bool, payload []byte) error { return c.Send(topic, retained, payload) }
	for i, m := range messages {
		if i == len(messages)-1 {
			send = func(topic string, retained bool, payload []byte) error {
				return c.SendAndWait(ctx, topic, retained, payload)
			}
		}
		address, value, _ := strings.Cut(m, "=")
		payload := value
		if !strings.HasPrefix(value, "?") {
			payload = `{"v":{"distance_m":` + value + `}}`
		}
		if err := send("plantroom-device/"+address, false, []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
}

func brokers(t *testing.T, test func(t *testing.T, b brokertest.Broker)) {
	t.Run("mochi", func(t *testing.T) { test(t, brokertest.NewMochi(t)) })
	t.Run("mosquitto", func(t *testing.T) { test(t, brokertest.Mosquitto(t, "allow_anonymous true")) })
}

func TestMessagesBecomeReadingsInTheirOrder(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := start(t, b, &disk{}, nil)
		s.up()
		var want []string
		for i := range 500 {
			want = append(want, fmt.Sprintf("d=%d", i))
		}
		device(t, b, want...)
		s.hears(strings.Join(want, " "))
	})
}

func TestMessagesSentWhileTheGatewayIsAwayAreKeptByTheBroker(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		d := &disk{}
		s := start(t, b, d, nil)
		s.up()
		device(t, b, "d=1")
		s.hears("d=1")
		s.stop()
		device(t, b, "d=2", "d=3")
		s = start(t, b, d, nil)
		s.hearsAgain("d=1 d=2 d=3")
	})
}

func TestReadingsThatTheBrokerKeptHaveAnEstimatedTime(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		d := &disk{}
		s := start(t, b, d, nil)
		s.up()
		device(t, b, "d=1")
		s.hears("d=1")
		s.stop()
		device(t, b, "d=2", "d=3")
		say(t, b, "plantroom-device/d", `{"t":"2026-03-02T08:00:00Z","v":{"distance_m":4}}`)
		s = start(t, b, d, nil)
		s.hearsAgain("d=1 d=2 d=3 d=4")
		d.set(func(d *disk) {
			for _, r := range d.records {
				want := plantroom.Good
				if v := r.Reading.Value.Num(); v == 2 || v == 3 {
					want = plantroom.EstimatedTime
				}
				if r.Reading.Quality != want {
					t.Errorf("the quality of %s is %s, want %s", r.Reading.Value, r.Reading.Quality, want)
				}
			}
		})
	})
}

func TestAMessageThatIsDeliveredAgainHasAnEstimatedTime(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := start(t, b, &disk{}, nil)
		s.up()
		s.disk.set(func(d *disk) { d.err = errors.New("spool full") })
		device(t, b, "d=1")
		wait(t, "the spool has refused", func() bool { return s.src.State().Failed >= 1 })
		s.disk.set(func(d *disk) { d.err = nil })
		s.hearsAgain("d=1")
		s.disk.set(func(d *disk) {
			if q := d.records[0].Reading.Quality; q != plantroom.EstimatedTime {
				t.Errorf("its quality is %s", q)
			}
		})
	})
}

func TestAMessageIsAcknowledgedOnlyWhenItIsOnDisk(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		d := &disk{held: true}
		s := start(t, b, d, nil)
		s.up()
		device(t, b, "d=1", "d=2")
		wait(t, "both were received", func() bool { return s.src.State().Messages == 2 })
		s.stop() // before they were durable, as in a power cut
		d.set(func(d *disk) { d.held, d.waiting = false, nil })
		s = start(t, b, d, nil)
		s.hearsAgain("d=1 d=2")
	})
}

func TestTopicsThatWereTakenOutOfTheFileAreNotHeardAnyMore(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := start(t, b, &disk{}, nil)
		s.up()
		s.stop()
		s = start(t, b, &disk{}, func(o *source.Options) { o.Topics = []string{"plantroom-device/wanted"} })
		s.up()
		device(t, b, "unwanted=1", "wanted=2", "unwanted=3", "wanted=4")
		s.hears("wanted=2 wanted=4")
	})
}

func TestABrokerThatLosesEverythingIsSubscribedAgain(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := start(t, b, &disk{}, nil)
		s.up()
		b.Stop()
		wait(t, "the loss is noticed", func() bool { return !s.src.State().Connected })
		b.Start()
		s.up()
		device(t, b, "d=1")
		s.hears("d=1")
	})
}

func TestWhatAFullSpoolRefusesComesAgainWhenThereIsRoom(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		d := &disk{}
		s := start(t, b, d, nil)
		s.up()
		s.stop()
		// The broker keeps both for us. Were they sent while we come and go, mochi could
		// lose one: what it gives to a connection that is just being taken over.
		device(t, b, "d=1", "d=2")
		d.set(func(d *disk) { d.err = errors.New("spool full") })
		s = start(t, b, d, nil)
		wait(t, "the spool has refused", func() bool { return s.src.State().Failed >= 2 })
		if d.values() != "" {
			t.Fatalf("stored %q in a full spool", d.values())
		}
		d.set(func(d *disk) { d.err = nil })
		s.hearsAgain("d=1 d=2")
	})
}

// lora has a source hear ChirpStack's events, of which a repeated one gives
// nothing.
func lora(o *source.Options) {
	o.Topics, o.Decoder = chirpstack.Topics(""), chirpstack.New(chirpstack.Options{})
}

// frame publishes an uplink of a LoRaWAN device at QoS 1.
func frame(t *testing.T, b brokertest.Broker, counter int, metres string) {
	t.Helper()
	const eui = "24e124535b316056"
	say(t, b, "application/a/device/"+eui+"/event/up", fmt.Sprintf(`{"deduplicationId":"frame-%d","time":"2026-03-02T00:00:0%dZ",
		"deviceInfo":{"devEui":"%s"},"fCnt":%d,"fPort":2,"data":"AQ==","object":{"distance_m":%s}}`, counter, counter, eui, counter, metres))
}

func TestAFrameThatAFullSpoolRefusedIsNotTakenForARepeatedOne(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := start(t, b, &disk{}, lora)
		s.up()
		s.disk.set(func(d *disk) { d.err = errors.New("spool full") })
		frame(t, b, 1, "1")
		wait(t, "the spool has refused", func() bool { return s.src.State().Failed >= 2 })
		s.disk.set(func(d *disk) { d.err = nil })
		s.hears("24e124535b316056=1")
	})
}

func TestAFrameWhoseConnectionWasLostOnItsWayToTheDiskIsNotTakenForARepeatedOne(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := start(t, b, &disk{held: true}, lora)
		s.up()
		frame(t, b, 2, "2")
		wait(t, "it was received", func() bool { return s.src.State().Messages == 1 })
		rival, err := mqttconn.Connect(t.Context(), mqttconn.Options{URL: b.URL(), ClientID: "gw-b1-plain"},
			mqttconn.Session{Persistent: true, Handle: func(mqtt.Message) {}}) // throws ours out
		if err != nil {
			t.Fatal(err)
		}
		defer rival.Close()
		wait(t, "it came again", func() (again bool) {
			s.disk.set(func(d *disk) { again = len(d.waiting) >= 2 })
			return again
		})
		s.disk.set(func(d *disk) { // the first sync fails
			for _, store := range d.waiting[1:] {
				store()
			}
			d.held, d.waiting = false, nil
		})
		frame(t, b, 3, "3")
		s.hearsAgain("24e124535b316056=2 24e124535b316056=3")
	})
}

func TestADiskThatIsStuckIsNoticed(t *testing.T) {
	b := brokertest.NewMochi(t)
	d := &disk{held: true}
	s := start(t, b, d, func(o *source.Options) { o.Patience = 50 * time.Millisecond })
	s.up()
	device(t, b, "d=1")
	wait(t, "the connection was given up and made again", func() bool { return s.src.State().Connects >= 2 })
	d.set(func(d *disk) { d.held = false })
	wait(t, "the message came again", func() bool { return strings.HasPrefix(d.values(), "d=1") })
}

func TestAnUndecodableMessageIsKeptAsARejectAndStopsNothing(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := start(t, b, &disk{}, nil)
	s.up()
	device(t, b, "d=?not JSON", "d=1")
	wait(t, "both are on disk", func() bool {
		v := s.disk.values()
		return strings.HasPrefix(v, "reject:plainjson d:") && strings.HasSuffix(v, " d=1")
	})
}

// brittle panics on one payload.
type brittle struct{ plantroom.Decoder }

func (b brittle) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	if string(m.Payload) == "?panic" {
		panic("index out of range")
	}
	return b.Decoder.Decode(m)
}

func TestADecoderThatPanicsStopsNothing(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := start(t, b, &disk{}, func(o *source.Options) { o.Decoder = brittle{o.Decoder} })
	s.up()
	device(t, b, "d=?panic", "d=1")
	s.hears("reject:the decoder panicked: index out of range d=1")
}

func TestARefusedSubscriptionIsAnErrorAndNotSilence(t *testing.T) {
	b := brokertest.NewMochi(t)
	b.Deny.Store(true)
	s := start(t, b, &disk{}, nil)
	wait(t, "the refusal is shown", func() bool { return strings.Contains(s.src.State().LastError, "does not permit plantroom-device/+") })
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	good := source.Options{Name: "x", Topics: []string{"a"}, Broker: mqttconn.Options{URL: "tcp://h", ClientID: "c"}}
	for _, change := range []func(*source.Options){
		func(o *source.Options) { o.Topics = nil },
		func(o *source.Options) { o.Broker.ClientID = "" },
		func(o *source.Options) { o.Broker.URL = "h" },
	} {
		o := good
		change(&o)
		if _, err := source.New(o); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

func TestPausesGrowWhileTheBrokerDoesNotAnswer(t *testing.T) {
	log := &lines{}
	b := brokertest.NewMochi(t)
	b.Stop()
	start(t, b, &disk{}, func(o *source.Options) {
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
		o.Backoff = mqttconn.Backoff{First: time.Millisecond, Cap: time.Hour, Use: time.Nanosecond} // any connection would be of use
	})
	began := time.Now()
	wait(t, "it has tried twelve times", func() bool { return log.count("is down") >= 12 })
	// The pauses are random up to 1, 2, 4 ... 2,048 ms: together less than 30 ms
	// once in a million times, where they do not grow nearly always.
	if d := time.Since(began); d < 30*time.Millisecond {
		t.Errorf("twelve attempts took %v: the pauses do not grow", d)
	}
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}
