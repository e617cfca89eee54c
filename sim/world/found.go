package world

import "plantroom"

// FoundFull makes a bin as full (0 to 1) as somebody has found it, before anything is
// heard of it; its sensor says so within two minutes.
func (w *World) FoundFull(id plantroom.AssetID, full float64) error {
	b, err := w.bin(id)
	if err != nil {
		return err
	}
	b.fill = full
	w.after(w.between(0, binFound), func() { w.tellBin(b) })
	return nil
}

// FoundWet makes a zone as wet as somebody has found it; its sensor says so at once.
// Nothing seeps further down.
func (w *World) FoundWet(id plantroom.ZoneID) error {
	r, ok := w.wet[id]
	if !ok {
		return plantroom.Errorf(plantroom.CodeNotFound, "the estate has no wet zone %q", id)
	}
	w.soak(r, true)
	return nil
}
