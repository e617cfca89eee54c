package device_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"plantroom/sim/device"
)

func TestALoopRunsWhenItsTimeHasComeAndNotBefore(t *testing.T) {
	var ran []time.Duration
	ended := false
	turns := device.NewTurns(eight, func(ctx context.Context, t *device.Turns) {
		for ctx.Err() == nil {
			ran = append(ran, t.Now().Sub(eight))
			t.Sleep(ctx, 400*time.Millisecond)
		}
		ended = true
	})
	turns.Until(eight.Add(time.Second))
	if want := []time.Duration{0, 400 * time.Millisecond, 800 * time.Millisecond}; !slices.Equal(ran, want) || turns.Now() != eight.Add(time.Second) {
		t.Errorf("it ran at %v, and it is %s", ran, turns.Now())
	}
	turns.Wake(eight.Add(1100 * time.Millisecond))
	turns.Until(eight.Add(1150 * time.Millisecond))
	if ran[len(ran)-1] != 1100*time.Millisecond {
		t.Errorf("it was not woken: %v", ran)
	}
	turns.Stop()
	if !ended {
		t.Error("it was stopped and has not ended")
	}
	turns.Until(eight.Add(time.Hour))
}

func TestALoopThatHasNotBegunCanBeStopped(t *testing.T) {
	device.NewTurns(eight, func(context.Context, *device.Turns) { t.Error("it runs") }).Stop()
}

func TestAContactBouncesAndIsSeenToByWhoeverWaits(t *testing.T) {
	c := device.NewContact()
	var seen []bool
	var at []time.Duration
	turns := device.NewTurns(eight, func(ctx context.Context, turns *device.Turns) {
		p := c.Wire(turns, true)
		for ctx.Err() == nil {
			if p.WaitForEdge(time.Second) {
				seen = append(seen, p.Read() == gpio.Low)
				at = append(at, turns.Now().Sub(eight))
			}
		}
	})
	turns.Until(eight.Add(1500 * time.Millisecond))
	c.Set(eight.Add(1500*time.Millisecond), true, 2)
	turns.Until(eight.Add(3 * time.Second))
	turns.Stop()
	ms := time.Millisecond
	if !slices.Equal(seen, []bool{true, false, true}) || !slices.Equal(at, []time.Duration{1500 * ms, 1503 * ms, 1506 * ms}) {
		t.Errorf("saw %v at %v", seen, at)
	}
}

// Ohm's law for a rope of 4.7 kΩ behind 10 kΩ at 3.3 V.
func TestARopeHasTheVoltsOfItsResistors(t *testing.T) {
	for _, c := range []struct {
		leak float64
		cut  bool
		want float64
	}{{0, false, 1.0551}, {20_000, false, 0.9097}, {0, true, 3.3}, {20_000, true, 2.2}, {100, false, 0.0320}} {
		r := device.Rope{SupplyVolt: 3.3, SeriesOhm: 10_000, EndOhm: 4_700, LeakOhm: c.leak, Cut: c.cut}
		if got := r.Volts(); math.Abs(got-c.want) > 0.0005 {
			t.Errorf("leak %v Ω, cut %v: %.4f V, want %.4f", c.leak, c.cut, got, c.want)
		}
	}
}

// At a full scale of 4.096 V a step is 125 µV.
func TestAConverterConvertsTheInputThatItIsTold(t *testing.T) {
	b := device.Bus{0x48: &device.ADC{Volts: [4]float64{0, 1.024, 0, -1}}}
	for input, want := range map[int][2]byte{1: {0x20, 0x00}, 3: {0xe0, 0xc0}, 2: {0, 0}} {
		c := uint16(0x8383) | uint16(4+input)<<12 | 1<<9
		if err := b.Tx(0x48, []byte{1, byte(c >> 8), byte(c)}, nil); err != nil {
			t.Fatal(err)
		}
		var got [2]byte
		if err := b.Tx(0x48, []byte{1}, got[:]); err != nil || got[0]&0x80 == 0 {
			t.Errorf("it is not ready: % x, %v", got, err)
		}
		if err := b.Tx(0x48, []byte{0}, got[:]); err != nil || got != want {
			t.Errorf("input %d: % x, %v; want % x", input, got, err, want)
		}
	}
	if err := b.Tx(0x49, []byte{0}, make([]byte, 2)); err == nil {
		t.Error("a device that is not there answers")
	}
}
