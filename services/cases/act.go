package cases

import (
	"fmt"
	"slices"
	"strings"

	"plantroom"
)

// Do is what a person does about a case.
type Do string

// What can be done.
const (
	Assign Do = "assign"   // Responsible answers for it from now on
	Tick   Do = "tick"     // Step is done, with what proves it
	Say    Do = "say"      // To was told Text, How
	Note   Do = "note"     // Text is noted; nobody was told
	Replan Do = "playbook" // it goes on by another playbook, as of another class of arrears
	Close  Do = "close"    // it ends with Outcome
	Reopen Do = "reopen"   // it did not end: a new round begins
	Forget Do = "forget"   // what a closed case tells of people is taken out before its time
)

// Actions lists them.
func Actions() []Do { return []Do{Assign, Tick, Say, Note, Replan, Close, Reopen, Forget} }

// Request is one thing that is done about a case.
type Request struct {
	Case    plantroom.CaseID
	Do      Do
	Actor   string             // who has pressed, as in person:operator
	By      plantroom.PersonID // of the staff, who does it
	Version int64              // that was looked at; 0: any
	Text    string             // what was said or noted, and the reason of all but Tick

	Step, With, Ref string             // Tick; its note is Text
	Responsible     plantroom.PersonID // Assign
	To, How         string             // Say
	Playbook        string             // Replan
	Outcome         string             // Close
}

// Do does something about a case. The same again, by the same person, returns the
// case as it is. CodeNotFound: no such case or step; CodeInvalid: something is
// missing; CodeTooLarge: a text is; CodeConflict: somebody else was first;
// CodeTransition: the case is over, is not, or a step has to wait.
func (d *Desk) Do(tx plantroom.Tx, now plantroom.Instant, r Request) (plantroom.Case, error) {
	r.Text, r.With, r.Ref, r.To, r.How = strings.TrimSpace(r.Text), strings.TrimSpace(r.With), strings.TrimSpace(r.Ref), strings.TrimSpace(r.To), strings.TrimSpace(r.How)
	if !fits(r.Text, MaxText) || !fits(r.With, MaxShort) || !fits(r.Ref, MaxShort) || !fits(r.To, MaxShort) || !fits(r.How, MaxShort) {
		return plantroom.Case{}, tooLong()
	}
	c, err := tx.Case(r.Case)
	if err != nil {
		return c, err
	}
	if r.Version != 0 && r.Version != c.Version {
		return c, plantroom.Errorf(plantroom.CodeConflict, "%s is at version %d and not at %d: look at it again", c.ID, c.Version, r.Version)
	}
	if err := d.checkStaff(r.By); err != nil {
		return c, err
	}
	dec := d.decide(now, c)
	dec.settle() // what has come due comes first
	done, err := dec.take(&r)
	if done || err != nil {
		return c, err
	}
	dec.settle()
	return dec.write(tx)
}

// take does what is asked for, or reports that it is done already.
func (d *decision) take(r *Request) (already bool, err error) {
	c := &d.c
	switch {
	case !c.Forgotten.IsZero() && r.Do == Forget:
		return true, nil
	case !c.Forgotten.IsZero():
		return false, plantroom.Errorf(plantroom.CodeTransition, "%s was forgotten at %s: open a new one", c.ID, c.Forgotten)
	case len(c.Notes) >= MaxNotes && r.Do != Close && r.Do != Tick && r.Do != Forget:
		return false, plantroom.Errorf(plantroom.CodeTooLarge, "%s has %d notes: close it, and open another one", c.ID, MaxNotes)
	}
	switch r.Do {
	case Say, Note:
		return d.say(r)
	case Reopen:
		return d.reopen(r)
	case Forget:
		return false, d.forgetNow(r)
	case Close:
		return d.close(r)
	}
	if c.State != plantroom.CaseOpen {
		return false, plantroom.Errorf(plantroom.CodeTransition, "%s is closed: reopen it first", c.ID)
	}
	switch r.Do {
	case Assign:
		return d.assign(r)
	case Tick:
		return d.tick(r)
	case Replan:
		return d.replan(r)
	}
	return false, plantroom.Errorf(plantroom.CodeInvalid, "%.40q is nothing that is done about a case", r.Do)
}

func (d *decision) assign(r *Request) (already bool, err error) {
	if d.c.Responsible == r.Responsible {
		return true, nil
	}
	if err := d.desk.checkStaff(r.Responsible); err != nil {
		return false, err
	}
	d.c.Responsible = r.Responsible
	e := entry{By: r.By, Responsible: r.Responsible, Called: d.tellOwner("case.assigned")}
	if r.Text != "" {
		e.Sum = d.note(r, "")
	}
	d.row("case.assigned", r.Actor, e)
	return false, nil
}

// note keeps words in the case and returns the commitment to them.
func (d *decision) note(r *Request, kind string) *plantroom.Hash {
	if kind == "" {
		kind = string(r.Do)
	}
	d.c.Notes = append(d.c.Notes, plantroom.CaseNote{At: d.now, Kind: kind, By: r.By, To: r.To, How: r.How, Text: r.Text})
	return d.sum(sealNote(&d.c, &d.c.Notes[len(d.c.Notes)-1]))
}

func (d *decision) say(r *Request) (already bool, err error) {
	kind := "note"
	switch {
	case r.Text == "":
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%s: write what was said or is to be noted", d.c.ID)
	case r.Do == Say && (r.To == "" || r.How == ""):
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%s: say to whom it was said, and how", d.c.ID)
	case r.Do == Say:
		kind = "said"
	}
	if n := len(d.c.Notes); n > 0 {
		last := d.c.Notes[n-1]
		last.At = 0
		if last == (plantroom.CaseNote{Kind: kind, By: r.By, To: r.To, How: r.How, Text: r.Text}) {
			return true, nil
		}
	}
	d.row("case."+kind, r.Actor, entry{By: r.By, Sum: d.note(r, kind)})
	return false, nil
}

func (d *decision) tick(r *Request) (already bool, err error) {
	c := &d.c
	t := c.Task(r.Step)
	if t == nil {
		return false, plantroom.Errorf(plantroom.CodeNotFound, "%s has no step %.80q", c.ID, r.Step)
	}
	switch {
	case !t.Done.IsZero() && t.By == r.By && t.With == r.With && t.Note == r.Text && t.Ref == r.Ref:
		return true, nil
	case !t.Done.IsZero():
		return false, plantroom.Errorf(plantroom.CodeConflict, "%s: %s was noted as done by %s at %s already; write a note where that was wrong", c.ID, t.ID, t.By, t.Done)
	case t.From.IsZero():
		return false, plantroom.Errorf(plantroom.CodeTransition, "%s: %s comes after %s, which is not done yet", c.ID, t.ID, t.After)
	case t.From > d.now:
		return false, plantroom.Errorf(plantroom.CodeTransition, "%s: %s cannot be done before %s", c.ID, t.ID, t.From.Time().In(d.desk.zone).Format("2006-01-02 15:04"))
	case ranks[d.desk.staff(r.By).Role] < ranks[t.Role]:
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%s: %s is for somebody with the role %s or above, and %s is not", c.ID, t.ID, t.Role, r.By)
	}
	t.Done, t.By, t.With, t.Note, t.Ref = d.now, r.By, r.With, r.Text, r.Ref
	if lacks := t.Lacks(); lacks != "" {
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%s: the proof of %s lacks %s", c.ID, t.ID, lacks)
	}
	d.startAfter(t.ID)
	d.row("case.step", r.Actor, entry{Playbook: c.Playbook, Step: t.ID, By: r.By, Due: t.Due.At, Sum: d.sum(sealTask(c, t))})
	return false, nil
}

// reason refuses what is done without saying why.
func (d *decision) reason(r *Request) error {
	if r.Text == "" {
		return plantroom.Errorf(plantroom.CodeInvalid, "%s: say why, to %s", d.c.ID, r.Do)
	}
	return nil
}

func (d *decision) close(r *Request) (already bool, err error) {
	c := &d.c
	if c.State == plantroom.CaseClosed {
		if c.Outcome == r.Outcome && c.ClosedBy == r.By {
			return true, nil
		}
		return false, plantroom.Errorf(plantroom.CodeConflict, "%s: %s has closed it at %s with the outcome %s", c.ID, c.ClosedBy, c.Closed, c.Outcome)
	}
	if err := d.reason(r); err != nil {
		return false, err
	}
	i := slices.IndexFunc(c.Outcomes, func(o plantroom.CaseOutcome) bool { return o.ID == r.Outcome })
	if i < 0 {
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%s has no outcome %.80q: use one of %s", c.ID, r.Outcome, outcomes(c))
	}
	var missing, undone []string
	for j := range c.Tasks {
		if t := &c.Tasks[j]; t.Done.IsZero() {
			undone = append(undone, t.ID)
			if slices.Contains(c.Outcomes[i].Needs, t.ID) {
				missing = append(missing, t.ID)
			}
		}
	}
	if len(missing) > 0 {
		return false, plantroom.Errorf(plantroom.CodeTransition, "%s: the outcome %s needs %s to be done first", c.ID, r.Outcome, strings.Join(missing, ", "))
	}
	c.State, c.Outcome, c.Closed, c.ClosedBy, c.Forget = plantroom.CaseClosed, r.Outcome, d.now, r.By, d.desk.count(d.now, c.Keep, true)
	d.row("case.closed", r.Actor, entry{Playbook: c.Playbook, By: r.By, Outcome: r.Outcome, Undone: undone, Forget: c.Forget, Sum: d.note(r, "")})
	return false, nil
}

func outcomes(c *plantroom.Case) string {
	names := make([]string, len(c.Outcomes))
	for i := range c.Outcomes {
		names[i] = c.Outcomes[i].ID
	}
	return strings.Join(names, ", ")
}

func (d *decision) forgetNow(r *Request) error {
	switch {
	case d.c.State != plantroom.CaseClosed:
		return plantroom.Errorf(plantroom.CodeTransition, "%s is open: close it first", d.c.ID)
	case ranks[d.desk.staff(r.By).Role] < ranks["manager"]:
		return plantroom.Errorf(plantroom.CodeInvalid, "%s: a manager decides that it is forgotten before its time, and %s is none", d.c.ID, r.By)
	}
	d.forget(r.Actor, r.By)
	return nil
}

// tellOwner calls whoever is responsible, or the managers where nobody is or
// whoever is has no address, and returns whom it calls.
func (d *decision) tellOwner(kind string) []string {
	c := &d.c
	late := 0
	for i := range c.Tasks {
		if t := &c.Tasks[i]; t.Done.IsZero() && !t.Due.At.IsZero() && t.Due.At < d.now {
			late++
		}
	}
	n := notice{kind: kind, due: c.Deadline.At, always: c.Always, text: func(lang string) string {
		until := c.Deadline.At.Time().In(d.desk.zone).Format("2006-01-02 15:04")
		whose, whoseZh, more, moreZh := "yours", "由您负责", "", ""
		if c.Responsible == "" {
			whose, whoseZh = "nobody is responsible yet", "尚无负责人"
		}
		if late > 0 {
			more, moreZh = fmt.Sprintf("; steps that are late: %d", late), fmt.Sprintf("，逾期步骤 %d 项", late)
		}
		if lang == "zh" {
			return fmt.Sprintf("%s，期限 %s%s", whoseZh, until, moreZh)
		}
		return fmt.Sprintf("%s, to be done by %s%s", whose, until, more)
	}}
	if p := d.desk.staff(c.Responsible); p != nil && d.tell(p, n) {
		return []string{"person:" + string(p.ID)}
	}
	return d.tellManagers("", n)
}
