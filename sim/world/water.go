package world

import (
	"fmt"
	"time"

	"plantroom"
)

// room is a zone with a leak sensor in it.
type room struct {
	asset plantroom.Asset
	wet   bool
	cut   bool // a rope only
	until int  // numbers leaks, so that an isolated one stops seeping
}

// leakHeartbeat is how often a dry leak sensor says so.
const leakHeartbeat = 4 * time.Hour

func (w *World) addRoom(a plantroom.Asset) {
	r := &room{asset: a}
	w.wet[a.Zone] = r
	pace := leakHeartbeat
	if a.Kind == "rope" {
		pace = 30 * time.Minute
	}
	w.every(pace, func() { w.tellWet(r) })
}

func (w *World) tellWet(r *room) {
	for _, d := range w.radios[r.asset.ID] {
		w.send(d, func(d *radio) (string, []byte) { return leakMessage(d, w.stamp(w.now), r.state()) })
	}
}

// Leak starts one in a zone. It is wet there within a minute; a flat's leak
// then seeps down its riser, a floor every six to ten minutes, to as many
// floors in all as it is given.
func (w *World) Leak(id plantroom.ZoneID, floors int) error {
	r, ok := w.wet[id]
	if !ok {
		return plantroom.Errorf(plantroom.CodeNotFound, "the estate has no wet zone %q", id)
	}
	r.until++
	leak := r.until
	z := w.zone(id)
	delay := w.between(20*time.Second, time.Minute)
	for i := range max(floors, 1) {
		below := w.below(z, i)
		if below == nil {
			break
		}
		w.after(delay, func() {
			if r.until == leak {
				w.soak(below, true)
			}
		})
		delay += w.between(6*time.Minute, 10*time.Minute)
	}
	return nil
}

// Isolate closes the water of a leak; the floors dry from above, in a quarter
// to half an hour each.
func (w *World) Isolate(id plantroom.ZoneID) error {
	r, ok := w.wet[id]
	if !ok {
		return plantroom.Errorf(plantroom.CodeNotFound, "the estate has no wet zone %q", id)
	}
	r.until++
	z := w.zone(id)
	for i := 0; ; i++ {
		below := w.below(z, i)
		if below == nil || !below.wet {
			return nil
		}
		w.after(w.between(15*time.Minute, 30*time.Minute), func() { w.soak(below, false) })
	}
}

// mop closes the water of a zone and wipes it dry, within one and a half
// minutes; what has gone further down stays there.
func (w *World) mop(id plantroom.ZoneID) error {
	r, ok := w.wet[id]
	if !ok {
		return plantroom.Errorf(plantroom.CodeNotFound, "the estate has no wet zone %q", id)
	}
	r.until++
	w.after(w.between(30*time.Second, 90*time.Second), func() { w.soak(r, false) })
	return nil
}

func (w *World) soak(r *room, wet bool) {
	if r.wet == wet {
		return
	}
	r.wet = wet
	w.insist(r)
}

// insist says what has changed, and says it again a few times while it stays so.
func (w *World) insist(r *room) {
	w.tellWet(r)
	state := r.state()
	for i := 1; i <= 3; i++ {
		w.after(time.Duration(i)*5*time.Minute, func() {
			if r.state() == state {
				w.tellWet(r)
			}
		})
	}
}

func (w *World) zone(id plantroom.ZoneID) plantroom.Zone {
	for _, z := range w.estate.Zones {
		if z.ID == id {
			return z
		}
	}
	return plantroom.Zone{ID: id}
}

// below finds the sensor n floors below a zone on the same riser.
func (w *World) below(z plantroom.Zone, n int) *room {
	if n == 0 {
		return w.wet[z.ID]
	}
	if z.Riser == "" {
		return nil
	}
	return w.wet[plantroom.ZoneID(fmt.Sprintf("%s-%02d%s", z.Building, z.Floor-n, z.Riser))]
}
