package world

import (
	"time"

	"plantroom"
)

// bin is a container with a distance sensor under its lid.
type bin struct {
	asset plantroom.Asset
	fill  float64 // 0 to 1
	pour  int     // numbers pourings
}

const (
	binReport = 20 * time.Minute
	binStep   = 5 * time.Minute
	binFound  = 2 * time.Minute // of a bin that was found in some state
)

func (w *World) addBin(a plantroom.Asset) {
	b := &bin{asset: a, fill: 0.1 + 0.3*w.rand.Float64()}
	if w.calm {
		b.fill = 0.2
	}
	w.bins[a.ID] = b
	w.every(binReport, func() { w.tellBin(b) })
	if !w.calm {
		w.every(binStep, func() { b.fill = min(b.fill+w.waste(), 1) })
	}
}

// waste is what one bin gains in a step: about a third of it a day, most of it
// in the evening.
func (w *World) waste() float64 {
	perDay := 0.15
	if h := w.hour(); h >= 18 && h < 22 {
		perDay = 1.0
	} else if h < 6 {
		perDay = 0.02
	}
	return perDay * binStep.Hours() / 24 * 2 * w.rand.Float64()
}

func (w *World) tellBin(b *bin) {
	empty, full := b.asset.Params["d_empty_m"], b.asset.Params["d_full_m"]
	metres := empty - b.fill*(empty-full) + 0.01*(w.rand.Float64()-0.5)
	for _, r := range w.radios[b.asset.ID] {
		w.send(r, func(r *radio) (string, []byte) { return distanceMessage(r, w.stamp(w.now), metres) })
	}
}

// Fill brings a bin to a level (0 to 1) over a time, evenly; its sensor reports
// more often while the level moves fast.
func (w *World) Fill(id plantroom.AssetID, to float64, over time.Duration) error {
	b, err := w.bin(id)
	if err != nil {
		return err
	}
	const steps = 10
	b.pour++
	pour, each := b.pour, (to-b.fill)/steps
	for i := range steps {
		w.after(over*time.Duration(i+1)/steps, func() {
			if b.pour == pour {
				b.fill = min(max(b.fill+each, 0), 1)
				w.tellBin(b)
			}
		})
	}
	return nil
}

// Collect empties a bin; the sensor sees it within two minutes, three times.
func (w *World) Collect(id plantroom.AssetID) error {
	b, err := w.bin(id)
	if err != nil {
		return err
	}
	b.pour++
	b.fill = 0.02
	for i := range 3 {
		w.after(time.Duration(i+1)*40*time.Second, func() { w.tellBin(b) })
	}
	return nil
}

func (w *World) bin(id plantroom.AssetID) (*bin, error) {
	if b, ok := w.bins[id]; ok {
		return b, nil
	}
	return nil, plantroom.Errorf(plantroom.CodeNotFound, "the estate has no bin %q", id)
}
