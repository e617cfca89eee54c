package world

import (
	"time"

	"plantroom"
)

// bay is a parking bay, or a stretch where nobody may stop, with a sensor in
// the ground.
type bay struct {
	asset plantroom.Asset
	taken bool
	since plantroom.Instant
	car   int // numbers cars, so that one that was towed does not leave again
}

const bayHeartbeat = 6 * time.Hour

func (w *World) addBay(a plantroom.Asset) {
	b := &bay{asset: a, since: w.now}
	w.bays[a.ID] = b
	w.every(bayHeartbeat, func() { w.tellBay(b, 0) })
	if !w.calm && (a.Kind == "visitor" || a.Kind == "charging") {
		w.after(w.about(3*time.Hour), func() { w.visit(b) })
	}
}

// tellBay reports the state; after a change, with the length of the one before.
func (w *World) tellBay(b *bay, before time.Duration) {
	for _, r := range w.radios[b.asset.ID] {
		w.send(r, func(r *radio) (string, []byte) { return parkingMessage(r, w.stamp(w.now), b.taken, before) })
	}
}

// visit is a guest who keeps to the permitted stay.
func (w *World) visit(b *bay) {
	if !b.taken {
		stay := min(w.about(90*time.Minute), 3*time.Hour)
		w.arrive(b)
		car := b.car
		w.after(stay, func() { w.leave(b, car) })
	}
	w.after(w.about(3*time.Hour), func() { w.visit(b) })
}

func (w *World) arrive(b *bay) {
	if b.taken {
		return
	}
	b.car++
	w.change(b, true)
}

func (w *World) leave(b *bay, car int) {
	if b.taken && b.car == car {
		w.change(b, false)
	}
}

func (w *World) change(b *bay, taken bool) {
	before := w.now.Sub(b.since)
	b.taken, b.since = taken, w.now
	w.tellBay(b, before)
}

// Park puts a car on a bay; it stays for a time, or until Leave where the time
// is 0.
func (w *World) Park(id plantroom.AssetID, stay time.Duration) error {
	b, err := w.bay(id)
	if err != nil {
		return err
	}
	w.arrive(b)
	if car := b.car; stay > 0 {
		w.after(stay, func() { w.leave(b, car) })
	}
	return nil
}

// Leave takes whatever car stands on a bay away.
func (w *World) Leave(id plantroom.AssetID) error {
	b, err := w.bay(id)
	if err != nil {
		return err
	}
	w.leave(b, b.car)
	return nil
}

func (w *World) bay(id plantroom.AssetID) (*bay, error) {
	if b, ok := w.bays[id]; ok {
		return b, nil
	}
	return nil, plantroom.Errorf(plantroom.CodeNotFound, "the estate has no bay %q", id)
}
