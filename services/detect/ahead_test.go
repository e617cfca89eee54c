package detect_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"plantroom"
)

func TestOneReadingFromTheFutureHidesNothingThatFollows(t *testing.T) {
	h := newHouse(t, estate())
	h.said("spot/state", "dry", h.now.Add(9*time.Minute)) // its clock jumped, or its bridge's did
	h.wait(time.Minute)
	h.says("spot/state", "wet")
	wet := h.now
	h.wait(10 * time.Second)
	h.expect("opened leak.wet flat")
	if inc := h.only("leak.wet"); inc.Episode != wet {
		t.Errorf("wet since %s, the incident says %s", wet, inc.Episode)
	}
	h.says("spot/state", "dry")
	h.wait(20 * time.Minute)
	h.expect("cleared leak.wet flat", "progress leak.wet flat", "proved leak.wet flat")
}

func TestOneReadingFromTheFutureMakesNoDeviceSilent(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	h.wait(time.Second)
	h.said("controller/heartbeat", true, h.now.Add(9*time.Minute))
	for range 30 {
		h.wait(10 * time.Second)
		h.says("controller/heartbeat", true)
	}
	h.expect()
}

// A gateway that has started without a clock guesses its times, and may guess
// them too early. What it says comes after what was said before all the same.
func TestReadingsWhoseTimesAreGuessedAreJudgedInTheOrderInWhichTheyCome(t *testing.T) {
	h := newHouse(t, estate())
	h.says("spot/state", "dry")
	h.wait(time.Minute)
	said := func(q plantroom.Quality) {
		for i := range 2 {
			r := reading("spot/state", "wet", eight.Add(-time.Hour+time.Duration(i)))
			r.Quality = q
			h.observe(r)
		}
	}
	said(plantroom.Good) // its time is believed: it is old
	h.expect()
	said(plantroom.EstimatedTime)
	h.expect("opened leak.wet flat")
	if inc := h.only("leak.wet"); inc.Episode < eight {
		t.Errorf("it was wet from %s on, and dry at %s", inc.Episode, eight)
	}
	h.says("spot/state", "dry") // the clock is set meanwhile
	h.expect("cleared leak.wet flat")
}

func TestAReadingFromTheFutureIsJudgedAsOfItsArrival(t *testing.T) {
	h := newHouse(t, estate())
	h.said("controller/fault", "controller_fault", h.now.Add(5*time.Minute))
	if inc := h.only("lift.fault"); inc.Episode != h.now {
		t.Errorf("the fault began at %s, it was heard of at %s", inc.Episode, h.now)
	}
}

// A gateway whose clock is ahead tells in order all the same, also of what
// comes at once.
func TestADeviceThatIsAlwaysAheadKeepsItsOrder(t *testing.T) {
	h := newHouse(t, estate())
	ahead := func(sec time.Duration) plantroom.Instant { return eight.Add(5*time.Minute + sec*time.Second) }
	h.said("controller/fault", "controller_fault", ahead(1))
	h.said("controller/fault", "none", ahead(3))
	h.said("controller/fault", "controller_fault", ahead(2)) // held up on its way
	h.expect("opened lift.fault lift", "cleared lift.fault lift")
	h.wait(30 * time.Second)
	h.said("controller/fault", "controller_fault", ahead(3)) // delivered again
	h.expect()
	h.said("controller/fault", "controller_fault", ahead(31))
	h.expect("relapsed lift.fault lift")
}

// The parts of one message that is ahead have one time: a duration belongs to
// the state that came with it.
func TestThePartsOfAMessageFromTheFutureStayTogether(t *testing.T) {
	h := newHouse(t, estate())
	h.says("bay/occupied", false)
	h.says("bay/occupied_s", 60)
	h.wait(20 * time.Minute)
	left, at := h.now, h.now.Add(2*time.Minute)
	for _, part := range []plantroom.Reading{reading("bay/occupied", false, at), reading("bay/occupied_s", 600, at)} {
		h.observe(part)
	}
	h.wait(time.Second)
	if inc := h.only("bay.forbidden_stop"); inc.Episode != left.Add(-5*time.Minute) { // ten minutes ago, and the grace
		t.Errorf("a stop that ended at %s after ten minutes began to count at %s", left, inc.Episode)
	}
}

func TestTheSameStreamAgainChangesNothing(t *testing.T) {
	stream := []struct {
		after, ahead time.Duration // since the one before; of the server
		what         string
		value        any
	}{
		{0, 0, "spot/state", "dry"},
		{time.Minute, 9 * time.Minute, "spot/state", "wet"},
		{time.Minute, 0, "spot/state", "wet"},
		{time.Minute, 5 * time.Minute, "controller/fault", "controller_fault"},
		{time.Second, 5 * time.Minute, "controller/fault", "none"},
		{time.Minute, 0, "spot/state", "dry"},
		{time.Minute, 0, "controller/fault", "controller_fault"},
		{9 * time.Minute, 0, "controller/fault", "none"},
		{9 * time.Minute, 0, "spot/state", "dry"},
	}
	for name, restart := range map[string]bool{"to the same server": false, "to one that was started anew": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, estate())
			var told []plantroom.Reading
			latest := map[plantroom.GatewayID][]byte{}
			for _, s := range stream {
				h.wait(s.after)
				told = append(told, reading(s.what, s.value, h.now.Add(s.ahead)))
				h.engine.Observe(h.now, "gw-1", told[len(told)-1])
				fx := h.engine.Take()
				for gw, blob := range fx.Latest {
					latest[gw] = blob
				}
			}
			if restart {
				h.engine = newEngine(t, estate())
				if err := h.engine.Restore(nil, nil, stored("gw-1", latest["gw-1"])); err != nil {
					t.Fatal(err)
				}
			}
			for _, more := range []time.Duration{0, time.Minute, time.Hour} {
				h.now = h.now.Add(more)
				for _, r := range told {
					h.engine.Observe(h.now, "gw-1", r)
				}
			}
			fx := h.engine.Take()
			fx.Events = slices.DeleteFunc(fx.Events, func(ev plantroom.IncidentEvent) bool { return ev.Incident.Domain == "devices" })
			if len(fx.Events)+len(fx.Dirty)+len(fx.Latest) != 0 {
				t.Errorf("something has changed: %+v", fx)
			}
		})
	}
}

// The record that servers up to the first wrote knows of no time ahead.
func TestNewestTimesOfVersion1AreRead(t *testing.T) {
	blob := append([]byte{1, 1, 5}, "fault"...)
	blob = binary.AppendUvarint(blob, uint64(eight))
	blob = append(append(blob, 10), "controller"...)
	blob = append(blob, 1, 0, 0)
	e := newEngine(t, estate())
	if err := e.Restore(nil, nil, stored("gw-1", blob)); err != nil {
		t.Fatal(err)
	}
	e.Observe(eight, "gw-1", reading("controller/fault", "controller_fault", eight))
	if fx := e.Take(); len(fx.Events) != 0 {
		t.Errorf("it is judged again: %+v", fx)
	}
	e.Observe(eight.Add(1), "gw-1", reading("controller/fault", "controller_fault", eight.Add(1)))
	if fx := e.Take(); len(fx.Events) != 1 {
		t.Errorf("news is not judged: %+v", fx)
	}
}
