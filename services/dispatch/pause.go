package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// pausing are the actions on an order's pause.
func pausing(do plantroom.OrderAction) bool {
	return do == plantroom.DoPause || do == plantroom.DoAgreePause || do == plantroom.DoRefusePause || do == plantroom.DoContinue
}

// repeatedPause finds out whether a command about a pause asks for what its
// actor has done already.
func repeatedPause(o plantroom.WorkOrder, cmd Command) (bool, error) {
	p := o.Pause()
	var last plantroom.Pause
	if n := len(o.Pauses); n > 0 {
		last = o.Pauses[n-1]
	}
	switch cmd.Do {
	case plantroom.DoPause:
		if p == nil || p.By == cmd.Actor && p.Code == cmd.Code {
			return p != nil, nil
		}
		return false, plantroom.Errorf(plantroom.CodeConflict, "%s: %s has asked for a pause (%s) at %s already", o.ID, p.By, p.Code, p.Asked)
	case plantroom.DoAgreePause:
		if last.Second == cmd.Actor && !last.Begun.IsZero() {
			return true, nil
		}
		if p == nil || !p.Begun.IsZero() {
			return false, plantroom.Errorf(plantroom.CodeTransition, "%s: no pause waits for a second person", o.ID)
		}
	case plantroom.DoRefusePause:
		if last.EndedBy == cmd.Actor && last.Begun.IsZero() {
			return true, nil
		}
		if p == nil || !p.Begun.IsZero() {
			return false, plantroom.Errorf(plantroom.CodeTransition, "%s: no pause waits for a second person", o.ID)
		}
	case plantroom.DoContinue:
		if p == nil && last.EndedBy == cmd.Actor {
			return true, nil
		}
		if p == nil {
			return false, plantroom.Errorf(plantroom.CodeTransition, "%s does not pause", o.ID)
		}
	}
	return false, nil
}

// aboutPause does what a human asks about a pause, or says why not.
func (d *decision) aboutPause(cmd Command) error {
	switch {
	case cmd.Do == plantroom.DoPause:
		return d.pause(cmd)
	case d.order.Pause() == nil: // it has come due to end a moment ago
		return plantroom.Errorf(plantroom.CodeTransition, "the pause of %s has ended by itself", d.order.ID)
	}
	switch cmd.Do {
	case plantroom.DoAgreePause:
		return d.agreePause(cmd)
	case plantroom.DoRefusePause:
		return d.refusePause(cmd)
	}
	code := d.order.Pause().Code
	d.resumeClocks(d.now, cmd.Actor, entry{By: cmd.By, Reason: cmd.Reason})
	d.tellManagers("order.continued", say("pause.ended", d.title(), d.pauseName(code), cmd.name(), d.dueWords()), len(d.order.Pauses))
	return nil
}

// pause lets the clocks stand still, or asks for it where the contract wants a
// second person.
func (d *decision) pause(cmd Command) error {
	term, err := d.pauseTerm(cmd.Code)
	if err != nil {
		return err
	}
	if term.Proof && strings.TrimSpace(cmd.Proof) == "" && len(cmd.Files) == 0 {
		return plantroom.Errorf(plantroom.CodeInvalid, "contract %s wants proof for a pause for %s: name the photo or the letter, or add it", d.order.Contract, term.Code)
	}
	if kinds, why := d.pausable(term); len(kinds) == 0 {
		return plantroom.Errorf(plantroom.CodeForbidden, "no clock of %s can pause for %s: %s", d.order.ID, term.Code, strings.Join(why, ", "))
	}
	d.order.Pauses = append(d.order.Pauses, plantroom.Pause{Code: term.Code, Asked: d.now, By: cmd.Actor, Reason: cmd.Reason, Proof: cmd.Proof, Files: sums(cmd.Files)})
	d.do(plantroom.DoPause, cmd.Actor, entry{By: cmd.By, Code: term.Code, Reason: cmd.Reason, Proof: cmd.Proof, Files: cmd.Files})
	if term.Second {
		d.tellManagers("order.pause_asked", say("pause.asked", d.title(), cmd.name(), d.pauseName(term.Code)), len(d.order.Pauses))
		return nil
	}
	d.beginPause(term)
	d.tellManagers("order.paused", say("pause.said", d.title(), d.pauseName(term.Code), cmd.name()), len(d.order.Pauses))
	return nil
}

// pauseTerm finds what the order's contract says of a reason to pause.
func (d *decision) pauseTerm(code string) (plantroom.PauseTerm, error) {
	var codes []string
	if c := d.book.contracts[d.order.Contract]; c != nil {
		for _, t := range c.Pauses {
			if t.Code == code {
				return t, nil
			}
			codes = append(codes, t.Code)
		}
	}
	if len(codes) == 0 {
		return plantroom.PauseTerm{}, plantroom.Errorf(plantroom.CodeForbidden, "contract %s permits no pause", d.order.Contract)
	}
	return plantroom.PauseTerm{}, plantroom.Errorf(plantroom.CodeInvalid, "contract %s permits no pause for %q: its reasons are %s", d.order.Contract, code, strings.Join(codes, ", "))
}

// pausable returns the clocks that a term lets stand still now, and for the
// others why not.
func (d *decision) pausable(term plantroom.PauseTerm) (kinds []plantroom.ClockKind, why []string) {
	if d.order.Severity >= plantroom.Life {
		return nil, []string{"a life is at stake"}
	}
	for i := range d.order.Clocks {
		switch c := &d.order.Clocks[i]; {
		case !term.Pauses(c.Kind):
			why = append(why, fmt.Sprintf("%s is not one that it names", c.Kind))
		case c.ByLaw:
			why = append(why, fmt.Sprintf("%s is demanded by law", c.Kind))
		case c.State != plantroom.ClockRunning:
			why = append(why, fmt.Sprintf("%s is %s", c.Kind, c.State))
		default:
			kinds = append(kinds, c.Kind)
		}
	}
	return kinds, why
}

// beginPause lets the clocks of the order's pause stand still from now on.
func (d *decision) beginPause(term plantroom.PauseTerm) {
	p := d.order.Pause()
	kinds, _ := d.pausable(term)
	for _, kind := range kinds {
		if sla.Pause(d.order.Clock(kind), max(d.now, d.order.Clock(kind).Started)) {
			p.Clocks = append(p.Clocks, kind)
		}
	}
	p.Begun = d.now
	if term.Longest > 0 {
		p.Ends = d.now.Add(time.Duration(term.Longest))
	}
}

// secondPerson checks that somebody of the estate speaks, and not whoever asked.
// A person whom the estate's file does not know is the office, as the server has
// let it in.
func (d *decision) secondPerson(cmd Command) error {
	id, _ := strings.CutPrefix(cmd.Actor, "person:")
	p, known := d.book.people[plantroom.PersonID(id)]
	switch {
	case cmd.Actor == d.order.Pause().By:
		return plantroom.Errorf(plantroom.CodeForbidden, "a second person has to decide on the pause of %s, and you asked for it", d.order.ID)
	case cmd.contractor() != "" || known && p.Role != "manager" && p.Role != "engineer":
		return plantroom.Errorf(plantroom.CodeForbidden, "a manager or an engineer of the estate has to decide on the pause of %s", d.order.ID)
	}
	return nil
}

// agreePause lets a pause begin that was asked for; it counts from now, since a
// promise that was running until then has been running.
func (d *decision) agreePause(cmd Command) error {
	if err := d.secondPerson(cmd); err != nil {
		return err
	}
	term, err := d.pauseTerm(d.order.Pause().Code)
	if err != nil {
		return err
	}
	if kinds, why := d.pausable(term); len(kinds) == 0 {
		return plantroom.Errorf(plantroom.CodeForbidden, "no clock of %s can pause for %s any more: %s", d.order.ID, term.Code, strings.Join(why, ", "))
	}
	d.order.Pause().Second = cmd.Actor
	d.beginPause(term)
	d.do(plantroom.DoAgreePause, cmd.Actor, entry{By: cmd.By, Code: term.Code, Clocks: d.order.Clocks})
	d.tellContractor("order.paused", say("pause.agreed", d.title(), d.pauseName(term.Code), cmd.name()), len(d.order.Pauses))
	return nil
}

func (d *decision) refusePause(cmd Command) error {
	if err := d.secondPerson(cmd); err != nil {
		return err
	}
	p := d.order.Pause()
	p.Ended, p.EndedBy = d.now, cmd.Actor
	d.do(plantroom.DoRefusePause, cmd.Actor, entry{By: cmd.By, Code: p.Code, Reason: cmd.Reason})
	d.tellContractor("order.pause_refused", say("pause.refused", d.title(), cmd.name(), d.pauseName(p.Code)), len(d.order.Pauses))
	return nil
}

// resumeClocks ends the order's pause, if it has one, at an instant.
func (d *decision) resumeClocks(at plantroom.Instant, actor string, e entry) {
	p := d.order.Pause()
	if p == nil {
		return
	}
	for _, kind := range p.Clocks {
		if c := d.order.Clock(kind); c != nil {
			sla.Continue(c, at, d.book.calendars[c.Calendar])
		}
	}
	p.Ended, p.EndedBy = at, actor
	e.Code, e.Clocks = p.Code, d.order.Clocks
	d.row("order."+string(plantroom.DoContinue), actor, e)
}

// pauseOver is when the last pause of a clock ended, zero while it lasts.
func (d *decision) pauseOver(kind plantroom.ClockKind) plantroom.Instant {
	for i := len(d.order.Pauses) - 1; i >= 0; i-- {
		if p := &d.order.Pauses[i]; slices.Contains(p.Clocks, kind) {
			return p.Ended
		}
	}
	return 0
}

// pauseEnds is when the order's pause ends by itself, zero where it does not.
func (d *decision) pauseEnds() plantroom.Instant {
	if p := d.order.Pause(); p != nil {
		return p.Ends
	}
	return 0
}

// endPause ends a pause whose time is over. The clocks run from its end on,
// however late that is noticed.
func (d *decision) endPause() {
	at := d.pauseEnds()
	if at.IsZero() || at > d.now {
		return
	}
	p := *d.order.Pause()
	d.resumeClocks(at, bySystem, entry{Reason: "the pause has lasted as long as the contract lets it", LateBy: late(d.now.Sub(at))})
	d.tellContractor("order.continued", say("pause.over", d.title(), d.pauseName(p.Code), d.dueWords()), len(d.order.Pauses))
}

// clonePauses copies what a decision may change of an order's pauses.
func clonePauses(list []plantroom.Pause) []plantroom.Pause {
	list = slices.Clone(list)
	for i := range list {
		list[i].Clocks = slices.Clone(list[i].Clocks)
	}
	return list
}
