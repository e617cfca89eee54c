package dispatch

import (
	"fmt"
	"slices"

	"plantroom"
)

// evidence moves an order by what the sensor says of its incident. Every
// change has a ledger row, also one about an earlier episode of the order,
// which moves nothing any more; present is the episode behind it now.
func (b *book) evidence(now plantroom.Instant, o plantroom.WorkOrder, present plantroom.Incident, ev plantroom.IncidentEvent,
	scene scene, away []absence, before []word) *decision {
	d := b.decide(now, o, present)
	d.away, d.before = away, before
	in := ev.Incident
	e := entry{Severity: in.Severity.String(), Cause: in.Cause, Detail: in.Detail}
	switch ev.Change {
	case plantroom.IncidentReleased:
		e.Source = in.Released
	case plantroom.IncidentCleared:
		e.Source = in.Cleared
	case plantroom.IncidentProgress:
		e.Clean = fmt.Sprintf("%d of %d", in.Clean, in.Needed)
	case plantroom.IncidentProved:
		e.Clean, e.Source = fmt.Sprintf("%d of %d", in.Clean, in.Needed), in.Proved
	}
	d.incidentRow(ev.Change, &in, e)
	if in.ID == o.Incident || slices.Contains(o.Also, in.ID) {
		d.move(ev.Change, scene)
	}
	return d.finish()
}

func (d *decision) move(change plantroom.IncidentChange, scene scene) {
	if d.order.State == plantroom.Cancelled {
		d.revive(change, scene)
		return
	}
	switch change {
	case plantroom.IncidentWorsened:
		d.worsened()
	case plantroom.IncidentReleased:
		if !d.incident.Released.IsZero() { // not while those of a merged order are trapped
			d.prove(plantroom.Release, min(d.incident.Released, d.now))
		}
	case plantroom.IncidentRelapsed:
		if d.order.State == plantroom.Restored {
			d.contradict(say("came_back"))
		}
	case plantroom.IncidentProved:
		if d.can(plantroom.DoProve) && d.incident.State == plantroom.IncidentClosed { // and all that was merged
			d.proved()
		}
	}
}

// revive takes a cancelled order up again where what it was cancelled for no
// longer holds: the fault is graver than whoever cancelled it knew, or it went
// and has come back.
func (d *decision) revive(change plantroom.IncidentChange, scene scene) {
	switch {
	case change == plantroom.IncidentWorsened && d.incident.Severity > d.order.Severity:
		d.takeUp("it was cancelled as "+d.order.Severity.String()+", and is "+d.incident.Severity.String()+" now", scene)
	case change == plantroom.IncidentRelapsed:
		d.takeUp("it was cancelled, went, and has come back", scene)
	}
}

// worsened takes the new severity and cause over, tightens the windows, and
// tells the contractor; the managers too once a life is at stake.
func (d *decision) worsened() {
	o := &d.order
	if d.settled() {
		return
	}
	o.Cause, o.Detail = d.incident.Cause, d.incident.Detail
	if d.incident.Severity > o.Severity {
		d.resumeClocks(d.now, bySystem, entry{Reason: "it has become worse"})
		d.rise(d.incident.Severity)
		d.row("order.worsened", witness(d.incident.Domain), entry{Severity: o.Severity.String(), Cause: o.Cause, Clocks: o.Clocks})
		if o.Severity == plantroom.Life {
			d.tellManagers("order.worsened", say("life", d.title(), d.dueWords()), int(o.Version))
		}
	}
	d.tellContractor("order.worsened", say("worsened", d.title(), d.dueWords()), int(o.Version))
}

// settled reports whether the order no longer asks anything of the contractor.
func (d *decision) settled() bool {
	return d.order.State.Final() || d.order.State == plantroom.Verified
}

// proved verifies the order. The clocks stop at the source time of the last
// clean cycle, however late that was heard.
func (d *decision) proved() {
	at := min(d.incident.Proved, d.now) // a sensor's clock may be fast
	if at.IsZero() {
		at = d.now
	}
	if d.order.PartOf != "" {
		at = max(at, d.order.Restored) // the sensor sees the whole, and not that the part is done
	}
	d.proveAll(at)
	d.resumeClocks(d.now, bySystem, entry{Reason: "the repair is proved"})
	d.order.Verified, d.order.NextCall = d.now, 0
	d.do(plantroom.DoProve, witness(d.incident.Domain), entry{Source: at, Clocks: d.order.Clocks,
		Clean: fmt.Sprintf("%d of %d", d.incident.Clean, d.incident.Needed)})
	d.tellContractor("order.verified", d.told(say("verified", d.title()), say("verified.alert", d.title())), d.order.Reopens)
}

// contradict takes a claim of "fixed" back. Whoever made it from afar has still
// to come.
func (d *decision) contradict(why plantroom.Text) {
	d.order.Contradicted++
	d.order.Restored, d.order.Watched = 0, 0
	d.unclaimed()
	action := plantroom.DoContradict
	if d.order.Attended.IsZero() {
		action = plantroom.DoDoubt
	}
	d.do(action, witness(d.incident.Domain), entry{Reason: why.En, Note: d.order.FixNote})
	subject := say("contradicted", d.title(), why)
	d.tellContractor("order.contradicted", subject, d.order.Contradicted)
	d.tellManagers("order.contradicted", subject, d.order.Contradicted)
}
