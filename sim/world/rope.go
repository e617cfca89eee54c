package world

import "plantroom"

// state is what the sensor of a room reports. A cut rope cannot tell whether
// it is wet.
func (r *room) state() string {
	switch {
	case r.cut:
		return "cable_break"
	case r.wet:
		return "wet"
	}
	return "dry"
}

// Cut severs the rope in a zone, until it is repaired. It says so at once, and
// with each heartbeat.
func (w *World) Cut(id plantroom.ZoneID) error {
	r, ok := w.wet[id]
	if !ok || r.asset.Kind != "rope" {
		return plantroom.Errorf(plantroom.CodeNotFound, "the estate has no rope in a zone %q", id)
	}
	w.sever(r, true)
	return nil
}

// sever cuts a rope or mends it; like one that is wet, it repeats itself.
func (w *World) sever(r *room, cut bool) {
	if r.cut == cut {
		return
	}
	r.cut = cut
	w.insist(r)
}
