package detect_test

import (
	"fmt"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

// tenThousand is an estate of 10,000 assets with one device each, behind 20
// gateways.
func tenThousand() plantroom.Estate {
	e := plantroom.Estate{ID: "large"}
	for g := range 20 {
		e.Gateways = append(e.Gateways, plantroom.Gateway{ID: plantroom.GatewayID(fmt.Sprintf("gw-%d", g))})
	}
	for i := range 10_000 {
		a := plantroom.Asset{ID: plantroom.AssetID(fmt.Sprintf("asset-%05d", i))}
		switch i % 4 {
		case 0:
			a.Domain, a.Kind = "lifts", "passenger"
		case 1:
			a.Domain, a.Kind = "leaks", "spot"
		case 2:
			a.Domain, a.Kind = "waste", "rigid_1100"
		case 3:
			a.Domain, a.Kind = "bays", "fire_lane"
		}
		e.Assets = append(e.Assets, a)
		e.Devices = append(e.Devices, plantroom.Device{ID: plantroom.DeviceID(fmt.Sprintf("device-%05d", i)), Asset: a.ID,
			Gateway: e.Gateways[i%20].ID, Interval: plantroom.Duration(10 * time.Second)})
	}
	return e
}

func largeEngine(tb testing.TB) (*detect.Engine, []plantroom.Reading, []plantroom.GatewayID) {
	tb.Helper()
	estate := tenThousand()
	e, err := detect.New(detect.Options{Estate: estate, Domains: domains.All()})
	if err != nil {
		tb.Fatal(err)
	}
	quiet := []plantroom.Reading{
		reading("x/fault", "none", 0), reading("x/state", "dry", 0), reading("x/fill", 0.4, 0), reading("x/occupied", false, 0),
	}
	readings := make([]plantroom.Reading, len(estate.Devices))
	gateways := make([]plantroom.GatewayID, len(estate.Devices))
	for i, d := range estate.Devices {
		readings[i] = quiet[i%4]
		readings[i].Device = d.ID
		gateways[i] = d.Gateway
	}
	return e, readings, gateways
}

// TestQuietReadingsAllocateNothing keeps the promise that the benchmark
// measures: a reading that changes nothing costs no memory.
func TestQuietReadingsAllocateNothing(t *testing.T) {
	e, readings, gateways := largeEngine(t)
	now := eight
	round := func() {
		now = now.Add(time.Second)
		for i, r := range readings {
			r.At = now
			e.Observe(now, gateways[i], r)
		}
	}
	for range 3 { // until a bin's median is known
		round()
	}
	e.Take()
	if n := testing.AllocsPerRun(5, round); n > 100 {
		t.Errorf("%v allocations for %d readings", n, len(readings))
	}
	if fx := e.Take(); len(fx.Events)+len(fx.Dirty) != 0 {
		t.Errorf("quiet readings have %d events and change %d detectors", len(fx.Events), len(fx.Dirty))
	}
}

// BenchmarkObserveQuiet gives one reading per operation that changes nothing,
// to one of 10,000 assets. The goal is 1,000,000 a second.
func BenchmarkObserveQuiet(b *testing.B) {
	e, readings, gateways := largeEngine(b)
	now := eight
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n := i % len(readings)
		if n == 0 {
			now = now.Add(time.Second)
		}
		r := readings[n]
		r.At = now
		e.Observe(now, gateways[n], r)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}

// BenchmarkObserveFaults gives one reading per operation that opens or clears
// an incident of a lift, and takes the effects of each 1,000.
func BenchmarkObserveFaults(b *testing.B) {
	e, readings, gateways := largeEngine(b)
	values := []plantroom.Value{plantroom.String("controller_fault"), plantroom.String("none")}
	now := eight
	events := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n := i % (len(readings) / 4) * 4 // the lifts
		if n == 0 {
			now = now.Add(time.Second)
		}
		r := readings[n]
		r.At, r.Value = now, values[i/(len(readings)/4)%2]
		e.Observe(now, gateways[n], r)
		if i%1000 == 999 {
			events += len(e.Take().Events)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
	if events == 0 && b.N > 2000 {
		b.Error("no incident has opened")
	}
}
