package dispatch

import (
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// tick lets time pass for one order.
func (b *book) tick(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident) *decision {
	return b.decide(now, o, in).finish()
}

// settle does everything that has come due by now. Doing it again does nothing.
func (d *decision) settle() {
	d.endPause()
	d.endHold()
	d.marks()
	d.climb()
	d.takeOver()
	d.lateTasks()
	if at := d.contradictAt(); !at.IsZero() && at <= d.now {
		since := d.now.Sub(d.order.Restored)
		d.contradict(d.told(say("seen_later", since), say("seen_later.alert", since)))
		d.marks() // of what the claim had stopped, and whose window has ended since
	}
	if at := d.closeAt(); !at.IsZero() && at <= d.now {
		d.order.Closed = d.now
		d.do(plantroom.DoClose, bySystem, entry{})
	}
}

// due returns when time alone will next change the order.
func (d *decision) due() plantroom.Instant {
	next := earlier(earlier(d.order.NextCall, d.pauseEnds()), earlier(d.contradictAt(), d.closeAt()))
	next = earlier(earlier(next, d.order.HandOver), d.taskDue())
	next = earlier(next, d.holdEnds())
	for i := range d.order.Clocks {
		next = earlier(next, sla.Due(&d.order.Clocks[i]))
	}
	return next
}

// earlier returns the earlier of two instants, where zero means never.
func earlier(a, b plantroom.Instant) plantroom.Instant {
	if a.IsZero() || !b.IsZero() && b < a {
		return b
	}
	return a
}

// contradictAt is when a claim falls, zero where none stands against a sensor
// that is heard.
func (d *decision) contradictAt() plantroom.Instant {
	if d.order.State != plantroom.Restored || d.incident.State != plantroom.IncidentOpen || d.order.Watched.IsZero() {
		return 0
	}
	if d.incident.Domain == plantroom.AlertsDomain {
		return d.order.Watched.Add(ContradictAlertAfter)
	}
	return d.order.Watched.Add(ContradictAfter)
}

func (d *decision) closeAt() plantroom.Instant {
	if d.order.State != plantroom.Verified {
		return 0
	}
	return d.order.Verified.Add(CloseAfter)
}

// marks writes down every part of a window that has been used up, each once,
// and calls: at 80 % contractor and managers, at 100 % the managers.
func (d *decision) marks() {
	for i := range d.order.Clocks {
		c := &d.order.Clocks[i]
		for _, m := range sla.Advance(c, d.now) {
			d.mark(*c, m)
		}
	}
}

func (d *decision) mark(c plantroom.Clock, m sla.Mark) {
	kind := map[int]string{50: "clock.half", 80: "clock.at_risk", 100: "clock.breached"}[m.Percent]
	d.row(kind, bySystem, entry{Clock: c.Kind, Percent: m.Percent, Due: c.Due, LateBy: late(m.Late)})
	switch m.Percent {
	case 80:
		subject := say("at_risk", d.title(), c.Kind, d.at(c.Due), lateWords(m.Late))
		d.tellContractor(kind, subject, c.Kind, c.Due)
		d.tellManagers(kind, subject, c.Kind, c.Due)
	case 100:
		d.tellManagers(kind, say("breached", d.title(), c.Kind, d.at(c.Due), lateWords(m.Late)), c.Kind, c.Due)
	}
}

// restartLadder puts the order below the first rung. The rungs are counted
// from Dispatched.
func (d *decision) restartLadder() {
	d.order.Level = -1
	d.order.NextCall = d.rung(0)
	d.order.OnCall, d.order.OnCallOf, d.order.HandOver = nil, "", 0
}

// rung is when a level of the order's ladder is due, zero where there is none.
func (d *decision) rung(level int) plantroom.Instant {
	levels := d.book.ladders[d.order.Ladder].Levels
	if level >= len(levels) {
		return 0
	}
	return d.order.Dispatched.Add(time.Duration(levels[level].After))
}

// climb calls every rung that has come due. A rung that was missed is called
// late, and once; its missed repeats are not made up for. The ladder rests
// while NextCall is zero, which is whenever the order is not dispatched.
func (d *decision) climb() {
	o := &d.order
	levels := d.book.ladders[o.Ladder].Levels // which the file may have changed since the last call
	if len(levels) == 0 {
		o.NextCall = 0
	}
	d.restWorks()
	for !o.NextCall.IsZero() && o.NextCall <= d.now {
		planned := o.NextCall
		o.Level = min(o.Level, len(levels)-1)
		if next := d.rung(o.Level + 1); !next.IsZero() && next <= planned {
			o.Level++
		}
		if o.Level < 0 {
			o.NextCall = d.rung(0)
			continue
		}
		level := levels[o.Level]
		called := d.callLevel(level, planned)
		d.row("ladder.call", bySystem, entry{Level: o.Level + 1, Called: called, LateBy: late(d.now.Sub(planned))})
		o.NextCall = d.nextCall(level, planned)
	}
}

// nextCall is when the ladder moves after a level was called: at the level's
// own pace until the next level is due.
func (d *decision) nextCall(level plantroom.Level, planned plantroom.Instant) plantroom.Instant {
	next := d.rung(d.order.Level + 1)
	if level.Repeat <= 0 {
		return next
	}
	repeat := planned.Add(time.Duration(level.Repeat))
	if repeat <= d.now {
		repeat = d.now.Add(time.Duration(level.Repeat))
	}
	return earlier(next, repeat)
}

// callLevel calls a level's people and returns whom. Where the level names
// nobody, it is the contractor's people on duty, or the contractor itself
// where none of them has an address any more. Of a team that the level names
// those on duty are called, and the managers where there are none: the job
// link, which its firm would get, is for the order's contractor alone.
func (d *decision) callLevel(level plantroom.Level, planned plantroom.Instant) []string {
	o := &d.order
	subject := say("unanswered", d.title(), d.now.Sub(o.Dispatched), lateWords(d.now.Sub(planned)))
	var called []string
	if len(level.People) == 0 {
		d.callTeam(level.OnDuty)
		called = d.callPeople(o.OnCall, d.onDuty, subject, o.Level, planned)
	} else {
		called = d.callPeople(level.People, d.person, subject, o.Level, planned)
	}
	switch {
	case len(called) > 0:
	case len(level.People) == 0:
		called = d.tellForTeam(subject, o.Level, planned)
	default:
		called = d.tellFirm("ladder.call", subject, o.Level, planned)
	}
	return called
}

// callPeople calls those who have an address, and returns them.
func (d *decision) callPeople(people []plantroom.PersonID, reach func(plantroom.Person) recipient, subject plantroom.Text, key ...any) (called []string) {
	for _, id := range people {
		if p := d.book.people[id]; len(p.Channels) > 0 {
			called = append(called, d.tell("ladder.call", reach(p), subject, key...))
		}
	}
	return called
}

// late is a lateness worth writing down, else zero.
func late(by time.Duration) plantroom.Duration {
	if by < SayLate {
		return 0
	}
	return plantroom.Duration(by.Round(time.Second))
}
