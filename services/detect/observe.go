package detect

import (
	"time"

	"plantroom"
)

// The bounds of CheckTime.
const MaxAhead = 10 * time.Minute

var earliest = plantroom.At(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))

// CheckTime refuses with CodeInvalid a reading whose time cannot be true: more
// than MaxAhead after now, or before 2020. Ingest calls it; the engine relies
// on it.
func CheckTime(now plantroom.Instant, r plantroom.Reading) error {
	switch {
	case r.At < earliest:
		return plantroom.Errorf(plantroom.CodeInvalid, "device %s: %s was measured at %s: before 2020; set the clock of its gateway", r.Device, r.Signal, r.At)
	case r.At > now.Add(MaxAhead):
		return plantroom.Errorf(plantroom.CodeInvalid, "device %s: %s was measured at %s: %s ahead of now; set the clock of its gateway",
			r.Device, r.Signal, r.At, r.At.Sub(now).Round(time.Second))
	}
	return nil
}

// detection is one detector with its incident and its place in the schedule.
// What every reading touches stands first, in one cache line.
type detection struct {
	det    plantroom.Detector
	due    plantroom.Instant // the Wake of its last verdict
	dirty  bool
	parked bool
	watch

	spec     *plantroom.Rule
	gateways []*gateway // those whose word it needs
	task     *task
}

// behind notes that a detector needs the word of a gateway.
func (d *detection) behind(g *gateway) {
	if g == nil {
		return
	}
	for _, have := range d.gateways {
		if have == g {
			return
		}
	}
	d.gateways = append(d.gateways, g)
}

// Observe judges a reading that came through a gateway and has passed Resolve
// and CheckTime. One that is unknown, older than or as old as the newest of
// its device and signal, or neither of Good quality nor of estimated time, is
// not judged; it may still be a sign of life. Readings whose time was estimated
// are in the order in which they come, whatever their times. One whose time is after now is
// judged as of now.
func (e *Engine) Observe(now plantroom.Instant, gw plantroom.GatewayID, r plantroom.Reading) {
	e.start(now)
	g := e.gateway(gw)
	e.hear(now, g)
	dev := e.devices[r.Device]
	if dev == nil {
		return
	}
	i := dev.words.index(r.Signal)
	if i < 0 || r.Quality == plantroom.Simulated {
		return
	}
	g.follow(e, now, r.At)
	e.alive(now, dev, r)
	if r.Quality != plantroom.Good && r.Quality != plantroom.EstimatedTime {
		return
	}
	at, news := dev.fresh(i, now, r.At)
	if !news && r.Quality == plantroom.EstimatedTime {
		at, news = dev.next(i), true
	}
	if !news {
		return
	}
	r.At = at
	g.carry(dev)
	for _, n := range dev.words.judges[i] {
		e.judge(now, dev.detections[n], r)
	}
}

// judge gives a reading to a detector. What time alone would have changed
// before the reading was taken is judged first, so that a backlog gives the
// same incidents as the same readings heard one by one.
func (e *Engine) judge(now plantroom.Instant, d *detection, r plantroom.Reading) {
	if !d.due.IsZero() {
		e.passTime(now, d, min(r.At, now))
	}
	v := d.det.Observe(r)
	e.draw(now, d, &v)
}

// passTime lets a detector judge the passing of time up to a moment: one look
// at each moment that it has asked for, however late, so that what follows
// carries the time at which it was due.
func (e *Engine) passTime(now plantroom.Instant, d *detection, to plantroom.Instant) {
	for !d.due.IsZero() && d.due <= to {
		was := d.due
		v := d.det.Tick(was)
		e.draw(now, d, &v)
		if d.due <= was {
			return // it asks for the same moment again: not in this call
		}
	}
}

// draw draws the consequences of a detector's verdict.
func (e *Engine) draw(now plantroom.Instant, d *detection, v *plantroom.Verdict) {
	if v.Dirty && !d.dirty {
		d.dirty = true
		e.dirty = append(e.dirty, d)
	}
	if v.Wake != d.due {
		d.due = v.Wake
		if !d.parked {
			e.schedule.set(d.task, v.Wake)
		}
	}
	if v.Active || d.incident != nil {
		e.apply(now, &d.watch, v)
	}
}

// Tick judges the passing of time. Call it at Wake, or more often.
func (e *Engine) Tick(now plantroom.Instant) {
	e.start(now)
	for _, g := range e.order {
		g.unpark(e, now)
	}
	for {
		t := e.schedule.pop(now)
		if t == nil {
			return
		}
		t.who.wake(e, now)
	}
}

// wake judges the passing of time as far as the detector's gateways have been
// heard: of the time since, nobody knows what the devices would have said.
func (d *detection) wake(e *Engine, now plantroom.Instant) {
	to := now
	var late *gateway
	for _, g := range d.gateways {
		if h := g.horizon(now); h < to {
			to, late = h, g
		}
	}
	e.passTime(now, d, to)
	switch {
	case d.due.IsZero() || d.due > now:
		e.schedule.set(d.task, d.due)
	case d.due > to:
		e.schedule.set(d.task, 0)
		d.parked = true
		late.parked = append(late.parked, d)
	default:
		e.schedule.set(d.task, now+1)
	}
}
