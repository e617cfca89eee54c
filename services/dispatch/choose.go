package dispatch

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/roster"
)

// check is the window check before an order is given away: everybody whose
// contract covers the asset, when they could be there, when somebody has to
// be, and who is chosen. It chooses the cheapest of those who can be there in
// time, or, if nobody can, the one who is there first. Contractors that have
// declined stay on the list, with that as the reason.
//
// Somebody has to be there by the earliest end of an attend, release or
// restore window that the law or any contract in force promises: a lax
// contract does not make the need less urgent. An order that is not yet
// acknowledged is taken to be acknowledged now. A window that was lost before a
// repair did not last asks for nothing: nobody can keep it any more.
func (d *decision) check(busy jobs) []plantroom.Candidate {
	contracts := d.book.covering(d.book.assetOf(&d.order), d.now)
	need := d.need(contracts)
	list := make([]plantroom.Candidate, 0, len(contracts))
	for _, c := range contracts {
		list = append(list, d.candidate(c, busy[c.Contractor], need))
	}
	if best := d.best(list); best >= 0 {
		list[best].Chosen = true
		if list[best].CanMeet {
			list[best].Reason += "; the cheapest of those in time"
		} else {
			list[best].Reason += "; nobody could be earlier"
		}
	}
	return list
}

// need returns when somebody has to be on site; zero: no window says.
func (d *decision) need(contracts []*plantroom.Contract) plantroom.Instant {
	asked := *d
	asked.order.Dispatched, asked.order.Acknowledged = d.now, d.now
	var need plantroom.Instant
	for _, clock := range d.order.Clocks { // of an order that was merged or split
		if clock.Of != "" && clock.Open() && clock.Kind != plantroom.Acknowledge {
			need = earlier(need, clock.Due)
		}
	}
	for _, c := range contracts {
		for _, clock := range asked.clocksFor(c) {
			if clock.Kind != plantroom.Acknowledge && !lost(&clock) && (need.IsZero() || clock.Due < need) {
				need = clock.Due
			}
		}
	}
	return need
}

// candidate judges one contract.
func (d *decision) candidate(c *plantroom.Contract, busy []plantroom.Job, need plantroom.Instant) plantroom.Candidate {
	firm := d.book.contractors[c.Contractor]
	onDuty := len(roster.OnDuty(firm, d.book.zone, d.now))
	cand := plantroom.Candidate{
		Contractor: c.Contractor, Contract: c.ID, OnDuty: onDuty, Free: max(0, onDuty-len(busy)),
		Committed: committed(d.clocksFor(c)), Due: need, CallOut: c.Price.CallOut,
	}
	if slices.Contains(d.order.DeclinedBy, c.Contractor) {
		cand.Reason = "has declined this order"
		return cand
	}
	if slices.Contains(d.order.TakenFrom, c.Contractor) {
		cand.Reason = "the office has taken this order from it"
		return cand
	}
	way, words := roster.Way(c), "is "+c.Travel.String()+" away"
	if c.OnSite {
		words = "is on the estate"
	}
	at, after := d.freeAt(firm, d.ends(busy, onDuty))
	switch {
	case at.IsZero() && onDuty > 0:
		cand.Reason = fmt.Sprintf("all %d on duty busy, and nobody free within %d days", onDuty, roster.NextDays)
		return cand
	case at.IsZero():
		cand.Reason = fmt.Sprintf("nobody on duty within %d days", roster.NextDays)
		return cand
	case at == d.now:
		cand.Reason = fmt.Sprintf("%d of %d on duty free, %s", cand.Free, onDuty, words)
	case after != "":
		cand.FreeAt = at
		cand.Reason = fmt.Sprintf("all %d on duty busy, the first free about %s, after %s, %s", onDuty, d.book.clock(at, d.now), after, words)
		if onDuty == 0 {
			cand.Reason = fmt.Sprintf("nobody on duty and free before about %s, after %s, %s", d.book.clock(at, d.now), after, words)
		}
	case onDuty > 0:
		cand.FreeAt = at
		cand.Reason = fmt.Sprintf("all %d on duty busy, the next comes on duty at %s, %s", onDuty, d.book.clock(at, d.now), words)
	default:
		cand.FreeAt = at
		cand.Reason = fmt.Sprintf("nobody on duty before %s, %s", d.book.clock(at, d.now), words)
	}
	cand.Earliest = at.Add(way)
	if free := d.book.calendars[c.Price.Outside]; free != nil && free.Counts(cand.Earliest) {
		cand.CallOut = 0
	}
	cand.CanMeet = need.IsZero() || cand.Earliest <= need
	cand.Reason += ": there by " + d.book.clock(cand.Earliest, d.now) + ", " + margin(cand.Earliest, need)
	return cand
}

// committed is the window that shows what a contract is worth: to restore, or
// else to attend.
func committed(clocks []plantroom.Clock) plantroom.Duration {
	for _, kind := range []plantroom.ClockKind{plantroom.Restore, plantroom.Attend} {
		if i := slices.IndexFunc(clocks, func(c plantroom.Clock) bool { return c.Kind == kind }); i >= 0 {
			return clocks[i].Window
		}
	}
	return 0
}

func margin(earliest, need plantroom.Instant) string {
	switch spare := need.Sub(earliest); {
	case need.IsZero():
		return "and no window asks for it"
	case spare < 0:
		return words(-spare) + " too late"
	default:
		return words(spare) + " to spare"
	}
}

// best returns the index of the candidate to choose, -1 where nobody is left.
func (d *decision) best(list []plantroom.Candidate) int {
	best := -1
	for i := range list {
		if slices.Contains(d.order.DeclinedBy, list[i].Contractor) || slices.Contains(d.order.TakenFrom, list[i].Contractor) {
			continue
		}
		if best < 0 || d.book.preferred(list[i], list[best]) < 0 {
			best = i
		}
	}
	return best
}

// preferred orders two candidates: in time before late; of those in time the
// cheaper, of those late the earlier; then by id, so that it is always the same.
func (b *book) preferred(x, y plantroom.Candidate) int {
	if x.CanMeet != y.CanMeet {
		if x.CanMeet {
			return -1
		}
		return 1
	}
	cheaper := cmp.Or(cmp.Compare(x.CallOut, y.CallOut),
		cmp.Compare(b.contracts[x.Contract].Price.Hour, b.contracts[y.Contract].Price.Hour))
	earlier := cmp.Compare(arrival(x), arrival(y))
	if x.CanMeet {
		return cmp.Or(cheaper, earlier, strings.Compare(string(x.Contract), string(y.Contract)))
	}
	return cmp.Or(earlier, cheaper, strings.Compare(string(x.Contract), string(y.Contract)))
}

// arrival is Earliest with "never" at the end of time.
func arrival(c plantroom.Candidate) plantroom.Instant {
	if c.Earliest.IsZero() {
		return math.MaxInt64
	}
	return c.Earliest
}

// clock gives a time of day on the estate, with the date where it is not today.
func (b *book) clock(at, now plantroom.Instant) string {
	t, today := at.Time().In(b.zone), now.Time().In(b.zone)
	if t.YearDay() == today.YearDay() && t.Year() == today.Year() {
		return t.Format("15:04")
	}
	return t.Format("Mon 2 Jan 15:04")
}

// words gives a length of time without more precision than a human wants.
func words(d time.Duration) string {
	if d >= time.Minute {
		d = d.Round(time.Minute)
	} else {
		d = d.Round(time.Second)
	}
	return plantroom.Duration(d).String()
}
