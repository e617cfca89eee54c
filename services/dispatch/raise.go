package dispatch

import (
	"fmt"
	"time"

	"plantroom"
)

// raise makes the order of a new incident and gives it to whom the window
// check chooses. Where no contract covers the asset it stays raised, and the
// managers are called.
func (b *book) raise(now plantroom.Instant, id plantroom.OrderID, in plantroom.Incident, scene scene) *decision {
	d := b.decide(now, plantroom.WorkOrder{
		ID: id, State: plantroom.Raised, Incident: in.ID, Asset: in.Asset, Building: in.Building, Domain: in.Domain,
		Rule: in.Rule, Severity: in.Severity, Cause: in.Cause, Detail: in.Detail,
		Occurred: in.Episode, Raised: now, Begun: now, Level: -1, During: scene.works,
	}, in)
	d.incidentRow(plantroom.IncidentOpened, &in, entry{Severity: in.Severity.String(), Cause: in.Cause, Detail: in.Detail, Source: in.Episode})
	choice := d.check(scene.busy)
	d.order.Choice = choice
	d.plan()
	d.row("order.raise", bySystem, entry{To: plantroom.Raised, Incident: in.ID, Choice: choice, Playbook: d.order.Playbook, During: scene.works, Terms: b.terms.text()})
	d.order.Clocks = d.clocksFor(nil)
	d.give(choice)
	return d.finish()
}

// continues reports whether an incident continues an order: a repeat of the
// same rule on the same asset within the reopening time of the order's contract,
// counted from when the repair was seen to hold, however late that was heard.
func (b *book) continues(o plantroom.WorkOrder, repaired, in plantroom.Incident) bool {
	c := b.contracts[o.Contract]
	return c != nil && in.Episode.Sub(min(repaired.Proved, o.Verified)) <= time.Duration(c.Reopen)
}

// reopen lets an order go on with a new episode: the repair did not last. What was
// promised for the repair itself goes on with what it had used, under the same
// contract; see goOn. Somebody has to answer and to come again, and people who are
// trapped again to get out again: the other clocks are new. Those of the round
// before stay readable, with its pauses, in the ledger row of the reopening, and
// the incident moves to Earlier. Raised stays the first raising; the other times,
// notes and refusals are those of the new round, Contradicted counts over all of
// them. The order stays with its contractor while a contract of that contractor
// covers the asset: it is its repair that did not last.
func (b *book) reopen(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident, scene scene) *decision {
	d := b.decide(now, o, in)
	d.order.During = scene.works
	d.incidentRow(plantroom.IncidentOpened, &in, entry{Severity: in.Severity.String(), Cause: in.Cause, Detail: in.Detail, Source: in.Episode})
	d.do(plantroom.DoReopen, bySystem, entry{Incident: in.ID, Contractor: o.Contractor, Terms: b.terms.text(), Clocks: o.Clocks, Pauses: o.Pauses, Tasks: o.Tasks, During: scene.works,
		Reason: fmt.Sprintf("the same fault %s after the repair was proved", words(in.Episode.Sub(o.Verified)))})
	n := &d.order
	n.Earlier = append(n.Earlier, o.Incident)
	n.Incident, n.Occurred, n.Begun = in.ID, in.Episode, in.Opened
	n.Also, n.AlsoRules = nil, nil // what was merged is over with the round before
	goesOn := d.goOn()
	d.afresh(scene.busy, goesOn, "it is its repair that did not last")
	return d.finish()
}

// takeUp lets an order that was cancelled go on, because its episode has grown
// worse or come back. Its windows run from now: nobody was asked in between.
// Works that it was raised in may be over, and others may have begun.
func (d *decision) takeUp(why string, scene scene) {
	o := &d.order
	o.During = scene.works
	d.do(plantroom.DoReopen, bySystem, entry{Incident: o.Incident, Contractor: o.Contractor, Terms: d.book.terms.text(), Clocks: o.Clocks, Pauses: o.Pauses, Tasks: o.Tasks, During: scene.works, Reason: why})
	o.Occurred, o.Begun = d.now, d.now
	d.afresh(scene.busy, nil, "it had the order before")
}

// afresh begins a new round of an order with its incident as it is. goesOn is what
// goes on of the round before; why says for what reason it stays with its contractor.
func (d *decision) afresh(busy jobs, goesOn *plantroom.GoesOn, why string) {
	n, in := &d.order, &d.incident
	contract := n.Contract
	n.Reopens++
	n.Severity, n.Cause, n.Detail, n.Rises = in.Severity, in.Cause, in.Detail, nil
	n.Dispatched, n.Acknowledged, n.Attended, n.Restored, n.Watched, n.Verified, n.Closed, n.ETA = 0, 0, 0, 0, 0, 0, 0, 0
	n.By, n.FixNote, n.DeclinedBy, n.TakenFrom, n.Former, n.Pauses, n.GoesOn = "", "", nil, nil, nil, nil, goesOn
	d.plan()
	n.Choice = stayWith(contract, d.check(busy), why)
	n.Clocks = d.clocksFor(nil)
	d.give(n.Choice)
}

// stayWith moves the choice to the contract that an order had, if that is
// among the candidates.
func stayWith(contract plantroom.ContractID, list []plantroom.Candidate, why string) []plantroom.Candidate {
	for i := range list {
		if list[i].Contract != contract {
			continue
		}
		for j := range list {
			list[j].Chosen = j == i
		}
		list[i].Reason += "; " + why
	}
	return list
}

// give dispatches the order to the chosen candidate, and calls the managers at
// once where the window cannot be kept or nobody can be sent.
func (d *decision) give(choice []plantroom.Candidate) {
	for _, c := range choice {
		if !c.Chosen {
			continue
		}
		d.dispatch(c)
		if !c.CanMeet {
			d.tellManagers("window.cannot_meet", say("cannot_meet", d.title(), d.at(c.Earliest), d.at(c.Due)), d.order.Link)
		}
		return
	}
	d.order.Contractor, d.order.Contract, d.order.Ladder, d.order.NextCall = "", "", "", 0
	if len(choice) == 0 {
		d.row("order.uncovered", bySystem, entry{Reason: "no contract in force covers it"})
		d.tellManagers("order.uncovered", say("uncovered", d.title()), d.order.Reopens)
		return
	}
	d.row("order.refused", bySystem, entry{Choice: choice, Reason: "everybody whose contract covers it has declined"})
	d.tellManagers("order.refused", say("refused", d.title()), len(d.order.DeclinedBy))
}

// dispatch gives the order to a candidate: a new job link, the ladder from its
// start, the clocks of that contract, and the call.
func (d *decision) dispatch(c plantroom.Candidate) {
	contract := d.book.contracts[c.Contract]
	o := &d.order
	o.Contractor, o.Contract, o.Ladder = c.Contractor, c.Contract, contract.Ladder
	o.Dispatched, o.Acknowledged, o.Attended, o.ETA, o.By = d.now, 0, 0, 0, ""
	o.Link++
	d.transfer(contract)
	d.restartLadder()
	d.do(plantroom.DoDispatch, bySystem, entry{Contractor: c.Contractor, Contract: c.Contract, Link: o.Link, Terms: d.book.terms.text(),
		Clocks: o.Clocks, Choice: o.Choice})
	d.tellContractor("order.dispatched", say("dispatched", d.title(), d.dueWords()), o.Link)
}

// when gives a time of day, or says that it will not come.
func (d *decision) when(at plantroom.Instant) string {
	if at.IsZero() {
		return "never"
	}
	return d.book.clock(at, d.now)
}
