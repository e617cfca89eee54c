package world

import (
	"time"

	"plantroom"
)

// boxPace is how often a box reports everything: three times an interval, so
// that one lost message is no silence.
const boxPace = 20 * time.Second

// lift is one car. Its box on the controller's terminals reports every change
// and, at its pace, everything.
type lift struct {
	asset    plantroom.Asset
	floors   int
	floor    int
	mode     string
	fault    string
	door     string
	moving   string // none, up, down
	occupied bool
	alarm    bool
	cycles   int
	trip     int // numbers trips, so that a fault can abandon the present one
}

func (w *World) addLift(a plantroom.Asset) {
	l := &lift{asset: a, floors: 10, mode: "normal", fault: "none", door: "closed", moving: "none", cycles: 1000 + w.rand.IntN(100000)}
	for _, b := range w.estate.Buildings {
		if b.ID == a.Building {
			l.floors = b.Floors
		}
	}
	w.lifts[a.ID] = l
	w.every(boxPace, func() { w.tell(l, l.all()) })
	if !w.calm {
		w.after(w.about(w.pause()), func() { w.traffic(l) })
	}
}

func (l *lift) all() map[string]any {
	return map[string]any{"fault": l.fault, "mode": l.mode, "door": l.door, "floor": l.floor, "direction": l.moving,
		"cycles": l.cycles, "car_occupied": l.occupied, "passenger_alarm": l.alarm}
}

func (w *World) tell(l *lift, what map[string]any) {
	for _, r := range w.radios[l.asset.ID] {
		w.send(r, func(r *radio) (string, []byte) { return boxMessage(r.device.ID, w.stamp(w.now), what) })
	}
}

// pause is the mean time between two calls for one car: short in the two peaks,
// long at night.
func (w *World) pause() time.Duration {
	switch h := w.hour(); {
	case h >= 7 && h < 9, h >= 17.5 && h < 19.5:
		return 75 * time.Second
	case h >= 6 && h < 23:
		return 4 * time.Minute
	}
	return 25 * time.Minute
}

func (w *World) traffic(l *lift) {
	if l.mode == "normal" && l.fault == "none" && l.moving == "none" {
		w.ride(l, w.rand.IntN(l.floors+1), true)
	}
	w.after(w.about(w.pause()), func() { w.traffic(l) })
}

// ride takes the car to a floor: doors close, it runs at about 1.5 s a floor,
// doors open; that is one cycle.
func (w *World) ride(l *lift, to int, resident bool) {
	if to == l.floor {
		to = (to + 1) % (l.floors + 1)
	}
	l.trip++
	trip := l.trip
	l.door, l.occupied, l.moving = "closed", resident, "up"
	if to < l.floor {
		l.moving = "down"
	}
	w.tell(l, map[string]any{"door": l.door, "direction": l.moving, "car_occupied": l.occupied})
	run := 5*time.Second + time.Duration(abs(to-l.floor))*1500*time.Millisecond
	w.after(run, func() {
		if trip != l.trip {
			return
		}
		l.floor, l.moving, l.door, l.occupied = to, "none", "open", false
		l.cycles++
		w.tell(l, map[string]any{"floor": l.floor, "direction": "none", "door": "open", "car_occupied": false, "cycles": l.cycles})
	})
}

// Fault stops a lift with a fault of the vocabulary.
func (w *World) Fault(id plantroom.AssetID, cause string) error {
	l, err := w.lift(id)
	if err != nil {
		return err
	}
	l.trip++
	l.fault, l.moving = cause, "none"
	w.tell(l, map[string]any{"fault": cause, "direction": "none"})
	return nil
}

// Trap stops a lift between two floors with somebody in it, who presses the
// alarm after twenty seconds.
func (w *World) Trap(id plantroom.AssetID) error {
	l, err := w.lift(id)
	if err != nil {
		return err
	}
	l.trip++
	l.fault, l.moving, l.door, l.occupied = "stopped_out_of_zone", "none", "closed", true
	w.tell(l, map[string]any{"fault": l.fault, "direction": "none", "door": "closed", "car_occupied": true})
	w.after(20*time.Second, func() {
		if l.occupied {
			l.alarm = true
			w.tell(l, map[string]any{"passenger_alarm": true})
		}
	})
	return nil
}

// Free lets the passengers out; the fault stays.
func (w *World) Free(id plantroom.AssetID) error {
	l, err := w.lift(id)
	if err != nil {
		return err
	}
	l.occupied, l.alarm, l.door = false, false, "open"
	w.tell(l, map[string]any{"passenger_alarm": false, "car_occupied": false, "door": "open"})
	return nil
}

// SetMode switches a lift's mode: inspection, normal, …
func (w *World) SetMode(id plantroom.AssetID, mode string) error {
	l, err := w.lift(id)
	if err != nil {
		return err
	}
	l.trip++
	l.mode, l.moving = mode, "none"
	w.tell(l, map[string]any{"mode": mode, "direction": "none"})
	return nil
}

// RepairLift clears the fault; the technician then makes a number of test
// runs, forty seconds apart.
func (w *World) RepairLift(id plantroom.AssetID, testRuns int) error {
	l, err := w.lift(id)
	if err != nil {
		return err
	}
	l.fault, l.alarm, l.occupied, l.mode = "none", false, false, "normal"
	w.tell(l, map[string]any{"fault": "none", "mode": "normal", "passenger_alarm": false, "car_occupied": false})
	for i := range testRuns {
		w.after(time.Duration(i+1)*40*time.Second, func() {
			if l.fault == "none" && l.moving == "none" {
				w.ride(l, (l.floor+3)%(l.floors+1), false)
			}
		})
	}
	return nil
}

func (w *World) lift(id plantroom.AssetID) (*lift, error) {
	if l, ok := w.lifts[id]; ok {
		return l, nil
	}
	return nil, plantroom.Errorf(plantroom.CodeNotFound, "the estate has no lift %q", id)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
