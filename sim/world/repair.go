package world

import "plantroom"

// testRuns is how many runs a technician makes after a repair.
const testRuns = 4

// Repair does what a technician's repair does to an asset: a lift runs again,
// the water of a leak is closed and mopped up and a rope mended, a bin is emptied, a car is moved.
// Whether something scripted works again is for the script to say.
func (w *World) Repair(id plantroom.AssetID) error {
	if w.scripted(id) {
		return nil
	}
	for _, a := range w.estate.Assets {
		if a.ID != id {
			continue
		}
		switch a.Domain {
		case "lifts":
			return w.RepairLift(id, testRuns)
		case "leaks":
			w.sever(w.wet[a.Zone], false)
			return w.mop(a.Zone)
		case "waste":
			return w.Collect(id)
		case "bays":
			return w.Leave(id)
		}
	}
	for _, d := range w.radios[id] {
		w.skipped[d.device.ID] = false
	}
	return nil
}
