package dispatch

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/roster"
)

// How long jobs are taken to last: the product's own estimates, unverified.
const (
	// JobLength is from the arrival at an asset until the technician is free.
	JobLength = 45 * time.Minute
	// JobRest is what is left of a job that has lasted longer than that.
	JobRest = 10 * time.Minute
)

// maxQueue is how many orders of a contractor are looked at, the newest: one
// with so many comes for no window any more, and to read thousands would hold up
// the order that is to be raised.
const maxQueue = 32

// jobs are the orders that keep contractors' technicians elsewhere.
type jobs map[plantroom.ContractorID][]plantroom.Job

// scene is what counts when an order is given away: who is busy, and the planned
// works in which its asset stands.
type scene struct {
	busy  jobs
	works *plantroom.During // nil: none
}

func (d *Desk) scene(tx plantroom.Tx, asset plantroom.Asset, now plantroom.Instant) (s scene, err error) {
	if s.busy, err = d.busy(tx, asset, now); err != nil {
		return s, err
	}
	s.works, err = duringWorks(tx, asset.ID, now)
	return s, err
}

// busy finds, for each contractor that might be chosen, what keeps a technician.
// Orders on the same asset do not count: whoever is there for one sees to the
// other.
func (d *Desk) busy(tx plantroom.Tx, asset plantroom.Asset, now plantroom.Instant) (jobs, error) {
	found := make(jobs)
	for _, c := range d.book.covering(asset, now) {
		if _, done := found[c.Contractor]; done {
			continue
		}
		kept, err := tx.Jobs(c.Contractor, asset.ID, maxQueue)
		if err != nil {
			return nil, err
		}
		found[c.Contractor] = kept
	}
	return found, nil
}

// job is one of them, and when it is taken to end.
type job struct {
	order plantroom.OrderID
	end   plantroom.Instant
}

// ends estimates when a contractor's jobs end: those on site first, and what more
// there is than people on duty one after the other.
func (d *decision) ends(orders []plantroom.Job, onDuty int) []job {
	orders = slices.Clone(orders)
	slices.SortStableFunc(orders, func(a, b plantroom.Job) int {
		return cmp.Or(cmp.Compare(arrivalOf(a.State), arrivalOf(b.State)), cmp.Compare(a.Dispatched, b.Dispatched), cmp.Compare(a.Order, b.Order))
	})
	free := make([]plantroom.Instant, max(1, onDuty))
	for i := range free {
		free[i] = d.now
	}
	out := make([]job, 0, len(orders))
	for i := range orders {
		o := &orders[i]
		next := slices.Index(free, slices.Min(free))
		switch {
		case !o.Attended.IsZero():
			free[next] = max(o.Attended.Add(JobLength), d.now.Add(JobRest))
		case free[next] == d.now && o.ETA > d.now:
			free[next] = o.ETA.Add(JobLength)
		default:
			free[next] = free[next].Add(d.wayTo(o.Contract) + JobLength)
		}
		out = append(out, job{o.Order, free[next]})
	}
	return out
}

// arrivalOf orders jobs: those on site, then those to which somebody is on the
// way, then the others.
func arrivalOf(s plantroom.OrderState) int {
	switch s {
	case plantroom.Attended:
		return 0
	case plantroom.Acknowledged:
		return 1
	}
	return 2
}

// wayTo is how long the contractor of a contract takes to come.
func (d *decision) wayTo(id plantroom.ContractID) time.Duration {
	if c := d.book.contracts[id]; c != nil {
		return roster.Way(c)
	}
	return 0
}

// maxSteps bounds how many ends and shifts are looked at for one contractor.
const maxSteps = 2048

// freeAt returns when somebody of a contractor is on duty and has no job, zero
// where that is not within roster.NextDays; and the job whose end makes it so, ""
// where it is the roster.
func (d *decision) freeAt(firm plantroom.Contractor, busy []job) (at plantroom.Instant, after plantroom.OrderID) {
	at = d.now
	if len(roster.OnDuty(firm, d.book.zone, at)) > len(busy) {
		return at, ""
	}
	shift := roster.Next(firm, d.book.zone, at)
	for range maxSteps {
		if !shift.IsZero() && shift <= at {
			shift = roster.Next(firm, d.book.zone, at)
		}
		working, next := 0, shift
		var ending plantroom.OrderID
		for _, j := range busy {
			if j.end <= at {
				continue
			}
			working++
			if next.IsZero() || j.end <= next {
				next, ending = j.end, j.order
			}
		}
		if len(roster.OnDuty(firm, d.book.zone, at)) > working {
			return at, after
		}
		if next.IsZero() {
			return 0, ""
		}
		at, after = next, ending
	}
	return 0, ""
}
