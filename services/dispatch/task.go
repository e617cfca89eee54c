package dispatch

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"plantroom"
)

// TaskDone says that somebody has done a task of an order.
type TaskDone struct {
	Order plantroom.OrderID
	Task  string
	Actor string // who has pressed, as in person:operator or contractor:quicklift
	Link  int    // generation of the job link that was used; 0: none was
	By    string // who did it, or was spoken to
	Note  string
	Ref   string                // of a photo or of what was signed
	Files []plantroom.ProofFile // that prove it; durable already
}

// Task notes that a task is done, with what proves it, in the order and in the
// ledger. The same again returns the order as it is. CodeNotFound: no such order
// or task; CodeInvalid: the proof lacks something, or a field is too long;
// CodeTransition: the order is over, or the contractor has not accepted it;
// CodeConflict: somebody has done it already; CodeTooLarge: there are too many
// files; CodeExpired, CodeForbidden: see Command, and a contractor does no task
// of the manager's.
func (d *Desk) Task(tx plantroom.Tx, now plantroom.Instant, t TaskDone) (plantroom.WorkOrder, error) {
	if !fits(t.By, maxName) || !fits(t.Note, maxNote) || !fits(t.Ref, maxNote) {
		return plantroom.WorkOrder{}, plantroom.Errorf(plantroom.CodeInvalid, "a name holds at most %d bytes, a note and a reference %d, of valid text", maxName, maxNote)
	}
	order, err := tx.Order(t.Order)
	if err != nil {
		return plantroom.WorkOrder{}, err
	}
	if err := MayHand(&order, t.Actor, t.Link); err != nil {
		return order, err
	}
	in, err := d.behind(tx, order)
	if err != nil {
		return order, err
	}
	kept, err := onShelf(tx, order.ID)
	if err != nil {
		return order, err
	}
	dec, err := d.book.task(now, order, in, t, kept)
	if err != nil || dec == nil {
		return order, err
	}
	if err := write(tx, order, dec); err != nil {
		return order, err
	}
	return dec.order, d.contradictParts(tx, now, order, dec.order)
}

func fits(s string, length int) bool { return len(s) <= length && utf8.ValidString(s) }

// task decides on a task; nil: it is done already, with the same words.
func (b *book) task(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident, t TaskDone, kept shelf) (*decision, error) {
	d := b.decide(now, o, in)
	d.via = t.Link
	d.settle() // what has come due comes first
	var task *plantroom.Task
	for i := range d.order.Tasks {
		if d.order.Tasks[i].ID == t.Task {
			task = &d.order.Tasks[i]
		}
	}
	by, note, ref, files := strings.TrimSpace(t.By), strings.TrimSpace(t.Note), strings.TrimSpace(t.Ref), sums(t.Files)
	switch {
	case task == nil:
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "%s has no task %.80q", o.ID, t.Task)
	case task.Role == "manager" && strings.HasPrefix(t.Actor, "contractor:"):
		return nil, plantroom.Errorf(plantroom.CodeForbidden, "%s: %s is for the manager to do", o.ID, t.Task)
	case !task.Done.IsZero() && task.By == by && task.Note == note && task.Ref == ref && slices.Equal(task.Files, files):
		return nil, nil
	case !task.Done.IsZero():
		return nil, plantroom.Errorf(plantroom.CodeConflict, "%s: %s was noted as done at %s already", o.ID, t.Task, task.Done)
	case d.order.State.Final():
		return nil, plantroom.Errorf(plantroom.CodeTransition, "%s is %s: its tasks stay as they are", o.ID, d.order.State)
	}
	task.Done, task.By, task.Note, task.Ref, task.Files = now, by, note, ref, files
	if lacks := task.Lacks(); lacks != "" {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s: the proof of %s lacks %s", o.ID, t.Task, lacks)
	}
	if err := d.attach(kept, kept.lacking(t.Files), plantroom.Proof{Actor: t.Actor, By: by, Task: t.Task, Note: note}); err != nil {
		return nil, err
	}
	d.row("order.task", t.Actor, entry{Playbook: o.Playbook, Task: task, By: by, Note: note, Proof: ref, Files: t.Files})
	return d.finish(), nil
}

// overdue is when a task is found not to be done by its time, zero where it is not
// to be: it is done, or was found so, or the order is over. What a sensor shows it
// has shown once the repair is proved.
func (d *decision) overdue(t *plantroom.Task) plantroom.Instant {
	if t.Due.IsZero() || !t.Done.IsZero() || !t.Late.IsZero() || d.order.State.Final() ||
		t.Proof == plantroom.ProofReading && d.order.State == plantroom.Verified {
		return 0
	}
	return t.Due + 1 // done at its time is done in time
}

// taskDue is when the next task is found so.
func (d *decision) taskDue() (next plantroom.Instant) {
	for i := range d.order.Tasks {
		next = earlier(next, d.overdue(&d.order.Tasks[i]))
	}
	return next
}

// lateTasks notes the tasks that nobody has ticked off by their time, each once,
// and calls the managers. Those that are found together are one call.
func (d *decision) lateTasks() {
	var ids []string
	var what []plantroom.Text
	first := plantroom.Instant(0)
	for i := range d.order.Tasks {
		t := &d.order.Tasks[i]
		if at := d.overdue(t); at.IsZero() || at > d.now {
			continue
		}
		t.Late = d.now
		d.row("task.late", bySystem, entry{Playbook: d.order.Playbook, Task: t, Due: t.Due, LateBy: late(d.now.Sub(t.Due))})
		ids, what, first = append(ids, t.ID), append(what, say("task.by", taskName(t), d.at(t.Due))), earlier(first, t.Due)
	}
	if n := len(what) - lateNamed; n > 0 {
		what = append(what[:lateNamed], say("task.more", n))
	}
	if len(ids) > 0 {
		d.tellManagers("task.late", say("task.late", d.title(), list(what), lateWords(d.now.Sub(first))), strings.Join(ids, " "))
	}
}

// lateNamed is how many late tasks a call names.
const lateNamed = 3

func taskName(t *plantroom.Task) plantroom.Text {
	name := plantroom.Text{En: t.ID, Zh: t.ID}
	if t.Title != (plantroom.Text{}) {
		name = plantroom.Text{En: t.Title.In("en"), Zh: t.Title.In("zh")}
	}
	return name
}

// list puts texts behind each other, with commas.
func list(texts []plantroom.Text) (out plantroom.Text) {
	for i, t := range texts {
		if i > 0 {
			out = join(out, say("comma"))
		}
		out = join(out, t)
	}
	return out
}

// plan gives the order's present round the tasks of the first playbook that
// speaks of its matter, or else the steps of the rule.
func (d *decision) plan() {
	o := &d.order
	steps := d.book.rules[o.Rule].Steps
	o.Playbook, o.Tasks = "", nil
	for i := range d.book.playbooks {
		if p := &d.book.playbooks[i]; p.SpeaksOf(d.matter()) {
			o.Playbook, steps = p.ID, p.Steps
			break
		}
	}
	for _, s := range steps {
		t := plantroom.Task{ID: s.ID, Title: s.Title, Role: s.Role, Proof: s.Proof}
		if s.Within > 0 {
			t.Due = o.Begun.Add(time.Duration(s.Within))
		}
		o.Tasks = append(o.Tasks, t)
	}
}
