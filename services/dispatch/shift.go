package dispatch

import (
	"cmp"
	"slices"
	"strings"

	"plantroom"
	"plantroom/services/roster"
)

// While nobody has acknowledged an order, those who were called because they were
// on duty answer for it. When the shift changes, whoever comes on duty is called at
// once, however far the ladder has climbed, and what has not reached those who have
// gone off duty is withdrawn.

// team is whose people on duty the ladder has called last.
func (d *decision) team() plantroom.ContractorID {
	return cmp.Or(d.order.OnCallOf, d.order.Contractor)
}

// callTeam lets a team's people on duty be those who are on call. Those of another
// team, who were called before, stay called.
func (d *decision) callTeam(team plantroom.ContractorID) {
	before := d.team()
	if d.order.OnCallOf = team; d.team() != before {
		d.order.OnCall, d.order.HandOver = nil, 0
	}
	d.putOnCall(d.dutyNow())
}

// tellForTeam calls somebody where nobody of the team on call can be: its firm, or
// the managers where the team is no party to the contract.
func (d *decision) tellForTeam(subject plantroom.Text, what any, planned plantroom.Instant) []string {
	if d.team() == d.order.Contractor {
		return d.tellFirm("ladder.call", subject, what, planned)
	}
	return d.tellManagers("ladder.call", say("nobody_of", subject, d.team()), what, planned)
}

// dutyNow are the people on duty of the team on call.
func (d *decision) dutyNow() []plantroom.PersonID {
	return roster.OnDuty(d.book.contractors[d.team()], d.book.zone, d.now)
}

// putOnCall notes whom the ladder has called as being on duty, and when others are.
func (d *decision) putOnCall(people []plantroom.PersonID) {
	o := &d.order
	d.offDuty = append(d.offDuty, without(o.OnCall, people)...)
	o.OnCall = people
	if o.HandOver <= d.now {
		o.HandOver = roster.Change(d.book.contractors[d.team()], d.book.zone, d.now)
	}
}

// takeOver calls those who have come on duty since the ladder has called those who
// were. A hand-over that was missed is made up for as the roster is now, and once.
func (d *decision) takeOver() {
	o := &d.order
	if o.State != plantroom.Dispatched {
		o.OnCall, o.OnCallOf, o.HandOver = nil, "", 0
		return
	}
	planned := o.HandOver
	if planned.IsZero() || planned > d.now {
		return
	}
	before, now := o.OnCall, d.dutyNow()
	d.putOnCall(now)
	came, gone := without(now, before), without(before, now)
	if len(came) == 0 && len(gone) == 0 {
		return
	}
	subject := say("shift", d.title(), d.now.Sub(o.Dispatched), lateWords(d.now.Sub(planned)))
	called := d.callPeople(came, d.onDuty, subject, "shift", planned)
	if len(called) == 0 && !slices.ContainsFunc(now, d.reachable) {
		called = d.tellForTeam(subject, "shift", planned)
	}
	d.row("ladder.hand_over", bySystem, entry{Level: o.Level + 1, Called: called, LateBy: late(d.now.Sub(planned)),
		Reason: "off duty: " + names(gone) + "; come on duty: " + names(came)})
}

func (d *decision) reachable(id plantroom.PersonID) bool { return len(d.book.people[id].Channels) > 0 }

// without are the people of one list that are not in another.
func without(list, others []plantroom.PersonID) (left []plantroom.PersonID) {
	for _, id := range list {
		if !slices.Contains(others, id) {
			left = append(left, id)
		}
	}
	return left
}

func names(people []plantroom.PersonID) string {
	if len(people) == 0 {
		return "nobody"
	}
	out := make([]string, len(people))
	for i, id := range people {
		out[i] = string(id)
	}
	return strings.Join(out, ", ")
}

// withdraw takes back the calls of the ladder that have not been delivered to those
// who have gone off duty. Whom the ladder calls by name is called in any case.
func (d *decision) withdraw(tx plantroom.Tx) error {
	for _, level := range d.book.ladders[d.order.Ladder].Levels {
		d.offDuty = without(d.offDuty, level.People)
	}
	if len(d.offDuty) == 0 {
		return nil
	}
	calls, err := tx.CallsOf(d.order.ID)
	if err != nil {
		return err
	}
	for _, c := range calls {
		id, person := strings.CutPrefix(c.Who, "person:")
		if c.State != plantroom.CallPending || c.Kind != "ladder.call" || !person || !slices.Contains(d.offDuty, plantroom.PersonID(id)) {
			continue
		}
		c.State, c.Done, c.NextTry = plantroom.CallWithdrawn, d.now, 0
		if err := tx.UpdateCall(c); err != nil {
			return err
		}
		d.row("call.withdrawn", bySystem, entry{Called: []string{c.Who}, Reason: c.Kind + ": it had not been delivered when its shift ended"})
	}
	return d.err
}

// onShift looks at the orders of which people were called because they were on duty:
// a changed roster may have put others there.
func (d *Desk) onShift(tx plantroom.Tx, now plantroom.Instant) error {
	f := plantroom.OrderFilter{Open: true, States: []plantroom.OrderState{plantroom.Dispatched}, Limit: shiftPage}
	for {
		orders, err := tx.Orders(f)
		if err != nil {
			return err
		}
		for _, o := range orders {
			if !d.book.calledDuty(o) {
				continue
			}
			in, err := d.behind(tx, o)
			if err != nil {
				return err
			}
			dec := d.book.decide(now, o, in)
			dec.order.HandOver = now
			if err := write(tx, o, dec.finish()); err != nil {
				return err
			}
		}
		if len(orders) < shiftPage {
			return nil
		}
		f.Before = orders[len(orders)-1].ID
	}
}

// calledDuty reports whether the ladder of an order has come to a level that calls
// whoever is on duty.
func (b *book) calledDuty(o plantroom.WorkOrder) bool {
	levels := b.ladders[o.Ladder].Levels
	return slices.ContainsFunc(levels[:min(len(levels), o.Level+1)], func(l plantroom.Level) bool { return len(l.People) == 0 })
}

// shiftPage is how many orders are read at a time.
const shiftPage = 200
