package binding

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"plantroom"
)

// Missed is how many intervals without a sign of life make a device overdue:
// as many as make it silent for the services.
const Missed = 3

// Life is what is known of one device's signs of life.
type Life struct {
	Device   plantroom.DeviceID
	Interval time.Duration     // the longest time that it is to be quiet; 0: nobody has said
	Heard    plantroom.Instant // when something came of it last; zero: nothing did
}

// Overdue reports whether a device has been quiet for too long at now; begun is
// when the gateway began to listen.
func (l Life) Overdue(now, begun plantroom.Instant) bool {
	return l.Interval > 0 && now.Sub(max(l.Heard, begun)) > Missed*l.Interval
}

// life is the part of a Life that changes.
type life struct {
	interval time.Duration
	heard    plantroom.Instant
}

// expect notes the devices that rules name: they are known before they are
// heard.
func (b *Binder) expect() {
	for _, r := range b.exact {
		b.alive(r.id(), r)
	}
}

// alive finds or makes the life of a device. Of two addresses that feed it, the
// shorter interval counts.
func (b *Binder) alive(id plantroom.DeviceID, r *Rule) *life {
	l := b.lives[id]
	if l == nil {
		l = &life{}
		b.lives[id] = l
	}
	if every := time.Duration(r.Interval); every > 0 && (l.interval == 0 || every < l.interval) {
		l.interval = every
	}
	return l
}

// sign notes a sign of life. That a device is offline, or its bus stuck, others
// say of it.
func (l *life) sign(s plantroom.Sample, at plantroom.Instant) {
	if s.Signal == "bus_stuck" || s.Signal == "online" && s.Value == plantroom.Bool(false) {
		return
	}
	l.heard = max(l.heard, at)
}

// Lives returns all devices that are known, by id.
func (b *Binder) Lives() []Life {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Life, 0, len(b.lives))
	for id, l := range maps.All(b.lives) {
		out = append(out, Life{id, l.interval, l.heard})
	}
	slices.SortFunc(out, func(a, b Life) int { return cmp.Compare(a.Device, b.Device) })
	return out
}

// outlive takes over when the devices of an earlier Binder were heard. The
// caller holds both locks.
func (b *Binder) outlive(old *Binder) {
	for id, was := range old.lives {
		if l := b.lives[id]; l != nil {
			l.heard = max(l.heard, was.heard)
			continue
		}
		if i := slices.IndexFunc(b.globs, func(r *Rule) bool { return match(r.Match, string(id)) }); i >= 0 && was.heard != 0 {
			b.alive(id, b.globs[i]).heard = was.heard
		}
	}
}
