package report

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
)

// Case is one past episode, as far as it does not depend on who was asked.
type Case struct {
	Order    plantroom.OrderID
	Incident plantroom.IncidentID
	Asset    plantroom.AssetID
	Building plantroom.BuildingID
	Domain   plantroom.DomainName
	Rule     plantroom.RuleID
	Cause    string
	Occurred plantroom.Instant // source time
	Raised   plantroom.Instant // when it was known
	Severity []Rise            // what it was from when on; the first is how it began

	Answer   plantroom.Duration // from the raising to the acceptance; -1: nobody accepted it
	Arrived  plantroom.Instant  // zero: nobody came
	Released plantroom.Instant  // zero: nobody was seen to be released
	Proved   plantroom.Instant

	kept, missed map[plantroom.ClockKind]int // of the windows that it had
}

// Rise is a severity from an instant on.
type Rise struct {
	At       plantroom.Instant
	Severity plantroom.Severity
}

// Past are the cases of some time, in the order in which they were known.
type Past struct {
	From, To plantroom.Instant
	Cases    []Case
	left     []Case // out: cancelled, or not repaired yet
}

// Past reads what happened between two instants.
func (h *House) Past(tx plantroom.Tx, from, to, now plantroom.Instant) (Past, error) {
	p := Past{From: from, To: to}
	records, err := read(tx, from, to, readShort)
	if err != nil {
		return p, err
	}
	for i := range records {
		if err := p.add(h, &records[i], now); err != nil {
			return p, err
		}
	}
	p.sort()
	return p, nil
}

func (p *Past) sort() {
	slices.SortFunc(p.Cases, func(a, b Case) int {
		return cmp.Or(cmp.Compare(a.Raised, b.Raised), cmp.Compare(a.Incident, b.Incident))
	})
}

func (p *Past) add(h *House, r *Record, now plantroom.Instant) error {
	rs, err := rounds(r)
	if err != nil {
		return err
	}
	became := outcomes(r, rs, h.calendars, now)
	for n, round := range rs {
		if round.begun < p.From || round.begun >= p.To {
			continue
		}
		if r.Order.PartOf != "" || r.Order.State == plantroom.Merged && round == rs[len(rs)-1] {
			continue // it counts with its whole, or with the order that went on with it
		}
		o := &r.Order
		if round.proved.IsZero() {
			p.left = append(p.left, Case{Order: o.ID, Building: o.Building, Domain: o.Domain})
			continue
		}
		c := Case{Order: o.ID, Incident: round.incident, Asset: o.Asset, Building: o.Building, Domain: o.Domain, Rule: o.Rule,
			Cause: r.incident(round.incident).Cause, Occurred: round.occurred, Raised: round.begun, Answer: -1,
			Released: round.released, Proved: round.proved, kept: map[plantroom.ClockKind]int{}, missed: map[plantroom.ClockKind]int{}}
		for _, s := range round.severity {
			c.Severity = append(c.Severity, Rise{s.at, s.severity})
		}
		for _, st := range round.stints {
			if !st.accepted.IsZero() {
				c.Answer = plantroom.Duration(st.accepted.Sub(round.begun))
			}
			if !st.arrived.IsZero() && st.arrived < round.proved {
				c.Arrived = st.arrived // of those who came, the last one repaired it
			}
		}
		for i := range became[n] {
			c.count(&became[n][i])
		}
		p.Cases = append(p.Cases, c)
	}
	return nil
}

func (c *Case) count(o *Outcome) {
	switch o.Verdict {
	case Kept:
		c.kept[o.Clock]++
	case Missed:
		c.missed[o.Clock]++
	}
}

// work is how long the repair took once somebody was there.
func (c *Case) work() time.Duration { return c.Proved.Sub(c.Arrived) }

// Recorded is what the past came to as it was. Its money is in the statements.
func (p *Past) Recorded(goal time.Duration) Result {
	r := Result{Contract: "as it was", Covered: len(p.Cases), Kept: map[plantroom.ClockKind]int{}, Missed: map[plantroom.ClockKind]int{}}
	var downs, arrivals []time.Duration
	for i := range p.Cases {
		c := &p.Cases[i]
		for kind, n := range c.kept {
			r.Kept[kind] += n
		}
		for kind, n := range c.missed {
			r.Missed[kind] += n
		}
		down := c.Proved.Sub(c.Occurred)
		downs = append(downs, down)
		r.Downtime += plantroom.Duration(down)
		if down <= goal {
			r.WithinGoal++
		}
		if !c.Arrived.IsZero() {
			arrivals = append(arrivals, c.Arrived.Sub(c.Raised))
			r.Visits++
			r.Hours += plantroom.Duration(c.work())
		}
	}
	r.Median, r.P95, r.Longest, r.Arrival = ranked(downs, 50), ranked(downs, 95), ranked(downs, 100), ranked(arrivals, 50)
	return r
}
