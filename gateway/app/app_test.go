package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/app"
	"plantroom/gateway/app/config"
	"plantroom/gateway/broker"
	"plantroom/gateway/clock"
	"plantroom/gateway/sandbox"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
	"plantroom/internal/sdnotify"
)

const soon = time.Minute

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	brokertest.Wait(t, soon, what, done)
}

// gateway is a gateway in the process of the test.
type gateway struct {
	change func(*app.Options) // what this machine has; nil: the usual
	t      *testing.T
	file   string
	health string
	reload chan struct{}
	log    *log
	pin    *gpiotest.Pin
	stop   func() error
}

// log collects what is logged.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.text.Write(b) }
func (l *log) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

// manage is whom the next gateway reports to; nil: nobody.
var manage *sdnotify.Notifier

const twoSources = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: BROKER}
mqtt:
  - {name: one, broker: BROKER, family: plainjson, prefix: one, devices: [{match: "*"}]}
  - {name: two, broker: BROKER, family: plainjson, prefix: two, devices: [{match: "*"}]}
pins:
  - {device: b1-l1-fault, pin: GPIO17, map: {contact: {to: fault, values: {"true": controller_fault, "false": none}}}}
health: {listen: "127.0.0.1:0"}
`

func start(t *testing.T, text string, b brokertest.Broker) *gateway {
	t.Helper()
	return startWith(t, text, b, nil)
}

// startWith is start with files beside the gateway's.
func startWith(t *testing.T, text string, b brokertest.Broker, beside map[string]string) *gateway {
	t.Helper()
	return startOn(t, text, b, beside, func(*app.Options) {})
}

// startAt is startWith on a machine that tells the time.
func startAt(t *testing.T, text string, b brokertest.Broker, beside map[string]string, kernel clock.Kernel) *gateway {
	t.Helper()
	return startOn(t, text, b, beside, func(o *app.Options) { o.Kernel = kernel })
}

// synced is this machine, whatever is so with its clock where the test runs.
func synced() clock.Moment {
	m := clock.System()
	m.Synced = true
	return m
}

// startOn is startWith on a machine that has what change gives it.
func startOn(t *testing.T, text string, b brokertest.Broker, beside map[string]string, change func(*app.Options)) *gateway {
	t.Helper()
	g := &gateway{t: t, file: filepath.Join(t.TempDir(), "gateway.yaml"), reload: make(chan struct{}), log: &log{},
		pin: &gpiotest.Pin{N: "GPIO17", EdgesChan: make(chan gpio.Level)}}
	for name, content := range beside {
		if err := os.WriteFile(filepath.Join(filepath.Dir(g.file), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g.write(text, b)
	g.change = change
	g.run()
	return g
}

// run starts the gateway of a file.
func (g *gateway) run() {
	t := g.t
	t.Helper()
	cfg, err := config.Load(g.file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	o := app.Options{
		Sandbox: sandbox.Options{Command: []string{os.Args[0], sandbox.Argument}, Slow: max(1, int(500*time.Millisecond/codec.MaxTime))}, // other tests have the processor, too
		Manager: manage, Version: "test", Logger: slog.New(slog.NewTextHandler(g.log, nil)), Reload: g.reload,
		Load:    func() (config.Config, error) { return config.Load(g.file) },
		Ready:   func(health string) { ready <- health },
		OpenPin: func(string) (gpio.PinIO, error) { return g.pin, nil },
		Kernel:  synced,
		Backoff: mqttconn.Backoff{First: 10 * time.Millisecond, Cap: 100 * time.Millisecond},
	}
	if g.change != nil {
		g.change(&o)
	}
	go func() { ended <- app.Run(ctx, cfg, o) }()
	g.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = g.stop() }) // tests that care have stopped it
	select {
	case g.health = <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
}

func (g *gateway) write(text string, b brokertest.Broker) {
	g.t.Helper()
	if err := os.WriteFile(g.file, []byte(strings.ReplaceAll(text, "BROKER", b.URL())), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gateway) get(path string) string {
	g.t.Helper()
	r, err := http.Get("http://" + g.health + path)
	if err != nil {
		g.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: %s, %v", path, r.Status, err)
	}
	return string(b)
}

func (g *gateway) state() app.Health {
	g.t.Helper()
	var h app.Health
	if err := json.Unmarshal([]byte(g.get("/health")), &h); err != nil {
		g.t.Fatal(err)
	}
	return h
}

func (g *gateway) ok() {
	g.t.Helper()
	wait(g.t, "all is well", func() bool { return g.state().Status == "ok" })
}

// services collects readings as "device signal=value" and acknowledges.
type services struct {
	mu   sync.Mutex
	got  map[string]bool
	all  []plantroom.Reading // as they came
	seen uint64
}

func listen(t *testing.T, b brokertest.Broker) *services {
	t.Helper()
	s := &services{got: map[string]bool{}}
	var conn *mqttconn.Conn
	ready := make(chan struct{})
	handle := func(m mqtt.Message) {
		<-ready
		s.take(t, conn, m)
	}
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	conn, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "services"}, mqttconn.Session{Handle: handle})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	t.Cleanup(conn.Close)
	if err := conn.SubscribeAll(ctx, "plantroom/1/+/+/up"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *services) take(t *testing.T, conn *mqttconn.Conn, m mqtt.Message) {
	defer m.Ack()
	b, err := wire.DecodeBatch(m.Payload())
	if err != nil {
		t.Errorf("batch: %v", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, raw := range b.Records {
		if r, err := wire.DecodeRecord(raw); err == nil {
			s.got[fmt.Sprintf("%s %s=%s", r.Reading.Device, r.Reading.Signal, r.Reading.Value)] = true
			s.all = append(s.all, r.Reading)
		}
		s.seen = max(s.seen, b.First+uint64(i))
	}
	ack, err := wire.AppendAck(nil, wire.Ack{Epoch: b.Epoch, Stored: s.seen, Seen: s.seen})
	if err != nil {
		t.Errorf("ack: %v", err)
		return
	}
	go func() { _ = conn.Send(wire.Topic("story", "gw-b1", wire.AckLeaf), false, ack) }() // repeated with the next
}

func (s *services) has(what string) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.got[what] }

func publish(t *testing.T, b brokertest.Broker, topic, payload string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "device"}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendAndWait(ctx, topic, false, []byte(payload)); err != nil {
		t.Fatal(err)
	}
}

func TestDevicesAndContactsReachTheServices(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	g := start(t, twoSources, b)
	g.ok()
	publish(t, b, "one/b1-bin-1", `{"v":{"distance_m":0.5}}`)
	wait(t, "the reading arrived", func() bool { return s.has("b1-bin-1 distance_m=0.5") })
	wait(t, "the contact arrived", func() bool { return s.has("b1-l1-fault fault=none") })
	g.pin.EdgesChan <- gpio.High
	wait(t, "its change arrived", func() bool { return s.has("b1-l1-fault fault=controller_fault") })
	wait(t, "the spool is empty", func() bool { return g.state().Spool.Records == 0 })
	if err := g.stop(); err != nil {
		t.Error(err)
	}
}

func TestAChangedFileExchangesOnlyWhatHasChanged(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	g := start(t, twoSources, b)
	g.ok()
	g.write(strings.Replace(twoSources, "prefix: two", "prefix: three", 1), b)
	g.reload <- struct{}{}
	wait(t, "the file is at work", func() bool { return g.state().Reloads == 1 })
	g.ok()
	h := g.state()
	if h.Sources[0].Connects != 1 || h.Sources[0].Name != "source/one" || h.Uplink.Connects != 1 {
		t.Errorf("source one has connected %d times and the uplink %d times, want once", h.Sources[0].Connects, h.Uplink.Connects)
	}
	publish(t, b, "three/d", `{"v":{"x":1}}`)
	wait(t, "the new topic is heard", func() bool { return s.has("d x=1") })
	wait(t, "the log says what was exchanged", func() bool { return strings.Contains(g.log.String(), "parts_stopped=1 parts_started=1") })
}

func TestAFaultyFileIsListedAndChangesNothing(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	g := start(t, twoSources, b)
	g.ok()
	for i, c := range []struct{ old, new, want string }{
		{"family: plainjson", "family: zwave", `line=6`},
		{"family: plainjson", "family: zwave", `line=7`},
		{"spool: {dir: spool}", "spool: {dir: elsewhere}", "spool has changed, which needs a restart"},
		{"gateway: gw-b1", "gateway: gw-b2", "gateway has changed, which needs a restart"},
	} {
		g.write(strings.ReplaceAll(twoSources, c.old, c.new), b)
		g.reload <- struct{}{}
		wait(t, "the file is refused", func() bool { return g.state().Refused == i+1 })
		wait(t, "the log says "+c.want, func() bool { return strings.Contains(g.log.String(), c.want) }) // after it was counted
	}
	publish(t, b, "two/d", `{"v":{"x":1}}`)
	wait(t, "the gateway goes on as before", func() bool { return s.has("d x=1") })
}

func TestHealthNamesWhatIsWrong(t *testing.T) {
	b := brokertest.NewMochi(t)
	g := start(t, twoSources, b)
	g.ok()
	b.Stop()
	wait(t, "the loss is shown", func() bool {
		h := g.state()
		return h.Status == "degraded" && len(h.Problems) == 3 && strings.HasPrefix(h.Problems[0], "the uplink is down: ")
	})
	b.Start()
	g.ok()
}

func TestMetricsAreInThePrometheusTextFormat(t *testing.T) {
	b := brokertest.NewMochi(t)
	g := start(t, twoSources, b)
	g.ok()
	text := g.get("/metrics")
	for _, want := range []string{
		`plantroom_gateway_info{gateway="gw-b1",estate="story",version="test"} 1`,
		"# TYPE plantroom_gateway_spool_records gauge",
		"plantroom_gateway_uplink_connected 1",
		`plantroom_gateway_source_connected{source="source/one"} 1`,
		`plantroom_gateway_source_readings_total{source="pin/b1-l1-fault"} `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
	seen := map[string]bool{}
	family := ""
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# TYPE "):
			if family = f[2]; seen[family] {
				t.Errorf("family %s comes twice", family)
			}
			seen[family] = true
		case !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, family):
			t.Errorf("line %q does not belong to family %s", line, family)
		}
	}
}

func TestAGatewayThatCannotStartLeavesNothingRunning(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	cfg := config.Config{Gateway: "gw-b1", Estate: "story", Spool: config.Spool{Dir: filepath.Join(dir, "spool")}}
	cfg.Uplink.URL = "tcp://127.0.0.1:1"
	cfg.Health.Listen = busy.Addr().String()
	for range 2 { // the second time the spool's lock has to be free
		err = app.Run(context.Background(), cfg, app.Options{})
		if err == nil || !strings.Contains(err.Error(), "start the health page: listen on "+cfg.Health.Listen) {
			t.Errorf("got %v, want the busy address named", err)
		}
	}
}

const ownBroker = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: BROKER}
listen:
  addresses: [{address: "127.0.0.1:0", plain: true}]
  accounts: ACCOUNTS
  sources: [{name: boxes, family: plainjson, devices: [{match: "*"}]}]
health: {listen: "127.0.0.1:0"}
`

func TestADeviceOfTheGatewaysOwnBrokerReachesTheServices(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	accounts := filepath.Join(t.TempDir(), "accounts.yaml")
	if _, err := broker.AddAccount(accounts, "first", nil, nil); err != nil {
		t.Fatal(err)
	}
	file := strings.Replace(ownBroker, "ACCOUNTS", accounts, 1)
	g := start(t, file, b)
	g.ok()
	password, err := broker.AddAccount(accounts, "d", []string{"plantroom-device/d"}, nil) // while it runs
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	say := func(payload string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: "tcp://" + g.state().Listen.Addresses[0], ClientID: "d", Username: "d", PasswordFile: secret}, mqttconn.Session{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SendAndWait(ctx, "plantroom-device/d", false, []byte(payload)); err != nil {
			t.Fatal(err)
		}
		if h := g.state(); h.Spool.Stored == 0 {
			t.Error("it is acknowledged, and the spool has stored nothing")
		}
	}
	say(`{"v":{"x":1}}`)
	wait(t, "the reading arrived", func() bool { return s.has("d x=1") })
	g.write(strings.Replace(file, `match: "*"`, `match: "d*"`, 1), b)
	g.reload <- struct{}{}
	wait(t, "the file is at work", func() bool { return g.state().Reloads == 1 })
	g.ok()
	say(`{"v":{"x":2}}`)
	wait(t, "the next reading arrived", func() bool { return s.has("d x=2") })
	h := g.state()
	if h.Listen.Accounts != 2 || h.Listen.Messages != 1 || h.Sources[0].Name != "listen/boxes" || h.Sources[0].Readings != 1 || h.Uplink.Connects != 1 {
		t.Errorf("the health is %+v, %+v", h.Listen, h.Sources)
	}
	for _, want := range []string{"plantroom_gateway_listen_serving 1", "plantroom_gateway_listen_messages_total 1", `plantroom_gateway_source_readings_total{source="listen/boxes"} 1`} {
		if !strings.Contains(g.get("/metrics"), want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
}
