package web

import (
	"net/http"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/guard"
)

// taskLine is a task of the order's playbook.
type taskLine struct {
	ID, Title, Role, Proof, Due string
	Late                        bool
	Done                        string // when; "": not yet
	By, Note, Ref               string
	Files                       int
	Wrong                       bool // its form was refused
	AskBy, AskNote, AskRef      bool
}

func (s words) tasks(o *plantroom.WorkOrder) []taskLine {
	var out []taskLine
	for i := range o.Tasks {
		t := &o.Tasks[i]
		l := taskLine{ID: t.ID, Title: t.Title.In(s.lang), Proof: s.t("proof." + t.Proof), By: t.By, Note: t.Note, Ref: t.Ref, Files: len(t.Files)}
		if t.Role != "" {
			l.Role = s.t("role." + t.Role)
		}
		if !t.Due.IsZero() {
			l.Due = s.moment(t.Due)
		}
		switch {
		case !t.Done.IsZero():
			l.Done, l.Late = s.moment(t.Done), !t.Due.IsZero() && t.Done > t.Due
		case !o.State.Final():
			l.Late = !t.Due.IsZero() && s.now > t.Due
			l.AskBy, l.AskNote = true, true
			l.AskRef = t.Proof == plantroom.ProofPhoto || t.Proof == plantroom.ProofSignature
		}
		out = append(out, l)
	}
	return out
}

// taskDone notes that a task is done, on the operator's behalf.
func (p *Pages) taskDone(w http.ResponseWriter, r *http.Request, say words) error {
	id := plantroom.OrderID(r.PathValue("id"))
	form, err := p.takeForm(w, r, id)
	f := r.PostForm
	was := pressed{Task: r.PathValue("task"), Ref: clean(f.Get("ref"), maxNote), Command: dispatch.Command{By: clean(f.Get("by"), maxName), Note: clean(f.Get("note"), maxNote)}}
	if err == nil {
		defer form.Release()
		_, err = p.opt.Desk.Task(r.Context(), dispatch.TaskDone{Order: id, Task: was.Task, Actor: guard.Who(r.Context()).Actor,
			By: was.By, Note: was.Note, Ref: was.Ref, Files: form.Files()})
	}
	switch plantroom.CodeOf(err) {
	case "":
		form.Keep()
		http.Redirect(w, r, "/orders/"+string(id)+"#tasks", http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict, plantroom.CodeTransition:
		return p.refuseOrder(w, r, say, http.StatusConflict, err, was)
	}
	if status, ok := p.refusedFiles(r, err); ok {
		return p.refuseOrder(w, r, say, status, err, was)
	}
	return err
}
