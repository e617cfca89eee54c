package waste

import (
	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// maxTilt is the angle up to which a bin counts as upright, in degrees: a bin
// on a ramp or a kerb stands, one that leans on a wall does not. Unverified.
const maxTilt = 30

// gate remembers what makes a fill sample worthless: an open lid, a tilted bin.
type gate struct {
	Lid    evidence.Newest `json:"lid,omitempty"`
	Tilted evidence.Newest `json:"tilted,omitempty"`
}

// put takes a reading of lid_open or tilt_deg. Of the angle only the verdict
// is kept, so that a trembling sensor is no news.
func (g *gate) put(r plantroom.Reading) (changed bool) {
	switch r.Signal {
	case sigLid:
		changed, _ = g.Lid.Put(r)
	case sigTilt:
		r.Value = plantroom.Bool(r.Value.Num() > maxTilt)
		changed, _ = g.Tilted.Put(r)
	}
	return changed
}

// keep forgets the devices that has refuses, and reports whether there were
// any.
func (g *gate) keep(has func(plantroom.DeviceID) bool) (dropped bool) {
	return evidence.KeepAll(has, &g.Lid, &g.Tilted)
}

func (g *gate) shut() bool {
	return g.Lid.Any(plantroom.Bool(true)) || g.Tilted.Any(plantroom.Bool(true))
}
