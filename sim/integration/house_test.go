package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
	"plantroom/services/app"
	"plantroom/services/influxd/influxdtest"
	"plantroom/sim/live"
	"plantroom/sim/scenario"
	"plantroom/sim/stack"
)

// soon is how long something may take that happens at once on a machine that
// has nothing else to do.
const soon = 45 * time.Second

// reconnected is how long it may take until everybody is back at a broker that
// runs again: the pauses between attempts grow to a minute (mqttconn.Backoff).
const reconnected = time.Minute + soon

// plan says what a test needs.
type plan struct {
	apart bool // mosquitto and influxd by themselves; else broker and influxd are the server's own
	speed float64
	fast  bool   // the server's clock runs at speed, too; not with apart
	story string // acts and contractors of a scenario; "": only what the test says happens
	past  int    // weeks of lift faults and then a day, before the server starts; 0: it has no past
}

// house is a whole Plantroom that runs, and the estate before it.
type house struct {
	*stack.Stack
	*post
	t   *testing.T
	dir string

	field   *mosquitto     // apart: the broker of the devices
	uplink  *mosquitto     // apart: the broker between gateways and server
	influxd *stack.Process // apart

	clock  app.DemoClock
	player *live.Player
	phones *live.Phones
	end    func() // of the player

	mu   sync.Mutex
	told []string
}

// open starts a house for the length of a test. At its end nothing of it may
// be left.
func open(t *testing.T, p plan) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), end: func() {}}
	t.Cleanup(h.leavesNothingBehind)
	hooks, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hooks.Close() })
	file, err := scenario.Parse("story.yaml", []byte(head+p.story))
	if err != nil {
		t.Fatal(err)
	}
	o := stack.Options{Dir: filepath.Join(h.dir, "stack"), Plantroom: program("plantroom"), Gateway: program("plantroom-gateway"),
		Estate: file.Estate, Hooks: hooks.Addr().String(), Edit: forEver}
	h.parts(p, &o)
	if p.past > 0 {
		o.Before = func(ctx context.Context, file string) error { return backfill(ctx, file, p.past) }
	}
	h.clock = app.DemoClock{Began: plantroom.At(time.Now().Add(headStart)), Virtual: virtualStart(t, file), Speed: max(p.speed, 1)}
	if p.fast {
		o.Clock = &h.clock
	}
	if h.Stack, err = stack.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	h.post = &post{broker: mqttconn.Options{URL: o.Site, ClientID: "devices"}, book: newBook(h.Estate)}
	t.Cleanup(h.close)
	t.Cleanup(h.tellIfFailed)
	h.people(file, p, hooks)
	return h
}

// head begins every story.
const head = `scenario: An estate that lives while its machines die
estate: story
start: "2026-03-02 07:40"
length: 24h
expect: [{never: true, count: {lost: 1}}]
`

// headStart is how long a fast clock stands still for the programs to start.
const headStart = 10 * time.Second

// forEver lets the contracts of the estate hold on the day of the test.
func forEver(estate []byte) []byte {
	return []byte(strings.ReplaceAll(string(estate), "to: 2027-01-01", "to: 2100-01-01"))
}

func virtualStart(t *testing.T, file *scenario.Scenario) plantroom.Instant {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at, err := file.StartIn(zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// parts starts what the stack stands on.
func (h *house) parts(p plan, o *stack.Options) {
	h.t.Helper()
	if !p.apart {
		o.Influxd = influxdtest.Binary(h.t)
		o.Site = brokertest.NewMochi(h.t).URL()
		return
	}
	h.field, h.uplink = startMosquitto(h.t, h.dir, "field"), startMosquitto(h.t, h.dir, "uplink")
	h.influxd, o.InfluxURL = startInfluxd(h.t, h.dir)
	o.Site, o.Broker = h.field.url, h.uplink.url
}

// people wakes the estate and its contractors up, where there is a story.
func (h *house) people(file *scenario.Scenario, p plan, hooks net.Listener) {
	h.t.Helper()
	if p.fast { // what is left of the head start
		within(h.t, 2*headStart, "the estate's time runs", func(context.Context) error {
			return unless(h.clock.Now() > h.clock.Virtual, "it stands still")
		})
	} else {
		h.clock.Began = plantroom.At(time.Now())
	}
	var err error
	h.player, err = live.New(live.Options{Scenario: file, Estate: h.Estate, Clock: h.clock, Stamp: !p.fast, Publish: h.publish, Tell: h.tell})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.phones = live.NewPhones(ctx, live.PhoneOptions{Script: file.Contractors, Secret: h.Secret, Clock: h.clock, Repair: h.player.Repair, Tell: h.tell})
	go h.phones.Serve(hooks)
	h.t.Cleanup(func() { cancel(); h.phones.Wait() })
	if p.story != "" {
		h.play()
	}
}

// play lets the estate live until end is called.
func (h *house) play() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.player.Run(ctx) }()
	over := false
	h.end = func() {
		cancel()
		if !over {
			over = true
			if err := <-ended; err != nil {
				h.t.Error("the estate: ", err)
			}
		}
	}
	h.t.Cleanup(h.end)
}

// tell notes what happens.
func (h *house) tell(at plantroom.Instant, who, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, who+": "+text)
	fmt.Fprintf(h.t.Output(), "%s  %s: %s\n", at.Time().Format("15:04:05"), who, text)
}

// say lets a box on a lift's controller say something now.
func (h *house) say(device string, v map[string]any) {
	h.t.Helper()
	topic, payload := box(device, time.Now(), v)
	if err := h.publish(h.t.Context(), topic, payload); err != nil {
		h.t.Fatal(err)
	}
}

// hears waits until devices have sent n more readings.
func (h *house) hears(n int) {
	h.t.Helper()
	n += h.book.count()
	within(h.t, soon, "the estate goes on", func(context.Context) error {
		got := h.book.count()
		return unless(got >= n, "%d of %d readings sent", got, n)
	})
}

// back starts programs that were killed.
func (h *house) back(ps ...*stack.Process) {
	h.t.Helper()
	for _, p := range ps {
		if err := p.Start(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// arrived waits until everything that was sent is in InfluxDB.
func (h *house) arrived() {
	h.t.Helper()
	within(h.t, reconnected, "every reading is in InfluxDB", h.complete)
}

func (h *house) complete(ctx context.Context) error {
	for id := range h.Gateways { // cheaper to ask than InfluxDB
		g, err := h.GatewayHealth(ctx, id)
		if err := errors.Join(err, unless(g.Spool.Records == 0, "%s still has %d records", id, g.Spool.Records)); err != nil {
			return err
		}
	}
	have, err := stored(ctx, h.Stack)
	if err != nil {
		return err
	}
	if lost := h.book.missing(h.book.count(), have); len(lost) > 0 {
		return fmt.Errorf("%d of %d readings are missing: %s", len(lost), h.book.count(), strings.Join(lost[:min(len(lost), 5)], "; "))
	}
	return nil
}

// incident waits for an incident of a rule on an asset.
func (h *house) incident(rule plantroom.RuleID, asset plantroom.AssetID) {
	h.t.Helper()
	within(h.t, soon, fmt.Sprintf("%s on %s is an incident", rule, asset), func(ctx context.Context) error {
		all, err := h.Incidents(ctx)
		if err != nil {
			return err
		}
		for _, in := range all {
			if in.Rule == rule && in.Asset == asset {
				return nil
			}
		}
		return fmt.Errorf("%d incidents, none of them that", len(all))
	})
}

// logged waits until a program has said words, all in one line, after the
// first from bytes of its log.
func (h *house) logged(p *stack.Process, from int, words ...string) {
	h.t.Helper()
	within(h.t, soon, fmt.Sprintf("%s says %q", p.Name, words), func(context.Context) error {
		text, err := p.Log()
		if err != nil {
			return err
		}
	lines:
		for line := range strings.Lines(text[from:]) {
			for _, w := range words {
				if !strings.Contains(line, w) {
					continue lines
				}
			}
			return nil
		}
		return fmt.Errorf("it has said:\n%s", text[from:])
	})
}

// sofar is how much a program has said.
func (h *house) sofar(p *stack.Process) int {
	h.t.Helper()
	text, err := p.Log()
	if err != nil {
		h.t.Fatal(err)
	}
	return len(text)
}

// audit ends the story, waits until everything has arrived, and checks all
// that Plantroom promises. Then it stops the stack and checks the ledger.
func (h *house) audit(setAside int) {
	h.t.Helper()
	h.end()
	h.arrived()
	h.checkOrders()
	within(h.t, soon, "nothing more is set aside", func(ctx context.Context) error {
		n, err := h.Quarantined(ctx)
		return errors.Join(err, unless(n == setAside, "%d things are in quarantine, want %d", n, setAside))
	})
	var gaps struct{ Items []plantroom.Gap }
	if err := h.Get(h.t.Context(), "/api/v1/gaps", &gaps); err != nil || len(gaps.Items) > 0 {
		h.t.Errorf("gaps were declared: %v, error %v", gaps.Items, err)
	}
	if _, bad := h.phones.Calls(); len(bad) > 0 {
		h.t.Errorf("the phones complain: %q", bad)
	}
	h.Stop()
	h.stoppedInOrder()
	h.verifyLedger()
}

func (h *house) checkOrders() {
	h.t.Helper()
	incidents, err := h.Incidents(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	orders, err := h.Orders(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, wrong := range stack.CheckOrders(incidents, orders) {
		h.t.Error(wrong)
	}
	h.t.Logf("%d readings, %d incidents, %d orders", h.book.count(), len(incidents), len(orders))
}

// stoppedInOrder checks that the programs have ended with exit code 0.
func (h *house) stoppedInOrder() {
	h.t.Helper()
	if err := h.Server.Exit(); err != nil {
		h.t.Errorf("the server ended with %v:\n%s", err, h.Server.Tail())
	}
	for id, g := range h.Gateways {
		if err := g.Exit(); err != nil {
			h.t.Errorf("%s ended with %v:\n%s", id, err, g.Tail())
		}
	}
}

// verifyLedger has the program check its own ledger, as an auditor would.
func (h *house) verifyLedger() {
	h.t.Helper()
	out, err := exec.Command(program("plantroom"), "ledger", "verify", h.Path("plantroom.yaml")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the chain is whole") {
		h.t.Errorf("plantroom ledger verify: %v: %s", err, out)
	}
}

// leavesNothingBehind runs last.
func (h *house) leavesNothingBehind() {
	http.DefaultClient.CloseIdleConnections()
	left, err := processes(h.dir)
	if err != nil || len(left) > 0 {
		h.t.Errorf("these still run: %q, error %v", left, err)
	}
	logs, err := filepath.Glob(filepath.Join(h.dir, "*", "*log"))
	if err != nil {
		h.t.Error(err)
	}
	for _, f := range logs {
		b, err := os.ReadFile(f)
		if err != nil {
			h.t.Error(err)
		}
		for _, dread := range []string{"DATA RACE", "panic:", "fatal error:"} {
			if i := strings.Index(string(b), dread); i >= 0 {
				h.t.Errorf("%s:\n%s", f, b[i:min(i+4000, len(b))])
			}
		}
	}
}

// tellIfFailed shows what a person would look at.
func (h *house) tellIfFailed() {
	if !h.t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for id, p := range h.Gateways {
		health, err := h.GatewayHealth(ctx, id)
		h.t.Logf("%s is %+v, error %v, and has said at last:\n%s", p.Name, health, err, p.Tail())
	}
	h.t.Logf("%s has said at last:\n%s", h.Server.Name, h.Server.Tail())
	metrics, err := h.Page(ctx, "/metrics")
	h.t.Logf("its metrics, error %v:", err)
	for line := range strings.Lines(string(metrics)) {
		if strings.HasPrefix(line, "plantroom_") {
			h.t.Log(strings.TrimSpace(line))
		}
	}
}

// unless is an error where a condition does not hold.
func unless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}
