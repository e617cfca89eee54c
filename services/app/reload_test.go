package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/yamldoc"
	"plantroom/services/app"
	"plantroom/services/app/config"
)

func TestAReloadTakesTheChangedEstateOver(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()),
		reading("b1-l2-box", "fault", plantroom.String("door_close_fault"), h.now())) // of a lift that nobody has told us of
	g.stored()
	if n := len(h.orders()); n != 1 {
		t.Fatalf("%d orders, want that of b1-l1", n)
	}
	h.files.Lifts = []string{"b1-l2"}
	h.write()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatal(err)
	}
	g.take(reading("b1-l2-box", "fault", plantroom.String("door_open_fault"), h.now()),
		reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()))
	g.stored()
	orders := h.orders()
	if len(orders) != 2 || orders[0].Asset != "b1-l2" || orders[1].Asset != "b1-l1" {
		t.Errorf("orders %+v, want the old one, once, and one of the new lift", orders)
	}
	if _, _, body := h.request("GET", "/api/v1/assets/b1-l2", h.token()); !strings.Contains(body, `"b1-l2"`) {
		t.Errorf("the API does not know the new lift: %s", body)
	}
	if h.log.count("level=WARN") != 0 {
		t.Errorf("a change of the estate alone needs no word:\n%s", h.log)
	}
}

// Batches come without a pause while the estate is exchanged ten times, and
// the gateway sends nothing twice of its own accord.
func TestAReloadLosesNoDelivery(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	at := h.now()
	done := make(chan error, 1)
	go func() {
		var err error
		for range 10 {
			err = errors.Join(err, h.Reload(t.Context(), h.load()))
		}
		done <- err
	}()
	reloading := true
	for n := 0; reloading || n < 100; n++ {
		g.take(reading("b1-l1-box", "floor", plantroom.Float(float64(n%12)), at.Add(time.Duration(n))))
		select {
		case err := <-done:
			if reloading = false; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	eventually(t, "all records are stored, although none was sent twice", func() bool { return g.acked().Stored == uint64(len(g.spool)) })
	if g.rewind {
		t.Error("the gateway was asked to send again")
	}
	if n := h.points("lift"); n != int64(len(g.spool)) {
		t.Errorf("InfluxDB holds %d values, want %d", n, len(g.spool))
	}
}

func TestAReloadThatCannotBeDoneIsRefusedAndChangesNothing(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	good := h.load()

	// A file with a fault does not even become a Config.
	h.files.Gateways = []string{"gw-b1", "gw-b1"}
	h.write()
	var faults yamldoc.Faults
	if _, err := config.Load(h.path("plantroom.yaml"), app.Known()); !errors.As(err, &faults) {
		t.Errorf("a gateway that is there twice: %v", err)
	}

	other := *good
	other.Estate.ID = "elsewhere"
	lonely := *good
	lonely.Estate.Ladders = nil // nobody could be called
	for name, cfg := range map[string]*config.Config{"another estate": &other, "a contract without its ladder": &lonely} {
		if err := h.Reload(t.Context(), cfg); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: %v, want it refused as invalid", name, err)
		}
	}
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()))
	g.stored()
	if orders := h.orders(); len(orders) != 1 || orders[0].Asset != "b1-l1" {
		t.Errorf("after refused reloads the orders are %+v", orders)
	}
}

// A roster that has a gap ahead is not put in force by a reload, but a server
// that is started with it comes up and says so.
func TestARosterWithAGapIsRefusedByAReloadAndNamedAtAStart(t *testing.T) {
	const nobodyAtNight = `roster: [{start: "08:00", end: "20:00", people: [li]}]`
	h := newHouse(t).withInflux().start()
	h.files.Duty = nobodyAtNight
	h.write()
	var faults yamldoc.Faults
	err := h.Reload(t.Context(), h.load())
	if !errors.As(err, &faults) || len(faults) == 0 || !strings.Contains(err.Error(), "estate.yaml:") || !strings.Contains(err.Error(), "nobody of quicklift is on duty") {
		t.Fatalf("the reload: %v", err)
	}
	if _, _, body := h.request("GET", "/api/v1/roster?days=1", h.token()); strings.Contains(body, `"kind":"gap"`) {
		t.Errorf("the refused roster is in force: %.300s", body)
	}
	recorded := func() int {
		_, _, body := h.request("GET", "/api/v1/ledger?limit=1000", h.token())
		return strings.Count(body, `"kind":"roster.published"`)
	}
	if n := recorded(); n != 1 {
		t.Errorf("%d rosters are on record, want that of the start", n)
	}
	h.files.Duty = nobodyAtNight + "\n    rotations: [{name: nights, people: [li], from: 2020-01-01, turn: 1d, hand_over: \"20:00\", start: \"20:00\", end: \"08:30\"}]"
	h.write()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatalf("with somebody at night: %v", err)
	}
	if err := h.Reload(t.Context(), h.load()); err != nil || recorded() != 2 {
		t.Errorf("%d rosters are on record, want that of the start and the changed one, once: %v", recorded(), err)
	}
	if h.log.count("look ahead: a roster or ladder is worth a look") != 2 {
		t.Errorf("li stands on two entries for half an hour, which the log does not say at each reload:\n%s", h.log)
	}
	if _, _, body := h.request("GET", "/api/v1/roster?days=1", h.token()); !strings.Contains(body, `"by":"rotation nights"`) {
		t.Errorf("the changed roster is not in force: %.300s", body)
	}

	other := newHouse(t, func(f *files) { f.Duty = nobodyAtNight }).withInflux().start()
	if other.log.count("look ahead: a roster or ladder is wrong") == 0 {
		t.Errorf("the start says nothing of the gap:\n%s", other.log)
	}
}

func TestAReloadSaysWhatHasToWaitForARestart(t *testing.T) {
	h := newHouse(t).withInflux().start()
	h.files.Gateways, h.files.More = []string{"gw-b1", "gw-b2"}, "# a comment is no change"
	h.write()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatal(err)
	}
	if h.log.count("level=WARN") != 1 || h.log.count("gateway=gw-b2 next=") != 1 {
		t.Errorf("want one warning, of the new gateway:\n%s", h.log)
	}
	changed := h.load()
	changed.Web.Office = "Estate office, 555 0100"
	if err := h.Reload(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if h.log.count("the other changes of the server's file are not") != 1 {
		t.Errorf("want a word on the office's number:\n%s", h.log)
	}
}

func TestAReloadAfterTheStopIsRefused(t *testing.T) {
	before := len(ours())
	h := newHouse(t).start()
	stopped := make(chan struct{})
	go func() { h.Stop(); close(stopped) }()
	var last error
	for over := false; !over; { // before, within and after the stop
		select {
		case <-stopped:
			over = true
		default:
		}
		last = h.Reload(t.Context(), h.load())
	}
	if plantroom.CodeOf(last) != plantroom.CodeUnavailable {
		t.Errorf("a reload after the stop: %v", last)
	}
	wantNoMoreThan(t, before)
}

func TestARestartContinues(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()))
	g.stored()
	h.live(g, 4*time.Minute)
	eventually(t, "the first rung of the ladder has called", func() bool { return strings.Contains(h.calls(), "ladder.call to person:li;") })
	eventually(t, "half and four fifths of the first window are told", func() bool { return h.orders()[0].Clocks[0].Marked == 80 })
	order, called := h.orders()[0], h.calls()

	h.Stop()
	h.start()
	g.opt.URL = h.BrokerURL()
	g.connect()
	g.sent = 0
	g.send() // all over again, as after a lost acknowledgement
	g.stored()
	if got := h.metric(`plantroom_batches_total{result="duplicate"}`); got != 1 {
		t.Errorf("%v duplicates, want the batch", got)
	}
	if got := h.metric("plantroom_readings_judged_total"); got != 0 {
		t.Errorf("%v readings were judged twice", got)
	}
	if again := h.orders(); len(again) != 1 || again[0].Version != order.Version || again[0].Level != order.Level {
		t.Errorf("the order was %+v and is %+v", order, again)
	}
	if again := h.calls(); again != called {
		t.Errorf("called before the restart: %s after it: %s", called, again)
	}

	h.live(g, 7*time.Minute)
	eventually(t, "the ladder goes on to its next rung", func() bool { return strings.Contains(h.calls(), "ladder.call to person:lin;") })
	g.take(reading("b1-l1-box", "fault", plantroom.String("none"), h.now()))
	g.stored()
	if in := get[plantroom.Incident](h, "/api/v1/incidents?open=true"); len(in) != 1 || in[0].ID != order.Incident || in[0].Cleared.IsZero() {
		t.Errorf("the fault has gone, and the incidents are %+v", in)
	}
}

// calls tells what was sent about the first order, and to whom.
func (h *house) calls() string {
	h.t.Helper()
	var b strings.Builder
	for _, c := range get[plantroom.Call](h, "/api/v1/orders/wo-000001/calls") {
		fmt.Fprintf(&b, "%s to %s; ", c.Kind, c.Who)
	}
	return b.String()
}

// live lets time pass with the gateway saying now and then that it is there.
func (h *house) live(g *gateway, d time.Duration) {
	h.t.Helper()
	const step = 20 * time.Second
	for heard := h.metric("plantroom_gateway_states_total"); d > 0; d -= step {
		h.pass(min(step, d))
		state, err := wire.AppendState(nil, wire.State{Gateway: g.id, Online: true, Epoch: epoch, Base: 1, Next: g.sent + 1, At: h.now()})
		if err != nil {
			h.t.Fatal(err)
		}
		g.say(wire.StateLeaf, state)
		heard++
		eventually(h.t, "the gateway is heard", func() bool { return h.metric("plantroom_gateway_states_total") == heard })
	}
}
