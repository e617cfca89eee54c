// Package evidence holds what detectors of every domain remember: the newest
// value of a signal per device (Newest), the episode of their rule (Episode),
// and the versioned text in which both survive a restart (Save, Load).
//
// It judges nothing: what a value means is the domain's business. It does no
// I/O and reads no clock.
package evidence

import (
	"slices"

	"plantroom"
)

// Newest holds the newest value of one signal from each device that reports
// it. An asset seldom has more than two such devices, so it is a short list.
type Newest []Item

// Item is what one device says.
type Item struct {
	Device plantroom.DeviceID `json:"d"`
	At     plantroom.Instant  `json:"t"` // source time of its newest reading
	Since  plantroom.Instant  `json:"s"` // source time from which it has said the same
	Value  plantroom.Value    `json:"v"`
}

// Put takes a reading. Fresh is false where the reading is a duplicate or
// older than what is known, which then stays as it is; changed says that the
// device now says something else than before, or speaks for the first time.
func (n *Newest) Put(r plantroom.Reading) (changed, fresh bool) {
	it := n.Of(r.Device)
	if it == nil {
		*n = append(*n, Item{Device: r.Device, At: r.At, Since: r.At, Value: r.Value})
		return true, true
	}
	if r.At <= it.At {
		return false, false
	}
	it.At = r.At
	if it.Value == r.Value {
		return false, true
	}
	it.Since, it.Value = r.At, r.Value
	return true, true
}

// Keep forgets the devices that has refuses, and reports whether there were
// any.
func (n *Newest) Keep(has func(plantroom.DeviceID) bool) (dropped bool) {
	before := len(*n)
	*n = slices.DeleteFunc(*n, func(it Item) bool { return !has(it.Device) })
	return len(*n) < before
}

// KeepAll does so with several signals.
func KeepAll(has func(plantroom.DeviceID) bool, signals ...*Newest) (dropped bool) {
	for _, n := range signals {
		dropped = n.Keep(has) || dropped
	}
	return dropped
}

// Of returns what a device says, nil where it has not spoken.
func (n Newest) Of(d plantroom.DeviceID) *Item {
	for i := range n {
		if n[i].Device == d {
			return &n[i]
		}
	}
	return nil
}

// Any reports whether some device says v.
func (n Newest) Any(v plantroom.Value) bool {
	for i := range n {
		if n[i].Value == v {
			return true
		}
	}
	return false
}

// Last returns what was said last, by whichever device; nil where none has
// spoken. Of two that spoke at the same time the first known one wins.
func (n Newest) Last() *Item {
	var last *Item
	for i := range n {
		if last == nil || n[i].Since > last.Since {
			last = &n[i]
		}
	}
	return last
}
