package sensor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
)

// bridgeChip is an NAU7802 as far as this package uses it: it converts only
// when it was set up in order, and fails the test on anything else.
type bridgeChip struct {
	t *testing.T

	mu     sync.Mutex
	reg    [32]byte
	counts [2]int32
	old    int32     // the conversion that is ready, after a pause
	last   time.Time // of the conversion that is ready
	zeroed bool
	setUps int
	away   bool
	other  bool // it is another chip
	slow   bool // it converts never
}

func (c *bridgeChip) String() string                     { return "bridge" }
func (c *bridgeChip) SetSpeed(physic.Frequency) error    { return nil }
func (c *bridgeChip) Close() error                       { return nil }
func (c *bridgeChip) open(string) (i2c.BusCloser, error) { return c, nil }
func (c *bridgeChip) set(f func())                       { c.mu.Lock(); defer c.mu.Unlock(); f() }
func (c *bridgeChip) running() bool                      { return c.reg[0]&0x96 == 0x96 && c.zeroed }

func (c *bridgeChip) Tx(addr uint16, w, r []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if addr != 0x2a || len(w) == 0 || int(w[0]) >= len(c.reg) {
		c.t.Errorf("a transfer to %#x: % x", addr, w)
		return errors.New("no acknowledgement")
	}
	if c.away {
		return errors.New("no acknowledgement")
	}
	if len(w) == 2 && len(r) == 0 {
		c.write(w[0], w[1])
		return nil
	}
	return c.read(w[0], r)
}

func (c *bridgeChip) write(reg, v byte) {
	switch {
	case c.other:
		c.t.Errorf("register %#x of another chip is written", reg)
	case reg == 0 && v&1 != 0:
		c.reg, c.zeroed = [32]byte{}, false
		c.setUps++
	case reg == 0 && v&4 != 0 && c.reg[0]&8 == 0:
		c.t.Error("the analogue part is started before the digital one is up")
	case reg == 2:
		if c.reg[0]&0x96 != 0x96 || time.Since(c.last) < 500*time.Millisecond {
			c.t.Error("the offset is taken before the analogue part is steady")
		}
		c.zeroed, c.last = v&4 != 0, time.Now()
	}
	if reg == 0 && v&2 != 0 {
		v |= 8
		c.last = time.Now()
	}
	c.reg[reg] = v
}

func (c *bridgeChip) read(reg byte, r []byte) error {
	switch {
	case reg == 0x1f && len(r) == 1:
		if r[0] = 0x0f; c.other {
			r[0] = 0x50
		}
	case reg == 0 && len(r) == 1:
		r[0] = c.reg[0]
		if c.running() && !c.slow && time.Since(c.last) >= 100*time.Millisecond {
			r[0] |= 0x20
		}
	case reg == 2 && len(r) == 1:
		r[0] = c.reg[2]
		if time.Since(c.last) > 100*time.Millisecond {
			r[0] &^= 4
		}
	case reg == 1 && len(r) == 1:
		r[0] = c.reg[1]
	case reg == 0x12 && len(r) == 3:
		if !c.running() || c.reg[1] != 0x2f || c.reg[0x15] != 0x30 {
			c.t.Errorf("it is read before it is set up: % x", c.reg)
		}
		n := c.counts[c.reg[2]>>7]
		if time.Since(c.last) > time.Second { // it was ready before
			n = c.old
		}
		c.old = c.counts[c.reg[2]>>7]
		r[0], r[1], r[2] = byte(n>>16), byte(n>>8), byte(n)
		c.last = time.Now()
	default:
		return fmt.Errorf("a read of %d bytes of register %#x", len(r), reg)
	}
	return nil
}

// scales runs a bus with two load cells on one NAU7802.
func scales(t *testing.T, c *bridgeChip, script func(h *heard)) {
	synctest.Test(t, func(t *testing.T) {
		c.t = t
		measured(t, func(sink Sink) interface{ Run(context.Context) } {
			return NewBus(BusOptions{Name: "I2C1", Open: c.open, Sink: sink, Inputs: []InputOptions{
				{Device: "bin", Channel: 0, Load: &Load{Tare: 84_000, KgPerCount: 0.0005, MaxKg: 400}},
				{Device: "raw", Channel: 1, Load: &Load{}, Poll: 5 * time.Minute},
			}})
		}, script)
	})
}

func TestAnNAU7802WeighsAfterItWasSetUpInOrder(t *testing.T) {
	c := &bridgeChip{counts: [2]int32{284_000, -17}}
	scales(t, c, func(h *heard) {
		time.Sleep(4*time.Minute + 30*time.Second)
		synctest.Wait()
		want := []string{"mass_kg=100", "counts=-17", "mass_kg=100", "mass_kg=100", "mass_kg=100", "mass_kg=100"}
		if got := h.only("mass_kg", "counts"); !slices.Equal(got, want) {
			t.Errorf("heard %q, want %q", got, want)
		}
		c.set(func() {
			if c.setUps != 3 {
				t.Errorf("set up %d times, want once for each change of the input", c.setUps)
			}
		})
	})
}

func TestAnNAU7802ThatHasLostItsPowerIsSetUpAgain(t *testing.T) {
	c := &bridgeChip{counts: [2]int32{284_000, 0}}
	scales(t, c, func(h *heard) {
		time.Sleep(90 * time.Second)
		c.set(func() { c.reg, c.zeroed = [32]byte{}, false })
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := h.only("mass_kg"); len(got) != 3 {
			t.Errorf("heard %q, want a mass at each heartbeat", got)
		}
		if got := h.only("bus_stuck"); slices.Contains(got, "bus_stuck=true") {
			t.Errorf("heard %q", got)
		}
	})
}

func TestWhatWasConvertedBeforeTheLastPollIsNotWeighed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &bridgeChip{t: t, counts: [2]int32{284_000, 0}}
		measured(t, func(sink Sink) interface{ Run(context.Context) } {
			return NewBus(BusOptions{Open: c.open, Sink: sink, Inputs: []InputOptions{{Device: "bin", Load: &Load{Samples: 1}}}})
		}, func(h *heard) {
			time.Sleep(30 * time.Second)
			c.set(func() { c.counts[0] = 584_000 })
			time.Sleep(time.Minute)
			synctest.Wait()
			if got, want := h.only("counts"), []string{"counts=284000", "counts=584000"}; !slices.Equal(got, want) {
				t.Errorf("heard %q, want %q", got, want)
			}
		})
	})
}

func TestALoadCellThatTellsNothingIsReported(t *testing.T) {
	for name, c := range map[string]*bridgeChip{
		"no answer": {away: true}, "another chip": {other: true}, "no conversions": {slow: true}, "an open bridge": {counts: [2]int32{8_388_607, -8_388_608}},
	} {
		scales(t, c, func(h *heard) {
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			if got := h.only("bus_stuck"); len(got) < 4 || slices.Contains(got, "bus_stuck=false") {
				t.Errorf("%s: heard %q, want both reported", name, got)
			}
			if got := h.only("mass_kg", "counts"); len(got) > 0 {
				t.Errorf("%s: heard %q", name, got)
			}
		})
	}
}
