package dispatch

import (
	"slices"

	"plantroom"
)

// maxHops bounds the way from a merged order to the one that carries it on: so
// many merges of merged orders. A merge beyond is refused, since an order carries
// on no more than maxMerged, those among them that were carried on before.
const maxHops = maxMerged

// carrier returns the order that carries an order on: itself, unless it was merged.
func carrier(tx plantroom.Tx, o plantroom.WorkOrder) (plantroom.WorkOrder, error) {
	for range maxHops + 1 {
		if o.State != plantroom.Merged {
			return o, nil
		}
		next, err := tx.Order(o.MergedInto)
		if err != nil {
			return o, err
		}
		o = next
	}
	return o, plantroom.Errorf(plantroom.CodeInternal, "%s was merged more than %d times", o.ID, maxHops)
}

// behind returns the incident behind an order. For one into which others were
// merged, it is that of all their incidents together.
func (d *Desk) behind(tx plantroom.Tx, o plantroom.WorkOrder) (plantroom.Incident, error) {
	in, err := tx.Incident(o.Incident)
	if err != nil || len(o.Also) == 0 {
		return in, err
	}
	all := []plantroom.Incident{in}
	for _, id := range o.Also {
		also, err := tx.Incident(id)
		if err != nil {
			return in, err
		}
		all = append(all, also)
	}
	return d.book.together(all), nil
}

// together is the incident that several of one cause come to: open while any is
// open, and over when all are; as grave as the gravest. Whoever was trapped is out
// when everybody is. Its name, and how many clean cycles were seen, are the first's.
func (b *book) together(all []plantroom.Incident) plantroom.Incident {
	one := all[0]
	one.State, one.Released, one.Proved = plantroom.IncidentClosed, 0, 0
	trapped := false
	for _, in := range all {
		if graver(in.State, one.State) {
			one.State = in.State
		}
		if in.Severity > one.Severity {
			one.Severity, one.Cause, one.Detail = in.Severity, in.Cause, in.Detail
		}
		one.Proved = max(one.Proved, in.Proved)
		if slices.Contains(b.clockKinds(in.Rule), plantroom.Release) {
			out := in.Released
			if out.IsZero() {
				out = in.Proved
			}
			trapped = trapped || out.IsZero()
			one.Released = max(one.Released, out)
		}
	}
	if trapped {
		one.Released = 0
	}
	if one.State != plantroom.IncidentClosed {
		one.Proved = 0
	}
	return one
}

// graver reports whether an incident in a state is farther from its end than one
// in another.
func graver(a, b plantroom.IncidentState) bool {
	order := []plantroom.IncidentState{plantroom.IncidentClosed, plantroom.IncidentClearing, plantroom.IncidentOpen}
	return slices.Index(order, a) > slices.Index(order, b)
}
