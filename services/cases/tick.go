package cases

import (
	"fmt"
	"time"

	"plantroom"
)

// settle does everything that has come due by now. Doing it again does nothing.
func (d *decision) settle() {
	c := &d.c
	if c.State == plantroom.CaseClosed {
		if c.Forgotten.IsZero() && !c.Forget.IsZero() && c.Forget <= d.now {
			d.forget(bySystem, "")
		}
		return
	}
	for i := range c.Tasks {
		if t := &c.Tasks[i]; t.Done.IsZero() {
			d.late(&t.Due, t.ID, t.Title, t.Always)
		}
	}
	d.late(&c.Deadline, "", plantroom.Text{En: "the whole case", Zh: "整个事项"}, c.Always)
}

// late tells, each once, whoever is responsible and then the managers that
// something is not done. Where nobody is responsible, or whoever is has no
// address, the managers hear of it at once.
func (d *decision) late(due *plantroom.CaseDue, step string, title plantroom.Text, always bool) {
	if due.At.IsZero() || d.now <= due.At {
		return
	}
	n := notice{kind: "case.late", step: step, due: due.At, always: always, text: func(lang string) string {
		at := due.At.Time().In(d.desk.zone).Format("2006-01-02 15:04")
		if lang == "zh" {
			return fmt.Sprintf("“%s”已逾期，应于 %s 前完成", title.In("zh"), at)
		}
		return fmt.Sprintf("late: %s, due %s", title.In("en"), at)
	}}
	by := plantroom.Duration(d.now.Sub(due.At).Round(time.Second))
	waits := d.now <= due.Managers
	if due.Told.IsZero() {
		due.Told = d.now
		e := entry{Step: step, Due: due.At, LateBy: by, Responsible: d.c.Responsible}
		if p := d.desk.staff(d.c.Responsible); p != nil && d.tell(p, n) {
			e.Called = []string{"person:" + string(p.ID)}
		} else {
			waits = false // nobody else knows of it
		}
		d.row("case.late", bySystem, e)
	}
	if due.Raised.IsZero() && !waits {
		due.Raised = d.now
		n.kind = "case.neglected"
		d.row("case.neglected", bySystem, entry{Step: step, Due: due.At, LateBy: by, Responsible: d.c.Responsible, Called: d.tellManagers(d.c.Responsible, n)})
	}
}

// due is when time alone will next change the case: a nanosecond after something
// is late, as with clocks.
func (d *decision) due() (next plantroom.Instant) {
	c := &d.c
	if c.State == plantroom.CaseClosed {
		if !c.Forgotten.IsZero() {
			return 0
		}
		return c.Forget
	}
	all := []plantroom.CaseDue{c.Deadline}
	for i := range c.Tasks {
		if c.Tasks[i].Done.IsZero() {
			all = append(all, c.Tasks[i].Due)
		}
	}
	for _, due := range all {
		at := due.At
		switch {
		case due.At.IsZero() || !due.Raised.IsZero():
			continue
		case !due.Told.IsZero():
			at = due.Managers
		}
		if at++; next.IsZero() || at < next {
			next = at
		}
	}
	return next
}

// forget takes out of the case what it tells of people, with the key of the
// commitments to it. Kind, times, staff and outcome stay.
func (d *decision) forget(actor string, by plantroom.PersonID) {
	c := &d.c
	c.Zones, c.Contact, c.Text, c.Notes, c.Key, c.Salt = nil, "", "", nil, "", plantroom.Salt{}
	blank(c.Tasks)
	for i := range c.Earlier {
		tasks := append([]plantroom.CaseTask(nil), c.Earlier[i].Tasks...)
		blank(tasks)
		c.Earlier[i].Tasks = tasks
	}
	c.Forgotten = d.now
	d.row("case.forgotten", actor, entry{By: by})
}

func blank(tasks []plantroom.CaseTask) {
	for i := range tasks {
		tasks[i].With, tasks[i].Note, tasks[i].Ref = "", "", ""
	}
}

// Tick does what has come due of at most limit cases, and returns how many
// there were.
func (d *Desk) Tick(tx plantroom.Tx, now plantroom.Instant, limit int) (int, error) {
	due, err := tx.DueCases(now, limit)
	if err != nil {
		return 0, err
	}
	for _, c := range due {
		dec := d.decide(now, c)
		dec.settle()
		if _, err := dec.write(tx); err != nil {
			return 0, fmt.Errorf("look after %s: %w", c.ID, err)
		}
	}
	return len(due), nil
}

// Ahead returns the step that is due first of those that can be done, nil where
// there is none, and those that are late.
func Ahead(c *plantroom.Case, now plantroom.Instant) (next *plantroom.CaseTask, late []*plantroom.CaseTask) {
	for i := range c.Tasks {
		t := &c.Tasks[i]
		if !t.Done.IsZero() || t.From.IsZero() {
			continue
		}
		if !t.Due.At.IsZero() && t.Due.At < now {
			late = append(late, t)
		}
		if next == nil || !t.Due.At.IsZero() && (next.Due.At.IsZero() || t.Due.At < next.Due.At) {
			next = t
		}
	}
	return next, late
}
