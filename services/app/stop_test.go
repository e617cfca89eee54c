package app_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/app"
	"plantroom/services/store"
)

// ours returns the stacks of goroutines that are neither the runtime's nor the
// test's: those that run, or were started by, code outside of both.
func ours() []string {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var stacks []string
	for g := range strings.SplitSeq(string(buf), "\n\n") {
		if !strings.Contains(g, "testing.(*T).Run") && !strings.Contains(g, "testing.RunTests") && !strings.Contains(g, "testing.tRunner") &&
			!strings.Contains(g, "os/signal.") && !strings.Contains(g, "runtime.Stack") && !strings.Contains(g, "testing.(*M)") {
			stacks = append(stacks, g)
		}
	}
	return stacks
}

// wantNoMoreThan waits until no more goroutines than before are there.
func wantNoMoreThan(t *testing.T, before int) {
	t.Helper()
	var now []string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); runtime.Gosched() {
		if now = ours(); len(now) <= before {
			return
		}
	}
	t.Errorf("%d goroutines were there before, %d are now:\n%s", before, len(now), strings.Join(now, "\n\n"))
}

func TestStopLeavesNoGoroutineNoPortAndNoChild(t *testing.T) {
	before := len(ours())
	h := newHouse(t).start()
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()))
	g.stored()
	closeStream := h.follow() // somebody looks at the board
	defer closeStream()
	if err := h.Reload(t.Context(), h.load()); err != nil { // and the spine is a second one
		t.Fatal(err)
	}
	pid, addrs := h.InfluxPID(), []string{h.URL(), h.BrokerURL(), h.InfluxURL()}
	if pid == 0 || syscall.Kill(pid, 0) != nil {
		t.Fatalf("InfluxDB (process %d) does not run", pid)
	}

	h.Stop()
	h.Stop() // does nothing

	g.conn.Close()
	closeStream()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("InfluxDB still runs as process %d (%v)", pid, err)
	}
	for _, a := range addrs {
		_, addr, _ := strings.Cut(a, "://")
		if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			c.Close()
			t.Errorf("%s still answers", a)
		}
	}
	wantNoMoreThan(t, before)
	if text := h.log.String(); strings.Contains(text, "level=ERROR") {
		t.Errorf("an orderly stop logs errors:\n%s", text)
	}
}

// follow opens an event stream, waits for its first line, and returns what
// closes it.
func (h *house) follow() (done func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL()+"/api/v1/events", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token())
	resp, err := browser.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
		h.t.Fatal(err)
	}
	return func() { cancel(); resp.Body.Close() }
}

func TestAStartThatFailsLeavesNothingBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().String()
	for _, c := range []struct {
		name   string
		change func(*files)
		before func(*house)
		code   plantroom.Code
		says   string
	}{
		{"the pages' port is taken", func(f *files) { f.Web = port }, nil,
			plantroom.CodeUnavailable, "serve the pages: the address " + port + " cannot be used"},
		{"influxd is not there", func(f *files) { f.Binary = "./nowhere/influxd" }, nil,
			plantroom.CodeNotFound, "nowhere/influxd is not there"},
		{"the broker's port is taken", func(f *files) { f.MQTT = port }, nil,
			plantroom.CodeUnavailable, "start the MQTT broker: it cannot serve on " + port},
		{"the store holds what the rules cannot read", nil, (*house).spoilDetector,
			plantroom.CodeInvalid, "take up what the store holds: the rules cannot go on from it: restore detector: the state of lift.fault on b1-l1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(ours())
			h := newHouse(t)
			if c.change != nil {
				c.change(&h.files)
				h.write()
			}
			if c.before != nil {
				c.before(h)
			}
			s, err := app.Start(t.Context(), h.load(), app.Options{})
			if s != nil || plantroom.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, %v; want code %s and %q", s, err, c.code, c.says)
			}
			wantNoMoreThan(t, before)
		})
	}
}

// spoilDetector writes a state into the database that no detector has written.
func (h *house) spoilDetector() {
	h.t.Helper()
	if err := os.MkdirAll(h.path("data"), 0o700); err != nil {
		h.t.Fatal(err)
	}
	s, err := store.Open(h.t.Context(), h.path("data", "plantroom.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	err = s.Update(h.t.Context(), func(tx plantroom.Tx) error {
		return tx.PutDetections([]plantroom.Detection{{Rule: "lift.fault", Asset: "b1-l1", State: []byte("nonsense")}})
	})
	if err := errors.Join(err, s.Close()); err != nil {
		h.t.Fatal(err)
	}
}

func TestAStopThatComesWhileMuchWaitsDoesNotHang(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	h.influx.Stop() // what is judged from now on cannot be written
	stop := make(chan struct{})
	flooded := make(chan struct{})
	go func() { // more than all channels hold
		defer close(flooded)
		payload, err := wire.AppendState(nil, wire.State{Gateway: "gw-b1", Online: true, Epoch: epoch, Base: 1, Next: 1, At: h.now()})
		for err == nil {
			select {
			case <-stop:
				return
			default:
				err = g.conn.Send(wire.Topic("story", "gw-b1", wire.StateLeaf), false, payload)
			}
		}
	}()
	g.take(reading("b1-l1-box", "floor", plantroom.Float(1), h.now()))
	g.seen()
	stopped := make(chan struct{})
	go func() { h.Stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(time.Minute): // what waits for InfluxDB gets a few seconds
		t.Error("the stop hangs")
	}
	close(stop)
	<-flooded
}
