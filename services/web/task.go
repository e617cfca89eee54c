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
	AskBy, AskNote, AskRef      bool
}

func (s words) tasks(o *plantroom.WorkOrder) []taskLine {
	var out []taskLine
	for i := range o.Tasks {
		t := &o.Tasks[i]
		l := taskLine{ID: t.ID, Title: t.Title.In(s.lang), Proof: s.t("proof." + t.Proof), By: t.By, Note: t.Note, Ref: t.Ref}
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
	if err := parseForm(r); err != nil {
		return err
	}
	f := r.PostForm
	t := dispatch.TaskDone{Order: plantroom.OrderID(r.PathValue("id")), Task: r.PathValue("task"), Actor: guard.Who(r.Context()).Actor,
		By: clean(f.Get("by"), maxName), Note: clean(f.Get("note"), maxNote), Ref: clean(f.Get("ref"), maxNote)}
	_, err := p.opt.Desk.Task(r.Context(), t)
	switch plantroom.CodeOf(err) {
	case "":
		http.Redirect(w, r, "/orders/"+string(t.Order)+"#tasks", http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict, plantroom.CodeTransition:
		return p.showOrder(w, r, say, http.StatusConflict, plantroom.MessageOf(err))
	case plantroom.CodeInvalid:
		return p.showOrder(w, r, say, http.StatusBadRequest, plantroom.MessageOf(err))
	}
	return err
}
