package chirpstack

import (
	"slices"
	"time"

	"plantroom"
)

// retransmission is how long a device may go on sending one frame.
const retransmission = 2 * time.Minute

// maxDevices bounds the histories; when they are full all are forgotten, which
// at worst lets a repeated frame through.
const maxDevices = 1 << 16

// history is the last events of one device.
type history struct {
	events [8]heard
	next   int
}

// heard is what tells an event from its repetition.
type heard struct {
	id, kind, session, data string
	port                    int
	counter                 uint32
	at                      plantroom.Instant
}

// repeated reports whether the event was here before, and remembers it.
func (d *decoder) repeated(eui, kind string, ev *event, at plantroom.Instant) bool {
	h := d.devices[eui]
	if h == nil {
		if len(d.devices) >= maxDevices {
			clear(d.devices)
		}
		h = new(history)
		d.devices[eui] = h
	}
	now := heard{ev.DeduplicationID, kind, ev.DevAddr, string(ev.Data), ev.FPort, ev.FCnt, at}
	if slices.ContainsFunc(h.events[:], now.repeats) {
		return true
	}
	h.events[h.next] = now
	h.next = (h.next + 1) % len(h.events)
	return false
}

func (e heard) repeats(old heard) bool {
	if e.kind != old.kind {
		return false
	}
	if e.id != "" && e.id == old.id {
		return true
	}
	return e.kind == "up" && e.session == old.session && e.counter == old.counter &&
		e.port == old.port && e.data == old.data && e.at.Sub(old.at).Abs() < retransmission
}
