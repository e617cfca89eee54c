package homeassistant

import (
	"bytes"

	"plantroom"
)

// hear takes a message on a topic that is followed.
func (d *decoder) hear(ch *channel, m plantroom.Message, c *collector) {
	ch.last, ch.at, ch.retained = nil, m.Received, m.Retained
	if len(m.Payload) <= maxKept {
		ch.last = bytes.Clone(m.Payload)
	}
	quality := received(m)
	said := false
	for _, w := range ch.watchers {
		said = w.e.watch(w.w, m.Payload, c) || said
	}
	if said { // of all entities, before any device is judged by its own
		for _, w := range ch.watchers {
			c.online(w.e.of, true, quality)
		}
	}
	for _, e := range ch.entities {
		d.value(e, m, c)
		c.online(e.of, false, quality)
	}
}

// value takes an entity's state.
func (d *decoder) value(e *entity, m plantroom.Message, c *collector) {
	e.heard, e.expired = true, false
	if e.expire > 0 {
		e.expires = c.now.Add(e.expire)
		d.soon(e.expires)
	}
	v, ok, err := e.read(m.Payload)
	if err != nil {
		c.fail(e.of.address, "%s: %w", e.signal, err)
	}
	if !ok {
		return
	}
	c.samples = append(c.samples, plantroom.Sample{Address: e.of.address, Signal: e.signal, Value: v, At: m.Received, Quality: received(m)})
	if e.offDelay > 0 {
		if e.offAt = 0; v == e.states.on {
			e.offAt = c.now.Add(e.offDelay)
			d.soon(e.offAt)
		}
	}
}

// watch takes a word on an entity's availability, and reports whether it was one.
func (e *entity) watch(w *watch, payload []byte, c *collector) bool {
	s, ok, err := w.template.render(payload)
	if err != nil {
		c.fail(e.of.address, "availability: %w", err)
	}
	switch {
	case !ok:
		return false
	case s == w.yes:
		w.is = good
	case s == w.no:
		w.is = bad
	default: // as in Home Assistant, any other word says nothing
		return false
	}
	e.latest = w.is
	return true
}

// received is the quality of the time of receipt.
func received(m plantroom.Message) plantroom.Quality {
	if m.Retained {
		return plantroom.EstimatedTime
	}
	return plantroom.Good
}

// Will implements plantroom.Speaker: nobody waits for this listener.
func (d *decoder) Will(plantroom.Instant) *plantroom.Publication { return nil }

// Turn implements plantroom.Speaker: it follows the topics that the
// configurations name, and notices values that have expired.
func (d *decoder) Turn(now plantroom.Instant, connected bool) plantroom.Turn {
	t := plantroom.Turn{Subscribe: d.follow, Unsubscribe: d.leave}
	d.follow, d.leave = nil, nil
	if connected { // the broker knows none of them
		t.Subscribe, t.Unsubscribe = nil, nil
		for topic := range d.channels {
			t.Subscribe = append(t.Subscribe, topic)
		}
	}
	c := d.collector(now)
	back := now < d.last
	if d.last.IsUnset() && !now.IsUnset() {
		d.set(now) // the gateway's clock was: so much time has not passed
	}
	d.last = now
	if d.due != 0 && (now >= d.due || back) {
		d.due = 0
		for _, dev := range d.devices {
			for _, e := range dev.entities {
				d.timers(e, &c)
			}
			c.online(dev, false, plantroom.Good)
		}
	}
	t.Samples, t.Next = c.samples, d.due
	return t
}

// set has all that is running last its time from now on.
func (d *decoder) set(now plantroom.Instant) {
	d.due = 0
	for _, dev := range d.devices {
		for _, e := range dev.entities {
			if e.expires != 0 {
				e.expires = now.Add(e.expire)
			}
			if e.offAt != 0 {
				e.offAt = now.Add(e.offDelay)
			}
			d.soon(e.expires)
			d.soon(e.offAt)
		}
	}
}

// timers ends what has lasted its time.
func (d *decoder) timers(e *entity, c *collector) {
	e.expires = min(e.expires, c.now.Add(e.expire)) // farther away only after the clock was set back
	e.offAt = min(e.offAt, c.now.Add(e.offDelay))
	if e.expires != 0 && c.now >= e.expires {
		e.expires, e.expired = 0, true
	}
	if e.offAt != 0 && c.now >= e.offAt {
		e.offAt = 0
		c.samples = append(c.samples, plantroom.Sample{Address: e.of.address, Signal: e.signal, Value: e.states.off, At: c.now})
	}
	d.soon(e.expires)
	d.soon(e.offAt)
}

// soon notes that there is something to do at a time.
func (d *decoder) soon(at plantroom.Instant) {
	if at != 0 && (d.due == 0 || at < d.due) {
		d.due = at
	}
}

func (d *decoder) collector(now plantroom.Instant) collector {
	d.serial++
	return collector{now: now, serial: d.serial}
}

// collector gathers what comes of a message.
type collector struct {
	now     plantroom.Instant
	serial  uint64 // of the message or turn
	samples []plantroom.Sample
	err     error
}

// online says whether a device is, where that is known, and either it has
// changed or somebody has just said so.
func (c *collector) online(dev *device, said bool, quality plantroom.Quality) {
	is := dev.available()
	if is == unknown || is == dev.online && !said {
		return
	}
	if is == dev.online && dev.said == c.serial { // for another of its entities
		return
	}
	dev.said = c.serial
	dev.online = is
	c.samples = append(c.samples, plantroom.Sample{Address: dev.address, Signal: "online", Value: plantroom.Bool(is == good), At: c.now, Quality: quality})
}

// fail notes the first fault of a message, with the address.
func (c *collector) fail(address, format string, args ...any) {
	if c.err == nil {
		c.err = plantroom.Errorf(plantroom.CodeInvalid, "homeassistant %.80s: %w", address, plantroom.Errorf(plantroom.CodeInvalid, format, args...))
	}
}
