package world_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/services/app"
	"plantroom/services/estate"
	"plantroom/sim/world"
)

func story(t *testing.T) plantroom.Estate {
	t.Helper()
	e, _, err := estate.Load("../estates/story/estate.yaml", app.Known())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var monday = plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) // 08:00 in Shanghai

func wake(t *testing.T, seed uint64, calm bool) *world.World {
	t.Helper()
	w, err := world.New(world.Options{Estate: story(t), Start: monday, Seed: seed, Calm: calm})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestOneSeedGivesOneWorld(t *testing.T) {
	play := func(seed uint64) []byte {
		var b bytes.Buffer
		for _, e := range wake(t, seed, false).Advance(monday.Add(3 * time.Hour)) {
			b.WriteString(e.Topic)
			b.Write(e.Payload)
		}
		return b.Bytes()
	}
	if !bytes.Equal(play(7), play(7)) {
		t.Error("the same seed gave two different worlds")
	}
	if bytes.Equal(play(7), play(8)) {
		t.Error("two seeds gave the same world")
	}
}

// samples plays a world through the real decoders and returns what one device
// (by the address of its family) said of one signal.
func samples(t *testing.T, es []world.Emission, address, signal string) []plantroom.Value {
	t.Helper()
	models := map[string]string{"EM300-SLD": "milesight-em300-sld", "EM310-UDL": "milesight-em310-udl", "NPS405": "nwave-nps405"}
	var out []plantroom.Value
	decoders := map[string]plantroom.Decoder{}
	for _, f := range devices.Families() {
		decoders[f.Name] = f.New(devices.Options{Models: models})
	}
	for _, e := range es {
		understood := 0
		for name, d := range decoders {
			ss, err := d.Decode(plantroom.Message{Topic: e.Topic, Payload: e.Payload, Received: e.At})
			if err != nil {
				t.Fatalf("%s cannot read what %s sent: %v\n%s", name, e.Device, err, e.Payload)
			}
			understood += len(ss)
			for _, s := range ss {
				if s.At != e.At {
					t.Errorf("%s at %s carries the time %s", e.Device, e.At, s.At)
				}
				if s.Address == address && s.Signal == signal {
					out = append(out, s.Value)
				}
			}
		}
		if understood == 0 {
			t.Fatalf("no family understands %s: %s %s", e.Device, e.Topic, e.Payload)
		}
	}
	return out
}

func TestEveryDeviceIsUnderstoodByItsFamily(t *testing.T) {
	w := wake(t, 1, false)
	es := w.Advance(monday.Add(7 * time.Hour))
	samples(t, es, "", "")
	heard := map[plantroom.DeviceID]bool{}
	for _, e := range es {
		heard[e.Device] = true
	}
	if got, all := len(heard), len(story(t).Devices); got != all {
		t.Errorf("%d of %d devices were heard within their heartbeats", got, all)
	}
}

func TestWaterSeepsDownTheRiserAndDries(t *testing.T) {
	w := wake(t, 3, true)
	if err := w.Leak("b2-14c", 3); err != nil {
		t.Fatal(err)
	}
	es := w.Advance(monday.Add(30 * time.Minute))
	var order []string
	for _, e := range es {
		var m struct {
			Leak bool `json:"water_leak"`
		}
		if json.Unmarshal(e.Payload, &m) == nil && m.Leak && (len(order) == 0 || order[len(order)-1] != string(e.Device)) && !strings.Contains(strings.Join(order, " "), string(e.Device)) {
			order = append(order, string(e.Device))
		}
	}
	if got := strings.Join(order, " "); got != "b2-14c-leak b2-13c-leak b2-12c-leak" {
		t.Errorf("it got wet in the order %s", got)
	}
	if err := w.Isolate("b2-14c"); err != nil {
		t.Fatal(err)
	}
	es = w.Advance(monday.Add(2 * time.Hour))
	for _, floor := range []string{"b2-14c-leak", "b2-13c-leak", "b2-12c-leak"} {
		if v := samples(t, es, floor, "state"); len(v) == 0 || v[len(v)-1].Str() != "dry" {
			t.Errorf("%s has not dried: %v", floor, v)
		}
	}
}

func TestABinFillsAndIsEmptied(t *testing.T) {
	w := wake(t, 3, true)
	if err := w.Fill("b1-bin-1", 0.9, time.Hour); err != nil {
		t.Fatal(err)
	}
	v := samples(t, w.Advance(monday.Add(61*time.Minute)), world.EUI("b1-bin-1-level"), "distance_m")
	if last := v[len(v)-1].Num(); last < 0.38 || last > 0.42 {
		t.Errorf("at 90 %% of 1.3 to 0.3 m the sensor says %.3f m, not about 0.40", last)
	}
	if err := w.Collect("b1-bin-1"); err != nil {
		t.Fatal(err)
	}
	v = samples(t, w.Advance(monday.Add(70*time.Minute)), world.EUI("b1-bin-1-level"), "distance_m")
	if last := v[len(v)-1].Num(); last < 1.2 {
		t.Errorf("an empty bin says %.3f m", last)
	}
}

func TestAParkedCarIsSeenAndItsStayToldWhenItLeaves(t *testing.T) {
	w := wake(t, 3, true)
	w.Advance(monday.Add(7 * time.Hour))
	if err := w.Park("fire-n1", 12*time.Minute); err != nil {
		t.Fatal(err)
	}
	es := w.Advance(monday.Add(7*time.Hour + 30*time.Minute))
	var seen []bool
	for _, v := range samples(t, es, world.EUI("fire-n1-park"), "occupied") {
		seen = append(seen, v.True())
	}
	if len(seen) != 2 || !seen[0] || seen[1] {
		t.Fatalf("occupied: %v", seen)
	}
	stay := samples(t, es, world.EUI("fire-n1-park"), "occupied_s")
	if len(stay) == 0 || stay[len(stay)-1].Num() != 720 {
		t.Errorf("the stay of 12 minutes was told as %v s", stay)
	}
}

func TestALiftRunsMoreInThePeakThanAtNight(t *testing.T) {
	trips := func(from time.Duration) int {
		w := wake(t, 5, false)
		w.Advance(monday.Add(from))
		v := samples(t, w.Advance(monday.Add(from+time.Hour)), "b1-l1-box", "cycles")
		return int(v[len(v)-1].Num() - v[0].Num())
	}
	peak, night := trips(0), trips(18*time.Hour) // 08:00 and 02:00 local
	if peak < 5*night || peak < 15 {
		t.Errorf("%d runs in the morning peak, %d at night", peak, night)
	}
}

func TestARepairedLiftMakesItsTestRuns(t *testing.T) {
	w := wake(t, 5, true)
	w.Advance(monday.Add(2 * time.Minute))
	if err := w.Fault("b1-l1", "door_close_fault"); err != nil {
		t.Fatal(err)
	}
	before := samples(t, w.Advance(monday.Add(10*time.Minute)), "b1-l1-box", "cycles")
	if err := w.Repair("b1-l1"); err != nil {
		t.Fatal(err)
	}
	es := w.Advance(monday.Add(15 * time.Minute))
	after := samples(t, es, "b1-l1-box", "cycles")
	if runs := after[len(after)-1].Num() - before[len(before)-1].Num(); runs != 4 {
		t.Errorf("%v test runs", runs)
	}
	if f := samples(t, es, "b1-l1-box", "fault"); f[len(f)-1].Str() != "none" {
		t.Errorf("the fault is still %v", f[len(f)-1])
	}
}

func TestWhatTheEstateDoesNotHaveIsRefused(t *testing.T) {
	w := wake(t, 1, true)
	for name, err := range map[string]error{
		"lift": w.Fault("b9-l1", "overspeed"), "zone": w.Leak("b9-01a", 1), "bin": w.Fill("b9-bin", 1, time.Minute),
		"bay": w.Park("b9-bay", 0), "device": w.Silence("b9", true),
	} {
		if plantroom.CodeOf(err) != plantroom.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACutRopeSaysSoUntilItIsRepairedWetOrNot(t *testing.T) {
	w := wake(t, 3, true)
	rope := world.EUI("b2-pumps-rope")
	said := func(to time.Duration) string {
		var out []string
		for _, v := range samples(t, w.Advance(monday.Add(to)), rope, "state") {
			if len(out) == 0 || out[len(out)-1] != v.Str() {
				out = append(out, v.Str())
			}
		}
		return strings.Join(out, " ")
	}
	if got := said(time.Hour); got != "dry" {
		t.Fatalf("a whole and dry rope says %s", got)
	}
	if err := w.Cut("b2-plant"); err != nil {
		t.Fatal(err)
	}
	if err := w.Leak("b2-plant", 1); err != nil {
		t.Fatal(err)
	}
	if got := said(3 * time.Hour); got != "cable_break" {
		t.Errorf("a cut rope in the wet says %s", got)
	}
	if err := w.Repair("b2-pumps"); err != nil {
		t.Fatal(err)
	}
	if got := said(4 * time.Hour); got != "wet dry" {
		t.Errorf("a rope that is mended, and then mopped, says %s", got)
	}
	for _, zone := range []plantroom.ZoneID{"b2-14c", "b9-plant"} {
		if err := w.Cut(zone); plantroom.CodeOf(err) != plantroom.CodeNotFound {
			t.Errorf("a rope that does not exist was cut in %s: %v", zone, err)
		}
	}
}
