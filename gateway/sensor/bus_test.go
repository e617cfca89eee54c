package sensor

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2ctest"
	"periph.io/x/conn/v3/physic"

	"plantroom"
)

// conversion is the traffic of one measurement: start, a question or two
// whether it is ready, and the result.
func conversion(channel int, volts float64, late bool) []i2ctest.IO {
	raw := int16(math.Round(volts / adcFullScale * (1 << 15)))
	start := []byte{0x01, 0xc3 | byte(channel)<<4, 0x83}
	ops := []i2ctest.IO{{Addr: 0x48, W: start}}
	if late {
		ops = append(ops, i2ctest.IO{Addr: 0x48, W: []byte{0x01}, R: []byte{0x43, 0x83}})
	}
	return append(ops,
		i2ctest.IO{Addr: 0x48, W: []byte{0x01}, R: []byte{0xc3, 0x83}},
		i2ctest.IO{Addr: 0x48, W: []byte{0x00}, R: []byte{byte(uint16(raw) >> 8), byte(raw)}})
}

func TestAConverterIsAskedWhetherItIsReady(t *testing.T) {
	bus := &i2ctest.Playback{Ops: slices.Concat(conversion(0, 1.25, false), conversion(3, -0.01, true)), DontPanic: true}
	a := &adc{dev: i2c.Dev{Bus: bus, Addr: 0x48}, sleep: func(time.Duration) {}}
	for _, c := range []struct {
		channel int
		want    float64
	}{{0, 1.25}, {3, -0.01}} {
		if got, err := a.volts(c.channel); err != nil || math.Abs(got-c.want) > 0.0001 {
			t.Errorf("channel %d: got %v V, error %v; want %v V", c.channel, got, err, c.want)
		}
	}
	if err := bus.Close(); err != nil {
		t.Error(err)
	}
}

func TestAConverterThatNeverFinishesIsAnError(t *testing.T) {
	ops := []i2ctest.IO{{Addr: 0x48, W: []byte{0x01, 0xc3, 0x83}}}
	for range adcTries {
		ops = append(ops, i2ctest.IO{Addr: 0x48, W: []byte{0x01}, R: []byte{0x00, 0x00}})
	}
	bus := &i2ctest.Playback{Ops: ops, DontPanic: true}
	a := &adc{dev: i2c.Dev{Bus: bus, Addr: 0x48}, sleep: func(time.Duration) {}}
	if _, err := a.volts(0); !errors.Is(err, errNotReady) {
		t.Errorf("got %v, want %v", err, errNotReady)
	}
	if err := bus.Close(); err != nil {
		t.Error(err)
	}
}

func TestARopesStateFollowsFromItsResistance(t *testing.T) {
	r := Rope{}
	r.fill()
	beside := func(leak float64) float64 { return 1 / (1/r.EndOhm + 1/leak) }
	for _, c := range []struct {
		name string
		ohm  float64
		want string
	}{
		{"short", 0, "wet"},
		{"flooded", beside(500), "wet"},
		{"a puddle", beside(45_000), "wet"},
		{"dirt", beside(60_000), "contaminated"},
		{"dirt, nearly dry", beside(140_000), "contaminated"},
		{"dry", beside(1e6), "dry"},
		{"new", r.EndOhm, "dry"},
		{"cold joint", 1.2 * r.EndOhm, "dry"},
		{"bad joint", 1.5 * r.EndOhm, "unknown"},
		{"broken", 100_000, "cable_break"},
		{"open", 1e12, "cable_break"},
	} {
		volt := r.SupplyVolt * c.ohm / (c.ohm + r.SeriesOhm)
		if got := r.state(volt); got != c.want {
			t.Errorf("%s (%.0f Ω, %.3f V): got %s, want %s", c.name, c.ohm, volt, got, c.want)
		}
	}
}

func TestAPartsToleranceOfOnePercentNeverTurnsADryRopeWet(t *testing.T) {
	for _, series := range []float64{0.99, 1, 1.01} {
		for _, end := range []float64{0.99, 1, 1.01} {
			r := Rope{}
			r.fill()
			ohm := r.EndOhm * end
			volt := r.SupplyVolt * ohm / (ohm + r.SeriesOhm*series)
			if got := r.state(volt); got != "dry" {
				t.Errorf("series ×%v, end ×%v: a dry rope reads %s", series, end, got)
			}
		}
	}
}

func TestADistanceOutsideTheRangeIsSuspect(t *testing.T) {
	d := Distance{OffsetM: -0.05}
	d.fill()
	for _, c := range []struct {
		volt float64
		want float64
		q    plantroom.Quality
	}{
		{3.3 / 5.12 * 1.2, 1.15, plantroom.Good},
		{3.3 / 5.12 * 0.3, 0.25, plantroom.Suspect},
		{3.3 / 5.12 * 5, 4.95, plantroom.Suspect},
		{-0.001, 0, plantroom.Suspect},
	} {
		if m, q := d.metres(c.volt); m != c.want || q != c.q {
			t.Errorf("%.3f V: got %v m, %s; want %v m, %s", c.volt, m, q, c.want, c.q)
		}
	}
}

func TestImpossibleSettingsAreNamed(t *testing.T) {
	for _, err := range []error{
		Rope{SupplyVolt: 5}.Check(), Rope{WetBelow: 50, DirtyBelow: 20}.Check(), Rope{BreakAbove: 4800}.Check(),
		Distance{MinM: 2, MaxM: 1}.Check(), Distance{VoltsPerMetre: 1}.Check(),
	} {
		if plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("got %v, want an invalid setting named", err)
		}
	}
	if err := errors.Join(Rope{}.Check(), Distance{}.Check()); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

// chip is an ADS1115 as far as this package uses it, with a voltage per
// channel and faults to order.
type chip struct {
	mu      sync.Mutex // not held while it hangs
	volts   [4]float64
	err     error
	hangs   bool // the first transfer waits for hang
	hang    chan struct{}
	channel int
	tries   int
}

func (c *chip) String() string                     { return "chip" }
func (c *chip) SetSpeed(physic.Frequency) error    { return nil }
func (c *chip) Close() error                       { return nil }
func (c *chip) open(string) (i2c.BusCloser, error) { return c, nil }

// set changes the chip while the bus polls it.
func (c *chip) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *chip) Tx(_ uint16, w, r []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries++
	if c.hangs {
		c.hangs = false
		c.mu.Unlock()
		<-c.hang
		c.mu.Lock()
	}
	if c.err != nil {
		return c.err
	}
	switch {
	case len(r) == 0:
		c.channel = int(w[1]>>4) & 3
	case w[0] == regConfig:
		r[0] = 0x80
	default:
		raw := int16(math.Round(c.volts[c.channel] / adcFullScale * (1 << 15)))
		r[0], r[1] = byte(uint16(raw)>>8), byte(raw)
	}
	return nil
}

// bussed runs a bus with a rope on channel 0 and a distance sensor on channel 1.
func bussed(t *testing.T, c *chip, script func(h *heard)) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{begun: time.Now()}
		if c.hangs {
			c.hang = make(chan struct{}) // in the bubble, so that time passes while somebody waits for it
		}
		b := NewBus(BusOptions{Name: "I2C1", Open: c.open, Sink: h.sink, Inputs: []InputOptions{
			{Device: "rope", Channel: 0, Rope: &Rope{}},
			{Device: "level", Channel: 1, Distance: &Distance{}, Poll: time.Minute},
		}})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			b.Run(ctx)
		}()
		script(h)
		cancel()
		<-ended
	})
}

const (
	dry = 3.3 * 4700 / 14700
	wet = 3.3 * 2000 / 12000
)

func (h *heard) only(signals ...string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, s := range h.samples {
		for _, signal := range signals {
			if i := slices.Index([]byte(s), ' '); len(s) > i+1+len(signal) && s[i+1:i+1+len(signal)] == signal {
				out = append(out, s[i+1:])
			}
		}
	}
	return out
}

func TestABusReportsChangesAndHeartbeats(t *testing.T) {
	c := &chip{volts: [4]float64{dry, 3.3 / 5.12 * 0.8}}
	bussed(t, c, func(h *heard) {
		time.Sleep(30 * time.Second)
		c.set(func() { c.volts[0] = wet })
		time.Sleep(200 * time.Millisecond) // a splash
		c.set(func() { c.volts[0] = dry })
		time.Sleep(10 * time.Second)
		c.set(func() { c.volts[0] = wet })
		time.Sleep(80 * time.Second)
		synctest.Wait()
		if got, want := h.only("state"), []string{"state=dry", "state=wet", "state=wet"}; !slices.Equal(got, want) {
			t.Errorf("rope: heard %q, want %q", got, want)
		}
		if got, want := h.only("distance_m"), []string{"distance_m=0.8", "distance_m=0.8", "distance_m=0.8"}; !slices.Equal(got, want) {
			t.Errorf("level: heard %q, want %q", got, want)
		}
	})
}

func TestADeviceThatAnswersAfterAStartIsReportedAsNotStuckOnce(t *testing.T) {
	c := &chip{volts: [4]float64{dry, 1}}
	bussed(t, c, func(h *heard) {
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if got, want := h.only("bus_stuck"), []string{"bus_stuck=false", "bus_stuck=false"}; !slices.Equal(got, want) {
			t.Errorf("heard %q, want it said once of both devices: an earlier run may have left them stuck", got)
		}
	})
}

func TestADeviceThatDoesNotAnswerIsReportedAndTriedLessOften(t *testing.T) {
	c := &chip{volts: [4]float64{dry, 1}, err: errors.New("no acknowledgement")}
	bussed(t, c, func(h *heard) {
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if got := h.only("bus_stuck"); len(got) < 5 || got[0] != "bus_stuck=true" {
			t.Errorf("heard %q, want the devices reported as stuck again and again", got)
		}
		c.set(func() {
			if c.tries > 60 {
				t.Errorf("%d tries in ten minutes: the breakers do not hold", c.tries)
			}
			c.err = nil
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := h.only("bus_stuck"); got[len(got)-1] != "bus_stuck=false" || len(h.only("state")) == 0 {
			t.Errorf("heard %q, want the devices to be back", got)
		}
	})
}

func TestABusThatHangsIsReportedByTheWatchdog(t *testing.T) {
	c := &chip{volts: [4]float64{dry, 1}, hangs: true}
	bussed(t, c, func(h *heard) {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got, want := h.only("bus_stuck"), []string{"bus_stuck=true", "bus_stuck=true"}; !slices.Equal(got, want) {
			t.Fatalf("heard %q, want both devices reported once", got)
		}
		close(c.hang)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := h.only("bus_stuck")[2:]; !slices.Equal(got, []string{"bus_stuck=false", "bus_stuck=false"}) {
			t.Errorf("heard %q, want both devices back", got)
		}
	})
}

func TestABusThatIsNotThereIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, c, fails := &heard{begun: time.Now()}, &chip{volts: [4]float64{dry}}, 2
		b := NewBus(BusOptions{Sink: h.sink, Inputs: []InputOptions{{Device: "rope", Rope: &Rope{}}},
			Open: func(name string) (i2c.BusCloser, error) {
				if fails--; fails >= 0 {
					return nil, errors.New("no such bus")
				}
				return c, nil
			}})
		ctx, cancel := context.WithTimeout(context.Background(), 70*time.Second)
		defer cancel()
		b.Run(ctx)
		want := []string{"bus_stuck=true", "bus_stuck=true", "bus_stuck=false"}
		if got := h.only("bus_stuck"); !slices.Equal(got, want) {
			t.Errorf("heard %q, want %q", got, want)
		}
	})
}
