package app_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"plantroom/gateway/app"
	"plantroom/gateway/sensor"
	"plantroom/gateway/sensor/gpioline"
	"plantroom/internal/mqttconn/brokertest"
)

const wired = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: BROKER}
pins:
  - {device: b1-water, pin: GPIO22, pull: up, active: low, heartbeat: 100ms, count: {signal: volume_l, per_pulse: 10, start: 4000}}
onewire:
  - {name: w1_bus_master1, devices: [{device: b1-pump-temp, serial: 28-00000a1b2c3d}]}
iio:
  - {device: b1-bin-2-mass, name: hx711, load: {tare: 84000, kg_per_count: 0.0005}}
ultrasonic:
  - {device: b1-bin-2-level, port: PORT, kind: a02yyuw}
health: {listen: "127.0.0.1:0"}
`

// pulser is a line that pulses: 20 ms on, 20 ms off, as fast as it is asked,
// until it has given so many.
type pulser struct {
	mu     sync.Mutex
	at     time.Duration
	number uint32
	left   int
}

func (p *pulser) Active() (bool, error) { return false, nil }
func (p *pulser) Now() time.Duration    { p.mu.Lock(); defer p.mu.Unlock(); return p.at }
func (p *pulser) Close() error          { return nil }

func (p *pulser) Wait(timeout time.Duration, into []gpioline.Edge) ([]gpioline.Edge, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		p.mu.Unlock()
		time.Sleep(min(timeout, 10*time.Millisecond))
		p.mu.Lock()
		p.at += timeout
		return into, nil
	}
	p.left--
	for _, active := range []bool{true, false} {
		p.number++
		into = append(into, gpioline.Edge{At: p.at, Active: active, Number: p.number})
		p.at += 20 * time.Millisecond
	}
	return into, nil
}

// terminal is a serial line on which something speaks all the time.
func terminal(t *testing.T, frame string) (path string) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := far.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(raw.Control(func(fd uintptr) {
		var n int
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		path = fmt.Sprintf("/dev/pts/%d", n)
	}), err); err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(10 * time.Millisecond):
				_ = far.SetWriteDeadline(time.Now().Add(time.Second))
				_, _ = far.WriteString(frame) // nobody may listen yet
			}
		}
	})
	t.Cleanup(func() { close(end); wait.Wait(); _ = far.Close() })
	return path
}

func TestReadingsOfEachKindOfWiredSensorReachTheServices(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	sys := fstest.MapFS{
		"bus/w1/devices/w1_bus_master1/28-00000a1b2c3d/w1_slave": {Data: []byte("72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n")},
		"bus/iio/devices/iio:device0/name":                       {Data: []byte("hx711\n")},
		"bus/iio/devices/iio:device0/in_voltage0_raw":            {Data: []byte("8672608\n")},
	}
	p := &pulser{left: 12}
	text := strings.Replace(wired, "PORT", terminal(t, "\xff\x03\x84\x86"), 1)
	g := startOn(t, text, b, nil, func(o *app.Options) {
		o.Sys = sys
		o.OpenEdges = func(name string, o gpioline.Options) (sensor.EdgeLine, error) {
			if name != "GPIO22" || o != (gpioline.Options{Pull: "up", ActiveLow: true}) {
				t.Errorf("%s is opened with %+v", name, o)
			}
			return p, nil
		}
	})
	g.ok()
	for _, want := range []string{"b1-pump-temp temperature_c=23.125", "b1-bin-2-mass mass_kg=100", "b1-bin-2-level distance_m=0.9",
		"b1-water counter_reset=true", "b1-water volume_l=4120", "b1-water bus_stuck=false"} {
		wait(t, want, func() bool { return s.has(want) })
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(filepath.Dir(g.file), "spool", "counters", "b1-water.json"))
	if err != nil || !strings.Contains(string(kept), `"pulses":12,"clean":true`) {
		t.Errorf("kept is %s, %v", kept, err)
	}
}
