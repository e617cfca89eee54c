package cases

import (
	"slices"

	"plantroom"
)

// reopen begins a new round by the playbook as it is now.
func (d *decision) reopen(r *Request) (already bool, err error) {
	c := &d.c
	if c.State == plantroom.CaseOpen {
		if n := len(c.Notes); n > 0 && c.Notes[n-1].Kind == string(Reopen) && c.Notes[n-1].By == r.By {
			return true, nil
		}
		return false, plantroom.Errorf(plantroom.CodeTransition, "%s is open", c.ID)
	}
	if err := d.reason(r); err != nil {
		return false, err
	}
	p := d.desk.playbook(c.Playbook)
	if p == nil {
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%s: there is no playbook %s any more: open a new case with one of %s", c.ID, c.Playbook, d.desk.names())
	}
	if err := d.endRound(); err != nil {
		return false, err
	}
	c.State, c.Outcome, c.Closed, c.ClosedBy, c.Forget = plantroom.CaseOpen, "", 0, "", 0
	d.begin(p)
	d.row("case.reopened", r.Actor, entry{Playbook: c.Playbook, By: r.By, Responsible: c.Responsible, Due: c.Deadline.At, Sum: d.note(r, ""), Called: d.tellOwner("case.reopened")})
	return false, nil
}

// replan lets the case go on by another playbook. What was done counts for steps
// of the same name and proof.
func (d *decision) replan(r *Request) (already bool, err error) {
	c := &d.c
	if c.Playbook == r.Playbook {
		return true, nil
	}
	if err := d.reason(r); err != nil {
		return false, err
	}
	p := d.desk.playbook(r.Playbook)
	if p == nil {
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%s: there is no playbook %.80q: use one of %s", c.ID, r.Playbook, d.desk.names())
	}
	before := c.Tasks
	if err := d.endRound(); err != nil {
		return false, err
	}
	d.begin(p)
	for i := range c.Tasks {
		t := &c.Tasks[i]
		j := slices.IndexFunc(before, func(b plantroom.CaseTask) bool { return b.ID == t.ID && b.Proof == t.Proof && !b.Done.IsZero() })
		if j < 0 {
			continue
		}
		t.Done, t.By, t.With, t.Note, t.Ref = before[j].Done, before[j].By, before[j].With, before[j].Note, before[j].Ref
		d.startAfter(t.ID)
	}
	d.row("case.playbook", r.Actor, entry{Kind: c.Kind, Playbook: c.Playbook, By: r.By, Due: c.Deadline.At, Sum: d.note(r, "")})
	return false, nil
}

// endRound keeps the present round among the earlier ones.
func (d *decision) endRound() error {
	c := &d.c
	if len(c.Earlier) >= MaxRounds {
		return plantroom.Errorf(plantroom.CodeTooLarge, "%s has had %d rounds: open a new one", c.ID, MaxRounds)
	}
	ended := d.now
	if !c.Closed.IsZero() {
		ended = c.Closed
	}
	c.Earlier = append(c.Earlier, plantroom.CaseRound{Playbook: c.Playbook, Begun: c.Begun, Ended: ended, Outcome: c.Outcome, Deadline: c.Deadline, Tasks: c.Tasks})
	return nil
}
