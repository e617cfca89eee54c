package sensor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
)

func TestALoadCellWeighsAgainstItsTare(t *testing.T) {
	bin := Load{Tare: 84_000, KgPerCount: 0.0005, MaxKg: 400}
	pulled := Load{Tare: -84_000, KgPerCount: -0.0005, MaxKg: 400}
	for _, c := range []struct {
		name   string
		load   Load
		counts []float64
		want   float64
		q      plantroom.Quality
	}{
		{"empty", bin, []float64{84_000}, 0, plantroom.Good},
		{"300 kg", bin, []float64{684_000}, 300, plantroom.Good},
		{"to the gram", bin, []float64{84_003}, 0.002, plantroom.Good},
		{"the median", bin, []float64{684_000, 84_000, 684_002, 8_000_000, 684_004}, 300.001, plantroom.Good},
		{"somebody leans on it", bin, []float64{884_001}, 400.001, plantroom.Suspect},
		{"a little under zero", bin, []float64{70_000}, -7, plantroom.Good},
		{"lifted", bin, []float64{60_000}, -12, plantroom.Suspect},
		{"pulled", pulled, []float64{-684_000}, 300, plantroom.Good},
		{"counts", Load{}, []float64{-684_000}, -684_000, plantroom.Good},
	} {
		_, kg, q, err := c.load.weigh(slices.Clone(c.counts))
		if kg != c.want || q != c.q || err != nil {
			t.Errorf("%s: got %v, %s, %v; want %v, %s", c.name, kg, q, err, c.want, c.q)
		}
	}
	for _, at := range []float64{-8_388_608, 8_388_607} {
		if _, _, _, err := bin.weigh([]float64{at}); !errors.Is(err, errSaturated) {
			t.Errorf("%.0f counts: %v, want it refused", at, err)
		}
	}
}

func TestImpossibleScalesAreNamed(t *testing.T) {
	for _, l := range []Load{{Tare: 5}, {MaxKg: 5}, {Tare: 9e6, KgPerCount: 1}, {KgPerCount: 0.00001, MaxKg: 400}, {Tare: -8e6, KgPerCount: -0.0005, MaxKg: 400}} {
		if err := l.Check(); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%+v: %v, want an invalid setting named", l, err)
		}
	}
	for _, l := range []Load{{}, {KgPerCount: 0.0005}, {Tare: 84_000, KgPerCount: -0.0005, MaxKg: 400}} {
		if err := l.Check(); err != nil {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

const hx = "bus/iio/devices/iio:device3/"

func scale(m *machine, name string, channel int) func(Sink) interface{ Run(context.Context) } {
	return func(sink Sink) interface{ Run(context.Context) } {
		return NewIIO(IIOOptions{Device: "bin", Name: name, Channel: channel, Sys: m, Sink: sink,
			Load: Load{Tare: 84_000, KgPerCount: 0.0005, MaxKg: 400, Samples: 3}})
	}
}

func TestAnHX711IsReadThroughTheKernel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put("bus/iio/devices/iio:device0/name", "bme280\n")
		m.put(hx+"name", "hx711\n")
		m.put(hx+"in_voltage1_raw", "9072608\n") // 684,000 above the middle of 2²⁴
		measured(t, scale(m, "hx711", 1), func(h *heard) {
			time.Sleep(30 * time.Second)
			m.put(hx+"in_voltage1_raw", "16777215\n") // a wire of the bridge is off
			time.Sleep(time.Minute)
			synctest.Wait()
			if got, want := h.only("mass_kg", "bus_stuck"), []string{"bus_stuck=false", "mass_kg=300", "bus_stuck=true"}; len(got) < 3 || !slices.Equal(got[:3], want) {
				t.Errorf("heard %q, want %q and no more masses", got, want)
			}
			if got := h.only("mass_kg"); len(got) != 1 {
				t.Errorf("heard %q: a converter at its limit weighs nothing", got)
			}
		})
	})
}

func TestAnotherConverterCountsFromNoVoltage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put(hx+"name", "1-002a\n")
		m.put(hx+"in_voltage0_raw", "284000\n")
		measured(t, scale(m, "iio:device3", 0), func(h *heard) {
			time.Sleep(time.Second)
			synctest.Wait()
			if got := h.only("mass_kg"); !slices.Equal(got, []string{"mass_kg=100"}) {
				t.Errorf("heard %q, want 100 kg", got)
			}
		})
	})
}

func TestAConverterThatWasUnpluggedIsFoundAgainUnderItsNewNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put(hx+"name", "hx711\n")
		m.put(hx+"in_voltage0_raw", "8672608\n")
		measured(t, scale(m, "hx711", 0), func(h *heard) {
			time.Sleep(time.Second)
			m.put(hx+"name", "-")
			m.put(hx+"in_voltage0_raw", "-")
			time.Sleep(2 * time.Minute)
			m.put("bus/iio/devices/iio:device1/name", "hx711\n")
			m.put("bus/iio/devices/iio:device1/in_voltage0_raw", "8672608\n")
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			got := h.only("bus_stuck", "mass_kg")
			if len(got) < 5 || got[0] != "bus_stuck=false" || got[2] != "bus_stuck=true" || got[len(got)-1] != "mass_kg=100" {
				t.Errorf("heard %q, want it away, and back", got)
			}
		})
	})
}

func TestWhichOfTwoConvertersIsMeantIsNotGuessed(t *testing.T) {
	m := newMachine()
	m.put(hx+"name", "hx711\n")
	m.put("bus/iio/devices/iio:device1/name", "hx711\n")
	if _, _, err := findIIO(m, "hx711"); plantroom.CodeOf(err) != plantroom.CodeConflict || !strings.Contains(err.Error(), "iio:device1, iio:device3") {
		t.Errorf("got %v, want both named", err)
	}
	if dir, zero, err := findIIO(m, "iio:device3"); err != nil || dir+"/" != hx || zero != bridge {
		t.Errorf("got %q, %v, %v", dir, zero, err)
	}
	if _, _, err := findIIO(newMachine(), "hx711"); plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("a machine without IIO: %v", err)
	}
}
