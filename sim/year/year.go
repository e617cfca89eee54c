// Package year plays the lift faults of a long time, as of a year, through the
// dispatch desk and into a store, in virtual time and by a seed: what a statement, a
// what-if and boards need, and what would take days to play sensor by sensor.
//
// It begins where detection ends, with incidents, and lets a contractor answer,
// come and repair. It draws no readings and sends no calls. How often lifts fail,
// how long a repair takes and how people behave are invented.
package year

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/dispatch"
	"plantroom/services/domains/lifts"
)

// Options of such a time.
type Options struct {
	Estate plantroom.Estate // its contracts say who is asked
	Store  plantroom.Store  // which gets the orders; empty
	From   plantroom.Instant
	To     plantroom.Instant // exclusive; no fault begins in the last three days
	Seed   uint64
	Faults float64 // of one lift in all that time, on average
}

// Entrapments is the part of faults in which somebody is trapped: invented.
const Entrapments = 0.05

// SelfHealing is the part of faults that go before anybody comes: invented.
const SelfHealing = 0.12

// Of returns when a year begins in an estate, and when the next one does.
func Of(e plantroom.Estate, year int) (from, to plantroom.Instant, err error) {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return 0, 0, err
	}
	return plantroom.At(time.Date(year, 1, 1, 0, 0, 0, 0, zone)), plantroom.At(time.Date(year+1, 1, 1, 0, 0, 0, 0, zone)), nil
}

// Play plays the time from From to To. Its faults have been repaired by then.
func Play(ctx context.Context, o Options) error {
	zone, err := time.LoadLocation(o.Estate.Zone)
	if err != nil {
		return err
	}
	desk, err := dispatch.New(dispatch.Options{Estate: o.Estate, Domains: app.Domains()})
	if err != nil {
		return err
	}
	p := &play{ctx: ctx, store: o.Store, desk: desk, zone: zone, estate: &o.Estate, draw: rand.New(rand.NewPCG(o.Seed, 0x70656172))}
	for _, a := range o.Estate.Assets {
		if a.Domain == "lifts" {
			p.lift(a, o.From, o.To, o.Faults)
		}
	}
	return p.run(o.To)
}

// play is one performance.
type play struct {
	ctx     context.Context
	store   plantroom.Store
	desk    *dispatch.Desk
	zone    *time.Location
	estate  *plantroom.Estate
	draw    *rand.Rand
	agenda  []entry
	planned int
}

// entry is something that happens; n keeps those of one instant in their order.
type entry struct {
	at plantroom.Instant
	n  int
	do func(tx plantroom.Tx, now plantroom.Instant) error
}

func (p *play) plan(at plantroom.Instant, do func(plantroom.Tx, plantroom.Instant) error) {
	e := entry{at, p.planned, do}
	p.planned++
	i, _ := slices.BinarySearchFunc(p.agenda, e, func(a, b entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n)) })
	p.agenda = slices.Insert(p.agenda, i, e)
}

// lift draws when a lift fails: more by day, and never while it is out already.
func (p *play) lift(a plantroom.Asset, start, end plantroom.Instant, faults float64) {
	mean := float64(end.Sub(start)) / faults
	for at := start; ; {
		at = at.Add(time.Duration(p.draw.ExpFloat64() * mean))
		if hour := at.Time().In(p.zone).Hour(); hour < 6 && p.draw.Float64() < 0.7 {
			at = at.Add(8 * time.Hour) // few ride at night
		}
		at = at / 1e9 * 1e9
		if at >= end.Add(-72*time.Hour) {
			return
		}
		at = p.fault(a, at).Add(5 * time.Hour) // beyond what a contract calls a repeat
	}
}

// fault plans one fault and what comes of it, and returns when it is over at the latest.
func (p *play) fault(a plantroom.Asset, at plantroom.Instant) plantroom.Instant {
	in := &plantroom.Incident{Rule: "lift.fault", Asset: a.ID, Domain: a.Domain, Building: a.Building, Episode: at, Opened: at,
		State: plantroom.IncidentOpen, Needed: 3}
	if p.draw.Float64() < Entrapments {
		in.Rule, in.Cause, in.Severity = "lift.entrapment", "entrapment", plantroom.Life
	} else {
		f := p.cause()
		in.Cause, in.Severity = f.Slug, f.Severity
	}
	in.ID = plantroom.NewIncidentID(in.Rule, in.Asset, in.Episode)
	in.Detail = in.Cause
	p.plan(at, func(tx plantroom.Tx, now plantroom.Instant) error {
		return p.report(tx, now, in, plantroom.IncidentOpened)
	})
	work := p.work(in)
	if in.Severity < plantroom.Life && p.draw.Float64() < SelfHealing {
		healed := at.Add(p.between(2*time.Minute, 15*time.Minute))
		p.plan(healed, func(tx plantroom.Tx, now plantroom.Instant) error { return p.prove(tx, now, in) })
		return healed
	}
	p.plan(at.Add(p.between(time.Minute, 12*time.Minute)), func(tx plantroom.Tx, now plantroom.Instant) error {
		return p.accept(tx, now, in, work)
	})
	return at.Add(60 * time.Hour)
}

// cause draws one of the faults that stop a lift.
func (p *play) cause() lifts.Fault {
	var stops []lifts.Fault
	for _, f := range lifts.Faults() {
		if f.Stops && f.Severity < plantroom.Life {
			stops = append(stops, f)
		}
	}
	if p.draw.Float64() < 0.5 { // doors are half of all trouble
		stops = slices.DeleteFunc(stops, func(f lifts.Fault) bool { return f.Slug != "door_close_fault" && f.Slug != "door_open_fault" })
	}
	return stops[p.draw.IntN(len(stops))]
}

// work draws how long a repair takes once somebody is there: mostly minutes, and
// now and then a part has to be fetched.
func (p *play) work(in *plantroom.Incident) time.Duration {
	switch r := p.draw.Float64(); {
	case in.Severity == plantroom.Life:
		return p.between(6*time.Minute, 20*time.Minute)
	case r < 0.8:
		return p.between(4*time.Minute, 22*time.Minute)
	case r < 0.96:
		return p.between(25*time.Minute, 2*time.Hour)
	}
	return p.between(4*time.Hour, 20*time.Hour)
}

func (p *play) between(a, b time.Duration) time.Duration {
	return (a + time.Duration(p.draw.Int64N(int64(b-a)))).Truncate(time.Second)
}

func (p *play) report(tx plantroom.Tx, now plantroom.Instant, in *plantroom.Incident, change plantroom.IncidentChange) error {
	return p.desk.Incident(tx, now, plantroom.IncidentEvent{Change: change, Incident: *in})
}

func (p *play) prove(tx plantroom.Tx, now plantroom.Instant, in *plantroom.Incident) error {
	in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, in.Needed, now, now
	return p.report(tx, now, in, plantroom.IncidentProved)
}

// press is a contractor's button.
func (p *play) press(tx plantroom.Tx, now plantroom.Instant, in *plantroom.Incident, do plantroom.OrderAction) (plantroom.WorkOrder, error) {
	o, err := tx.OrderOf(in.ID)
	if err != nil {
		return o, err
	}
	return p.desk.Command(tx, now, dispatch.Command{Order: o.ID, Do: do, Actor: "contractor:" + string(o.Contractor)})
}

// accept takes the order, and plans what follows from it: the way, the release of
// whoever is trapped, the repair and its proof.
func (p *play) accept(tx plantroom.Tx, now plantroom.Instant, in *plantroom.Incident, work time.Duration) error {
	o, err := p.press(tx, now, in, plantroom.DoAcknowledge)
	if err != nil {
		return err
	}
	arrive := now.Add(p.way(o.Contract))
	p.plan(arrive, func(tx plantroom.Tx, now plantroom.Instant) error {
		_, err := p.press(tx, now, in, plantroom.DoArrive)
		return err
	})
	if in.Severity == plantroom.Life {
		p.plan(arrive.Add(work/2), func(tx plantroom.Tx, now plantroom.Instant) error {
			in.Released = now
			return p.report(tx, now, in, plantroom.IncidentReleased)
		})
	}
	const runs = 2 * time.Minute // the clean cycles that prove it
	p.plan(arrive.Add(work), func(tx plantroom.Tx, now plantroom.Instant) error {
		in.State, in.Cleared = plantroom.IncidentClearing, now
		if err := p.report(tx, now, in, plantroom.IncidentCleared); err != nil {
			return err
		}
		_, err := p.press(tx, now, in, plantroom.DoFix)
		return err
	})
	p.plan(arrive.Add(work+runs), func(tx plantroom.Tx, now plantroom.Instant) error { return p.prove(tx, now, in) })
	return nil
}

// way is how long somebody of a contract takes: what it says, give or take a third.
func (p *play) way(id plantroom.ContractID) time.Duration {
	for _, c := range p.estate.Contracts {
		if c.ID == id && !c.OnSite {
			return p.between(time.Duration(c.Travel)*2/3, time.Duration(c.Travel)*4/3)
		}
	}
	return p.between(2*time.Minute, 6*time.Minute)
}

// run lets the time pass: what is on the agenda, and what is due in the store.
func (p *play) run(end plantroom.Instant) error {
	for {
		next := end
		if len(p.agenda) > 0 {
			next = p.agenda[0].at
		}
		ticked, idle := false, len(p.agenda) == 0
		err := p.store.Update(p.ctx, func(tx plantroom.Tx) error {
			due, err := tx.DueOrders(next, 1)
			if err != nil {
				return err
			}
			if ticked = len(due) > 0; ticked {
				next = due[0].Due
				_, err = p.desk.Tick(tx, next, 100)
				return err
			}
			if len(p.agenda) == 0 {
				return nil
			}
			e := p.agenda[0]
			p.agenda = p.agenda[1:]
			return e.do(tx, next)
		})
		switch {
		case err != nil:
			return fmt.Errorf("play the faults at %s: %w", next, err)
		case !ticked && idle:
			return nil
		}
	}
}
