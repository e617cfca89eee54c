package app_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"plantroom"
	"plantroom/gateway/app"
	"plantroom/gateway/app/config"
	"plantroom/gateway/clock"
	"plantroom/gateway/reflex"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// relays is a Modbus TCP server: unit 5 is a board of 8 relays, and nobody else
// answers, as on a line whose other devices hang. It is written out, since a
// ready one keeps one question waiting for the other.
type relays struct {
	mu    sync.Mutex
	coils [8]bool
}

func (r *relays) on(coil int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.coils[coil]
}

// start listens and returns host:port.
func (r *relays) start(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(c)
		}
	}()
	return l.Addr().String()
}

// serve answers reading and writing of coils (functions 1 and 5 of the Modbus
// application protocol 1.1b3).
func (r *relays) serve(c net.Conn) {
	defer c.Close()
	q := make([]byte, 12)
	for {
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		if q[6] != 5 {
			continue
		}
		coil, n := binary.BigEndian.Uint16(q[8:]), binary.BigEndian.Uint16(q[10:])
		answer := append([]byte{}, q...)
		r.mu.Lock()
		switch q[7] {
		case 5:
			r.coils[coil] = n == 0xff00
		case 1:
			answer = append(answer[:8], 1, 0)
			answer[5] = 4
			for i := range n {
				if r.coils[coil+i] {
					answer[9] |= 1 << i
				}
			}
		}
		r.mu.Unlock()
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

const riser = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: UPLINK}
mqtt:
  - {name: zigbee, broker: BROKER, family: plainjson, devices: [{match: "*"}]}
modbus:
  - name: riser
    link: tcp://PLACE
    devices:
      - {device: b1-board, unit: 5, registers: coils-8, map: {coil_8: {to: output, values: {"true": "on", "false": "off"}}}}
outputs:
  - {name: riser, device: b1-valve, kind: valve, modbus: {link: riser, unit: 5, coil: 0}, closes: on, travel: 100ms}
  - {name: fire, device: b1-fire-valve, kind: valve, main: fire, modbus: {link: riser, unit: 5, coil: 1}, closes: on}
  - {name: buzzer, device: b1-buzzer, kind: buzzer, pin: GPIO17}
reflexes:
  - {name: leak, when: [{device: b1-leak, signal: state, equals: wet}], do: [{output: riser, to: closed}, {output: buzzer, to: on}]}
health: {listen: "127.0.0.1:0"}
`

// say publishes a reading as a sensor on site does.
func say(t *testing.T, b brokertest.Broker, device, payload string) {
	t.Helper()
	publish(t, b, "plantroom-device/"+device, payload)
}

// sick reads the health page of a gateway that may refuse readings.
func (g *gateway) sick() (h app.Health) {
	g.t.Helper()
	resp, err := http.Get("http://" + g.health + "/health")
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&h); err != nil {
		g.t.Fatal(err)
	}
	return h
}

func (g *gateway) order(output string, to reflex.Position, d time.Duration) (reflex.OutputStatus, error) {
	g.t.Helper()
	cfg, err := config.Load(g.file)
	if err != nil {
		g.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	s, durable, err := reflex.Send(ctx, app.Socket(cfg), reflex.Order{Output: output, To: to, For: plantroom.Duration(d)})
	if err == nil && !durable {
		g.t.Errorf("%s to %s is not durable", output, to)
	}
	return s, err
}

// ears waits until the reflexes hear all sources.
func (g *gateway) ears() {
	g.t.Helper()
	wait(g.t, "the reflexes and the sources hear", func() bool {
		h := g.state()
		for _, s := range h.Sources {
			if s.Connected != nil && !*s.Connected {
				return false
			}
		}
		return h.Reflexes != nil && len(h.Reflexes.Deaf) == 0
	})
}

func buzzing(g *gateway) bool {
	g.pin.Lock()
	defer g.pin.Unlock()
	return g.pin.L == gpio.High
}

func TestALeakClosesItsValveAndIsToldToTheServices(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	r := &relays{}
	g := start(t, strings.NewReplacer("PLACE", r.start(t), "UPLINK", "BROKER").Replace(riser), b)
	g.ears()
	say(t, b, "b1-leak", `{"v":{"state":"wet"}}`)
	wait(t, "the valve is closed and the buzzer sounds", func() bool { return r.on(0) && buzzing(g) })
	for _, w := range []string{"b1-leak state=wet", "b1-valve valve=closed", "b1-valve reflex=acted", "b1-valve driven_by=reflex", "b1-buzzer output=on"} {
		wait(t, "the services hear "+w, func() bool { return s.has(w) })
	}
	if r.on(1) {
		t.Error("a fire main was closed")
	}
	if _, err := g.order("fire", reflex.Closed, 0); plantroom.CodeOf(err) != plantroom.CodeForbidden {
		t.Errorf("closing a fire main: %v", err)
	}
	say(t, b, "b1-leak", `{"v":{"state":"dry"}}`)
	wait(t, "the buzzer is quiet", func() bool { return !buzzing(g) })
	if !r.on(0) {
		t.Error("the valve has opened by itself")
	}
	if _, err := g.order("riser", reflex.Auto, 0); err != nil {
		t.Fatal(err)
	}
	wait(t, "a person has it opened", func() bool { return !r.on(0) })
	for _, want := range []string{`plantroom_gateway_output_stuck{output="riser"} 0`, `plantroom_gateway_reflex_active{reflex="leak"} 0`} {
		if !strings.Contains(g.get("/metrics"), want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
}

func TestAPersonsOrderOutlivesARestart(t *testing.T) {
	b := brokertest.NewMochi(t)
	r := &relays{}
	text := strings.NewReplacer("PLACE", r.start(t), "UPLINK", "BROKER").Replace(riser)
	g := start(t, text, b)
	g.ears()
	st, err := g.order("riser", reflex.Open, time.Hour)
	if err != nil || st.Want != reflex.Open || st.Override == nil || st.Override.UID != uint32(os.Getuid()) {
		t.Fatalf("got %+v, %v", st, err)
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(g.file), "spool", "reflex.sock"))
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket: %v, %v", info.Mode(), err)
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	g.run()
	again := g
	again.ears()
	say(t, b, "b1-leak", `{"v":{"state":"wet"}}`)
	wait(t, "the buzzer sounds", func() bool { return buzzing(again) })
	o := again.state().Reflexes.Outputs[0]
	if r.on(0) || o.By != "person" || o.Override == nil || len(o.Reflexes) != 1 {
		t.Errorf("the coil is %v, and the page says %+v", r.on(0), o)
	}
	if _, err := again.order("riser", reflex.Auto, 0); err != nil {
		t.Fatal(err)
	}
	wait(t, "the valve is closed", func() bool { return r.on(0) })

	// A changed file keeps what is known by name.
	again.write(strings.Replace(text, "travel: 100ms", "travel: 200ms", 1), b)
	again.reload <- struct{}{}
	wait(t, "the file is at work", func() bool { return again.state().Reloads == 1 })
	wait(t, "the valve is known to be closed", func() bool { return again.state().Reflexes.Outputs[0].Is == reflex.Closed })
	if o := again.state().Reflexes.Outputs[0]; !r.on(0) || o.By != "reflex" {
		t.Errorf("after a reload the coil is %v, and the page says %+v", r.on(0), o)
	}
}

// Neither a dead uplink, nor a full spool, nor a device that hangs on the same
// link keeps a valve open for long. What counts is that it closes at all while
// they last; how long it takes is measured by make bench.
func TestNothingElseKeepsAValveOpen(t *testing.T) {
	b := brokertest.NewMochi(t)
	r := &relays{}
	text := strings.NewReplacer("PLACE", r.start(t), "UPLINK", "tcp://127.0.0.1:1", "spool: {dir: spool}", "spool: {dir: spool, max: 1MiB}",
		"    devices:\n", "    devices:\n      - {device: b1-mute, unit: 6, registers: coils-8, map: {coil_1: {}}}\n").Replace(riser)
	g := start(t, text, b)
	g.ears()
	ctx, cancel := context.WithTimeout(context.Background(), 4*soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "flood"}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	random := rand.NewChaCha8([32]byte{}) // what could be packed would not fill the spool
	noise := func() []byte {              // 60 readings of some 150 bytes
		var b strings.Builder
		raw := make([]byte, 50)
		for i := range 60 {
			random.Read(raw)
			fmt.Fprintf(&b, `,"n%d":"%x"`, i, raw)
		}
		return []byte(`{"v":{` + b.String()[1:] + `}}`)
	}
	flood, dry := context.WithCancel(ctx)
	var flooding sync.WaitGroup
	flooding.Go(func() { // all the time, since packing makes some room again
		for flood.Err() == nil {
			if err := c.SendAndWait(flood, "plantroom-device/b1-noise", false, noise()); err != nil && flood.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	defer flooding.Wait()
	defer dry()
	refused := func() uint64 { return g.sick().Spool.Refused }
	wait(t, "the spool is full", func() bool { return refused() > 0 })
	before := refused()
	begun := time.Now()
	say(t, b, "b1-leak", `{"v":{"state":"wet"}}`)
	wait(t, "the valve is closed and the buzzer sounds", func() bool { return r.on(0) && buzzing(g) })
	t.Logf("after %s, the publisher's connection included", time.Since(begun))
	wait(t, "the spool refuses readings as before", func() bool { return refused() > before })
	if h := g.sick(); h.Uplink.Connected {
		t.Error("the uplink is up")
	}
}

// A family that speaks has one subscription, before which the reflexes listen.
func TestALeakOfAFamilyThatSpeaksClosesItsValve(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	r := &relays{}
	text := strings.NewReplacer("PLACE", r.start(t), "UPLINK", "BROKER", "family: plainjson", "family: homeassistant").Replace(riser)
	g := start(t, text, b)
	g.ears()
	wait(t, "the source is up", func() bool { return *g.state().Sources[0].Connected })
	publish(t, b, "homeassistant/binary_sensor/leak/config", `{"device_class":"moisture","state_topic":"site/leak","unique_id":"u1","device":{"identifiers":["b1-leak"]}}`)
	wait(t, "the valve is closed", func() bool {
		publish(t, b, "site/leak", "ON")
		return r.on(0)
	})
	wait(t, "the services hear it", func() bool { return s.has("b1-leak state=wet") && s.has("b1-valve reflex=acted") })
}

// A gateway that starts in 1970 knows a leak when it sees one, and what it did
// gets to the services with the time at which it did it.
func TestALeakClosesItsValveBeforeTheClockIsSet(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	r := &relays{}
	begun := time.Now()
	var synced atomic.Bool
	g := startAt(t, strings.NewReplacer("PLACE", r.start(t), "UPLINK", "BROKER").Replace(riser)+"clock: {wait: 10m}\n", b, nil, func() clock.Moment {
		m := clock.Moment{ID: clock.BootID{1}, Boot: time.Since(begun)}
		if m.Wall = plantroom.Instant(m.Boot); synced.Load() {
			m.Wall, m.Synced = plantroom.At(begun).Add(m.Boot), true
		}
		return m
	})
	g.ears()
	say(t, b, "b1-leak", `{"v":{"state":"wet"}}`)
	wait(t, "the valve is closed", func() bool { return r.on(0) && buzzing(g) })
	if old := g.state().Reflexes.TooOld; old != 0 {
		t.Errorf("%d readings were taken for too old", old)
	}
	acted := plantroom.At(time.Now())
	synced.Store(true)
	wait(t, "the services hear", func() bool { return s.has("b1-valve valve=closed") && s.has("b1-valve reflex=acted") })
	wait(t, "the buzzer goes on", func() bool { return buzzing(g) })
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.all {
		if x.Device == "b1-valve" && x.Signal == "reflex" && (x.At < plantroom.At(begun) || x.At > acted.Add(time.Second)) {
			t.Errorf("the reflex acted at %s, want a time from %s to %s", x.At, plantroom.At(begun), acted)
		}
	}
	if !r.on(0) {
		t.Error("the valve opened when the clock was set")
	}
}
