package report

import (
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// Offer is a contract with whoever would do the work.
type Offer struct {
	Contract   plantroom.Contract
	Contractor plantroom.Contractor
}

// Result is what a past would have come to under an offer. Amounts are in minor
// units.
type Result struct {
	Contract   plantroom.ContractID        `json:"contract"`
	Contractor plantroom.ContractorID      `json:"contractor"`
	Covered    int                         `json:"covered"`    // episodes
	Uncovered  int                         `json:"uncovered"`  // episodes that are none of its domains or buildings
	Unattended int                         `json:"unattended"` // episodes for which nobody would have come
	Kept       map[plantroom.ClockKind]int `json:"kept"`
	Missed     map[plantroom.ClockKind]int `json:"missed"`
	WithinGoal int                         `json:"within_goal"`
	Downtime   plantroom.Duration          `json:"downtime"` // of all episodes together
	Median     plantroom.Duration          `json:"median"`
	P95        plantroom.Duration          `json:"p95"`
	Longest    plantroom.Duration          `json:"longest"`
	Arrival    plantroom.Duration          `json:"arrival"` // median of those to which somebody came
	Fixed      int64                       `json:"fixed"`
	Visits     int                         `json:"visits"`
	CallOuts   int64                       `json:"call_outs"`
	Hours      plantroom.Duration          `json:"hours"`
	Work       int64                       `json:"work"`
	Penalties  int64                       `json:"penalties"`
	Total      int64                       `json:"total"`
}

// replay is one offer being tried on a past.
type replay struct {
	house    *House
	offer    *Offer
	crew     *crew
	goal     time.Duration
	out      Result
	downs    []time.Duration
	arrivals []time.Duration
	owed     map[Month]int64
	repaired map[fault]repaired // the last repairs, which may not last
}

// Replay tries an offer on a past, as if it had been in force all the time; goal is
// the time within which a fault should be over. See Assumptions for what it takes
// for granted. It fails with CodeInvalid for a calendar that is not known.
func (h *House) Replay(p *Past, o *Offer, goal time.Duration) (Result, error) {
	for _, w := range o.Contract.Windows {
		if w.Calendar != "" && h.calendars[w.Calendar] == nil {
			return Result{}, plantroom.Errorf(plantroom.CodeInvalid, "contract %s names the unknown calendar %s", o.Contract.ID, w.Calendar)
		}
	}
	r := replay{house: h, offer: o, crew: newCrew(o.Contractor, &o.Contract, h.Zone), goal: goal, owed: map[Month]int64{}, repaired: map[fault]repaired{},
		out: Result{Contract: o.Contract.ID, Contractor: o.Contractor.ID, Kept: map[plantroom.ClockKind]int{}, Missed: map[plantroom.ClockKind]int{}}}
	for i := range p.Cases {
		if c := &p.Cases[i]; covers(&o.Contract, c) {
			r.play(c, p.To)
		} else {
			r.out.Uncovered++
		}
	}
	r.sum(p)
	return r.out, nil
}

// covers is Contract.Covers at whatever time.
func covers(k *plantroom.Contract, c *Case) bool {
	return slices.Contains(k.Domains, c.Domain) && (len(k.Buildings) == 0 || slices.Contains(k.Buildings, c.Building))
}

// course is how an episode would have gone.
type course struct {
	answered plantroom.Instant // zero: not known
	arrived  plantroom.Instant // zero: nobody came before it was over
	released plantroom.Instant
	over     plantroom.Instant // zero: not within the past
}

// play lets one episode happen.
func (r *replay) play(c *Case, end plantroom.Instant) {
	r.out.Covered++
	way := r.course(c)
	if way.over.IsZero() {
		r.downs = append(r.downs, end.Sub(c.Occurred))
	} else { // to its end, as the record's are, also where that lies beyond the past
		r.downs = append(r.downs, way.over.Sub(c.Occurred))
	}
	if !way.over.IsZero() && way.over.Sub(c.Occurred) <= r.goal {
		r.out.WithinGoal++
	}
	if !way.arrived.IsZero() {
		r.arrivals = append(r.arrivals, way.arrived.Sub(c.Raised))
	}
	for _, clock := range r.clocks(c, way) {
		if clock.Due.IsZero() && clock.Stopped.IsZero() {
			continue // what it counts from never happened
		}
		o := Judge(&clock, r.offer.Contract.ID, r.house.calendars, max(end, way.over, clock.Due+1), 0)
		o.Severity, o.Rule, o.Cause = severityAt(c, o.when()), c.Rule, c.Cause
		if clock.Kind == plantroom.Restore {
			o = r.instead(c, o)
		}
		r.count(&o, 1)
		if clock.Kind == plantroom.Restore {
			r.repaired[faultOf(c)] = repaired{over: way.over, clock: clock, outcome: o}
		}
	}
}

// count takes an outcome into the result, or out of it again (by -1).
func (r *replay) count(o *Outcome, by int) {
	switch o.Verdict {
	case Kept:
		r.out.Kept[o.Clock] += by
	case Missed:
		r.out.Missed[o.Clock] += by
		l := Line{Outcome: *o}
		l.charge(&r.offer.Contract)
		r.owed[MonthOf(o.when(), r.house.Zone)] += int64(by) * l.Penalty
	}
}

// course sends somebody, and has the repair take as long as it took.
func (r *replay) course(c *Case) course {
	way := course{released: c.Released}
	if c.Answer >= 0 {
		way.answered = c.Raised.Add(time.Duration(c.Answer))
	}
	s, comes := r.crew.send(c.Asset, c.Raised)
	healed := c.Arrived.IsZero()
	switch {
	case healed && (!comes || s.arrives >= c.Proved): // it is over before anybody is there
		way.over = c.Proved
		return way
	case !comes:
		r.out.Unattended++
		way.released = 0
		return way
	}
	way.arrived = s.arrives
	if way.over = c.Proved; !healed {
		way.over = s.arrives.Add(c.work())
		if c.Released > c.Arrived { // whoever came had let them out
			way.released = s.arrives.Add(c.Released.Sub(c.Arrived))
		} else if c.Released > way.over {
			way.released = way.over
		}
	}
	if way.answered.IsZero() || way.answered > way.arrived {
		way.answered = way.arrived
	}
	r.out.Hours += plantroom.Duration(r.crew.keep(s, c.Asset, way.over))
	if !s.there {
		r.out.Visits++
		r.out.CallOuts += callOut(&r.offer.Contract.Price, r.house.calendars, way.arrived)
	}
	return way
}

// clocks are the windows of an episode under the offer, ended as they would have been.
func (r *replay) clocks(c *Case, way course) []plantroom.Clock {
	h := r.house
	terms := sla.Terms{Contract: &r.offer.Contract, Profile: h.profile, Targets: h.targets[c.Domain], Calendars: h.calendars}
	kinds, ok := h.rules[c.Rule]
	if !ok {
		kinds = []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore}
	}
	matter := plantroom.Matter{Domain: c.Domain, Rule: c.Rule, Kind: h.assets[c.Asset].Kind, Cause: c.Cause}
	starts := map[plantroom.ClockStart]plantroom.Instant{plantroom.FromOccurred: c.Occurred, plantroom.FromRaised: c.Raised,
		plantroom.FromDispatched: c.Raised, plantroom.FromAcknowledged: way.answered}
	var clocks []plantroom.Clock
	for i, rise := range c.Severity {
		at := rise.At
		if i == 0 {
			at = c.Raised
		}
		if !way.over.IsZero() && at > way.over {
			break // it would have been over before it grew graver
		}
		for _, w := range terms.Clocks(kinds, matter, rise.Severity, at) {
			if from := starts[w.From]; !from.IsZero() {
				if i > 0 {
					from = max(from, at)
				}
				sla.Start(&w, from, h.calendars[w.Calendar])
			}
			clocks = sla.Tighten(clocks, w)
		}
		if i == 0 {
			clocks = r.goneOn(c, clocks)
		}
	}
	for i := range clocks {
		way.end(&clocks[i])
	}
	return clocks
}

// end stops a clock when its promise was kept, or lets it fall away.
func (w *course) end(k *plantroom.Clock) {
	at := map[plantroom.ClockKind]plantroom.Instant{plantroom.Acknowledge: w.answered, plantroom.Attend: w.arrived,
		plantroom.Release: w.released, plantroom.Restore: w.over}[k.Kind]
	if k.Kind == plantroom.Release && at.IsZero() {
		at = w.over // nobody was seen to be released before the repair was proved
	}
	switch {
	case k.Kind == plantroom.Acknowledge && at.IsZero() && w.over.IsZero():
		sla.Void(k) // the record does not say how soon somebody answers
	case !at.IsZero() && (w.over.IsZero() || at <= w.over):
		sla.Stop(k, max(at, k.Started, k.Resumed))
	case !w.over.IsZero():
		sla.Moot(k, max(w.over, k.Started, k.Resumed))
	}
}

func severityAt(c *Case, at plantroom.Instant) plantroom.Severity {
	s := plantroom.NoSeverity
	for i, rise := range c.Severity {
		if i == 0 || rise.At <= at {
			s = rise.Severity
		}
	}
	return s
}

// sum adds up times and money.
func (r *replay) sum(p *Past) {
	o, k := &r.out, &r.offer.Contract
	for _, d := range r.downs {
		o.Downtime += plantroom.Duration(d)
	}
	o.Median, o.P95, o.Longest = ranked(r.downs, 50), ranked(r.downs, 95), ranked(r.downs, 100)
	o.Arrival = ranked(r.arrivals, 50)
	o.Fixed = overDays(k.Price.Yearly, p.From, p.To, r.house.Zone)
	o.Work = work(k.Price.Hour, time.Duration(o.Hours))
	most, capped := limit(k)
	for _, owed := range r.owed {
		if capped {
			owed = min(owed, most)
		}
		o.Penalties += owed
	}
	o.Total = o.Fixed + o.CallOuts + o.Work - o.Penalties
}

// ranked is the value that a part of some lengths, in percent, does not exceed
// (nearest rank); zero where there are none.
func ranked(list []time.Duration, percent int) plantroom.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return plantroom.Duration(sorted[max(1, (len(sorted)*percent+99)/100)-1])
}

// overDays is the part of a yearly price for the days of a time; a whole year
// costs the whole price, also a leap year.
func overDays(yearly int64, from, to plantroom.Instant, zone *time.Location) int64 {
	sum := int64(0)
	for y := MonthOf(from, zone).Year; y <= MonthOf(to, zone).Year; y++ {
		first, next := plantroom.At(time.Date(y, 1, 1, 0, 0, 0, 0, zone)), plantroom.At(time.Date(y+1, 1, 1, 0, 0, 0, 0, zone))
		a, b := max(first, from), min(next, to)
		if a < b {
			days := int64(plantroom.DateOf(next, zone) - plantroom.DateOf(first, zone))
			sum += share(yearly, int64(plantroom.DateOf(b, zone)-plantroom.DateOf(a, zone)), days, true)
		}
	}
	return sum
}
