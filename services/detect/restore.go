package detect

import (
	"fmt"
	"unique"

	"plantroom"
)

// Restore takes the engine to what was stored, as if it had just been started:
// detector states, the incidents that are not closed, and how far the gateways
// have been heard. Whatever it knew beyond that is forgotten, and so is what
// devices said that the estate no longer has on the asset. What belongs to
// assets, rules or devices that do not exist any more is left out: nothing can
// close such an incident but a human. A state that cannot be read fails with
// CodeInvalid, naming rule and asset; the engine is then of no use until a Restore
// succeeds.
func (e *Engine) Restore(dets []plantroom.Detection, open []plantroom.Incident, prog []plantroom.Progress) error {
	e.reset()
	for _, stored := range dets {
		d := e.byDetection[watchKey{stored.Rule, stored.Asset}]
		if d == nil {
			continue
		}
		if err := d.det.Restore(stored.State); err != nil {
			return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "restore detector",
				Message: fmt.Sprintf("the state of %s on %s cannot be read", stored.Rule, stored.Asset),
				Hint:    "start the version that wrote it, or delete this row of detections: the rule then begins afresh", Err: err}
		}
		if k, ok := d.det.(plantroom.Keeper); ok {
			k.Keep(func(id plantroom.DeviceID) bool {
				dev := e.devices[id]
				return dev != nil && dev.asset.ID == stored.Asset
			})
		}
		d.due = 1 // only the detector knows; ask it at the first Tick
		e.schedule.set(d.task, d.due)
	}
	for _, inc := range open {
		e.restoreIncident(inc)
	}
	for _, p := range prog {
		if err := e.restoreProgress(p); err != nil {
			return err
		}
	}
	return nil
}

// reset forgets everything but the estate. The maps that Resolve reads stay
// as they are.
func (e *Engine) reset() {
	e.started, e.events, e.dirty = 0, nil, nil
	e.schedule.clear()
	for _, w := range e.byWatch {
		w.incident = nil
	}
	for _, d := range e.detections {
		d.det = d.spec.New(d.asset)
		d.due, d.parked, d.dirty = 0, false, false
	}
	for _, dev := range e.devices {
		dev.last, dev.newest, dev.silent = 0, 0, false
		dev.via = nil
		dev.lead = lead{}
		clear(dev.latest)
	}
	for _, s := range e.silences {
		s.waiting = false
	}
	for _, g := range e.gateways {
		g.forget()
	}
}

// one gives equal words one place in memory: a hundred thousand open incidents have
// few of them, and each would bring its own.
func one[T ~string](word T) T { return unique.Make(word).Value() }

func (e *Engine) restoreIncident(inc plantroom.Incident) {
	if inc.State == plantroom.IncidentClosed {
		return
	}
	w := e.byWatch[watchKey{inc.Rule, inc.Asset}]
	if w == nil {
		return
	}
	inc.Rule, inc.Domain, inc.Building, inc.State = one(inc.Rule), one(inc.Domain), one(inc.Building), one(inc.State)
	inc.Cause, inc.Detail = one(inc.Cause), one(inc.Detail)
	w.incident = &inc
	if inc.State != plantroom.IncidentOpen {
		return
	}
	for _, g := range e.order {
		if g.watch == w {
			g.silent = true
		}
	}
	for _, s := range e.silences {
		if &s.watch != w {
			continue
		}
		for _, d := range s.devices { // which of them is not kept: those that are not will say so
			d.silent = true
		}
	}
}

func (e *Engine) restoreProgress(p plantroom.Progress) error {
	g := e.gateway(p.Gateway)
	err := readLatest(p.Latest, func(id plantroom.DeviceID, signal string, at, ahead plantroom.Instant) {
		g.frontier = max(g.frontier, at)
		dev := e.devices[id]
		if dev == nil {
			return
		}
		i := dev.words.index(signal)
		if i < 0 || at <= dev.latest[i] {
			return
		}
		dev.latest[i] = at
		dev.newest = max(dev.newest, at)
		if !ahead.IsZero() {
			dev.lead.note(i, len(dev.latest), ahead)
		}
		g.carry(dev)
	})
	g.moved = false
	if err != nil {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "restore progress",
			Message: fmt.Sprintf("how far gateway %s was heard cannot be read", p.Gateway),
			Hint:    "start the version that wrote it, or clear that column: late readings may then be judged again", Err: err}
	}
	return nil
}
