package domaintest

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"plantroom"
)

// restart gives what a server makes of a stored state that is started with an
// estate in which the asset has only these devices.
func restart(rule *plantroom.Rule, asset plantroom.Asset, state []byte, devices ...plantroom.DeviceID) (plantroom.Detector, error) {
	det := rule.New(asset)
	if err := det.Restore(state); err != nil {
		return nil, err
	}
	k, ok := det.(plantroom.Keeper)
	if !ok {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the detector of %s is no plantroom.Keeper: it would believe removed devices for ever", rule.ID)
	}
	k.Keep(func(d plantroom.DeviceID) bool { return slices.Contains(devices, d) })
	return det, nil
}

// checkKeep holds a detector that has given the verdict v to plantroom.Keeper.
func checkKeep(rt *rapid.T, d plantroom.Domain, rule *plantroom.Rule, asset plantroom.Asset, state []byte, v plantroom.Verdict, now plantroom.Instant) {
	start := func(devices ...plantroom.DeviceID) plantroom.Detector {
		det, err := restart(rule, asset, state, devices...)
		if err != nil {
			rt.Fatal(err)
		}
		return det
	}
	if det := start("dev-a", "dev-b"); !bytes.Equal(det.State(), state) {
		rt.Fatalf("to keep all devices changes something\n got %s\nwant %s", det.State(), state)
	}
	for _, gone := range []plantroom.DeviceID{"dev-a", "dev-b"} {
		left := plantroom.DeviceID("dev-b")
		if gone == left {
			left = "dev-a"
		}
		det := start(left)
		if kept := det.State(); bytes.Contains(kept, strconv.AppendQuote(nil, string(gone))) {
			rt.Fatalf("%s is gone and still remembered: %s", gone, kept)
		} else if got := det.Tick(1); !bytes.Equal(kept, state) && !got.Dirty {
			rt.Fatalf("that %s is gone is not marked as a change: %+v", gone, got)
		}
	}
	// Nobody is left: time neither begins nor ends nor proves anything.
	det := start()
	for _, at := range []plantroom.Instant{1, now, now.Add(1000 * time.Hour)} {
		if got := det.Tick(at); got.Active != v.Active || got.Since != v.Since || got.Clean != v.Clean {
			rt.Fatalf("without any device, at %s\n got %+v\nwant %+v", clock(at), got, v)
		}
	}
	if v.Active && !endsByANewDevice(d, rule, start, now) {
		rt.Fatalf("nothing that a new device can say ends the episode: %+v\n%s", v, state)
	}
}

// endsByANewDevice looks for a steady word of a device that has taken the place
// of the others and ends the episode.
func endsByANewDevice(d plantroom.Domain, rule *plantroom.Rule, start func(...plantroom.DeviceID) plantroom.Detector, now plantroom.Instant) bool {
	for _, name := range rule.Signals {
		s := signalOf(d, name)
		for _, value := range permitted(s) {
			det := start()
			det.Tick(now)
			for i := range 3 {
				at := now.Add(time.Duration(i+1) * time.Minute)
				if v := det.Observe(plantroom.Reading{Device: "dev-new", Signal: name, Value: value, At: at}); !v.Active && v.At == at {
					return true
				}
			}
		}
	}
	return false
}
