package evidence

import (
	"slices"

	"plantroom"
)

// SigOnline is the signal in which any device, or its bridge, says whether it
// can be reached.
const SigOnline = "online"

// Reach knows whether silence proves anything. It does while all devices that
// told of a matter can be heard; from the word of one that it is offline, the
// time in which nothing happens is no evidence until that device has told of
// the matter again. When devices were removed it is none until one of those
// that are left has.
type Reach struct {
	Online Newest               `json:"online,omitempty"`
	Away   []plantroom.DeviceID `json:"away,omitempty"`
	Fewer  bool                 `json:"fewer,omitempty"` // devices were removed, and none has told since
	Back   plantroom.Instant    `json:"back,omitzero"`   // since when time proves something again
}

// Put takes a reading of SigOnline. Told is when the device last told of the
// matter: one that never has is not missed, and what is newer than its being
// offline is believed. Changed says that the state has changed in a way that
// must survive a restart.
func (r *Reach) Put(x plantroom.Reading, told plantroom.Instant) (changed bool) {
	changed, fresh := r.Online.Put(x)
	if fresh && !x.Value.True() && !told.IsZero() && told < x.At && !slices.Contains(r.Away, x.Device) {
		r.Away = append(r.Away, x.Device)
		return true
	}
	return changed
}

// Heard notes that a device has told of the matter.
func (r *Reach) Heard(d plantroom.DeviceID, at plantroom.Instant) (changed bool) {
	i := slices.Index(r.Away, d)
	if i < 0 && !r.Fewer {
		return false
	}
	if i >= 0 {
		r.Away = slices.Delete(r.Away, i, i+1)
	}
	r.Fewer = false
	r.Back = max(r.Back, at)
	return true
}

// Keep forgets the devices that has refuses. Dropped says that some that told
// of the matter were among them.
func (r *Reach) Keep(has func(plantroom.DeviceID) bool, dropped bool) (changed bool) {
	before := len(r.Away)
	r.Away = slices.DeleteFunc(r.Away, func(d plantroom.DeviceID) bool { return !has(d) })
	changed = r.Online.Keep(has) || len(r.Away) < before
	if dropped && !r.Fewer {
		r.Fewer, changed = true, true
	}
	return changed
}

// Proves reports whether the passing of time is evidence.
func (r *Reach) Proves() bool { return len(r.Away) == 0 && !r.Fewer }

// From returns since when it is, where it would be since base.
func (r *Reach) From(base plantroom.Instant) plantroom.Instant { return max(base, r.Back) }

// Told returns when a device last spoke in any of some signals, zero for
// never.
func Told(d plantroom.DeviceID, signals ...Newest) (at plantroom.Instant) {
	for _, n := range signals {
		if it := n.Of(d); it != nil {
			at = max(at, it.At)
		}
	}
	return at
}
