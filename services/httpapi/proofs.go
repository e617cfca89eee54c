package httpapi

import (
	"net/http"
	"slices"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/problem"
)

// proofsOf lists an order's files of proof.
func (a *API) proofsOf(w http.ResponseWriter, r *http.Request, _ *query) error {
	var list []plantroom.Proof
	_, err := a.loadOrder(r, func(tx plantroom.Tx, o plantroom.WorkOrder) (err error) {
		list, err = tx.Proofs(o.ID)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(list, ""))
}

// proof sends one of them.
func (a *API) proof(w http.ResponseWriter, r *http.Request, _ *query) error {
	var p plantroom.Proof
	_, err := a.loadOrder(r, func(tx plantroom.Tx, o plantroom.WorkOrder) (err error) {
		p, err = handin.Find(tx, o.ID, r.PathValue("sum"))
		return err
	})
	if err != nil {
		return err
	}
	return a.opt.Proofs.Give(w, r, &p)
}

// formFields are what a form with files may say.
var formFields = []string{"by", "note", "task", "ref"}

// handIn takes files in, with a task that they prove or without.
func (a *API) handIn(w http.ResponseWriter, r *http.Request, _ *query) error {
	if !handin.Comes(r) {
		return plantroom.Errorf(problem.CodeMediaType, "send a form with files, as multipart/form-data")
	}
	var files int
	var bytes int64
	o, err := a.loadOrder(r, func(tx plantroom.Tx, o plantroom.WorkOrder) (err error) {
		files, bytes, err = dispatch.ProofRoom(tx, o.ID)
		return err
	})
	if err != nil {
		return err
	}
	form, err := a.opt.Proofs.Take(w, r, files, bytes)
	if err != nil {
		return err
	}
	defer form.Release()
	for name, v := range form.Values {
		if !slices.Contains(formFields, name) || len(v) > 1 {
			return plantroom.Errorf(plantroom.CodeInvalid, "the form's field %q is not known, or comes twice: it takes %s and %s, each once but the files", clip(name), join(formFields), handin.FileField)
		}
	}
	v, actor := form.Values, guard.Who(r.Context()).Actor
	if v.Get("task") == "" {
		if v.Get("ref") != "" {
			return plantroom.Errorf(plantroom.CodeInvalid, "a ref goes with a task: put it into the note")
		}
		o, err = a.opt.Desk.Proof(r.Context(), dispatch.Handed{Order: o.ID, Actor: actor, By: v.Get("by"), Note: v.Get("note"), Files: form.Files()})
	} else {
		o, err = a.opt.Desk.Task(r.Context(), dispatch.TaskDone{Order: o.ID, Task: v.Get("task"), Actor: actor, By: v.Get("by"), Note: v.Get("note"), Ref: v.Get("ref"), Files: form.Files()})
	}
	if err != nil {
		return err
	}
	form.Keep()
	w.Header().Set("ETag", etag(o))
	return a.proofsOf(w, r, nil)
}
