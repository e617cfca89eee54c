package live_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/services/app"
	"plantroom/sim/estates"
	"plantroom/sim/live"
	"plantroom/sim/scenario"
)

const short = `scenario: A short one
estate: story
start: "2026-03-02 08:00"
length: 1h
residents: true
do:
  - {at: 2m, fault: {lift: b1-l1, cause: overspeed}}
expect:
  - {never: true, count: {lost: 1}}
`

// heard is what a broker would have been given.
type heard struct {
	mu   sync.Mutex
	msgs []plantroom.Message
}

func (h *heard) publish(_ context.Context, topic string, payload []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.msgs = append(h.msgs, plantroom.Message{Topic: topic, Payload: payload, Received: plantroom.At(time.Now())})
	return nil
}

// Where a story is to be played for days, its acts come again when its length is over.
func TestAStoryBeginsAnewWhenItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scenario.Parse("short.yaml", []byte(short))
		if err != nil {
			t.Fatal(err)
		}
		e, err := estates.Load(s.Estate)
		if err != nil {
			t.Fatal(err)
		}
		began := plantroom.At(time.Now())
		var at []time.Duration
		p, err := live.New(live.Options{Scenario: s, Estate: e, Clock: app.DemoClock{Began: began, Virtual: began, Speed: 1}, Again: true, Publish: new(heard).publish,
			Tell: func(now plantroom.Instant, _, _ string) { at = append(at, now.Sub(began)) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour+30*time.Minute)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{2 * time.Minute, 62 * time.Minute, 122 * time.Minute}; !slices.Equal(at, want) {
			t.Errorf("its only act came at %v, want %v", at, want)
		}
	})
}

// play performs the short scenario for a while of the bubble's time.
func play(t *testing.T, speed float64, stamp bool, length time.Duration) (*heard, *live.Player, app.DemoClock) {
	t.Helper()
	s, err := scenario.Parse("short.yaml", []byte(short))
	if err != nil {
		t.Fatal(err)
	}
	e, err := estates.Load(s.Estate)
	if err != nil {
		t.Fatal(err)
	}
	start, err := s.StartIn(time.FixedZone("CST", 8*3600))
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{}
	clock := app.DemoClock{Began: plantroom.At(time.Now()), Virtual: start, Speed: speed}
	p, err := live.New(live.Options{Scenario: s, Estate: e, Clock: clock, Stamp: stamp, Publish: h.publish})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return h, p, clock
}

func samples(t *testing.T, msgs []plantroom.Message) (out []plantroom.Sample) {
	t.Helper()
	for _, f := range devices.Families() {
		d := f.New(devices.Options{Models: estates.Models()})
		for _, m := range msgs {
			ss, err := d.Decode(m)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, ss...)
		}
	}
	return out
}

func TestAWorldThatRunsFastStampsWithRealTimeForARealServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := plantroom.At(time.Now())
		h, p, _ := play(t, 60, true, 10*time.Second)
		ss := samples(t, h.msgs)
		for _, s := range ss {
			if s.At < began || s.At > began.Add(10*time.Second) {
				t.Fatalf("%s %s carries %s, outside the ten real seconds from %s", s.Address, s.Signal, s.At, began)
			}
		}
		n := 0
		for _, k := range p.Sent() {
			n += k
		}
		if n != len(ss) || n < 500 {
			t.Errorf("%d readings remembered, %d sent; ten minutes of the estate have more than 500", n, len(ss))
		}
	})
}

func TestBeforeADemonstrationServerDevicesCarryTheEstatesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, clock := play(t, 60, false, 10*time.Second)
		faults := 0
		for _, s := range samples(t, h.msgs) {
			if s.At < clock.Virtual || s.At > clock.Virtual.Add(10*time.Minute) {
				t.Fatalf("%s carries %s, outside the estate's ten minutes", s.Address, s.At)
			}
			if s.Signal == "fault" && s.Value.Str() == "overspeed" {
				if faults++; faults == 1 && s.At != clock.Virtual.Add(2*time.Minute) {
					t.Errorf("the fault of 2m came at %s", s.At)
				}
			}
		}
		if faults == 0 {
			t.Error("the fault was not played")
		}
	})
}

func TestAnActOnPlantroomItselfIsRefused(t *testing.T) {
	s, err := scenario.Parse("s.yaml", []byte(strings.Replace(short, "fault: {lift: b1-l1, cause: overspeed}", "server: {down: 1m}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	e, err := estates.Load("story")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := live.New(live.Options{Scenario: s, Estate: e, Clock: app.DemoClock{Speed: 1}}); err == nil || !strings.Contains(err.Error(), "s.yaml:7:5") || !strings.Contains(err.Error(), "plantroom-sim run") {
		t.Errorf("want a refusal that names the line and run, got %v", err)
	}
}
