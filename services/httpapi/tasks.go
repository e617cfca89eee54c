package httpapi

import (
	"net/http"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/guard"
)

// task notes that a task of an order's playbook is done.
func (a *API) task(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var body struct {
		By   string `json:"by"`
		Note string `json:"note"`
		Ref  string `json:"ref"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	o, err := a.opt.Desk.Task(r.Context(), dispatch.TaskDone{Order: plantroom.OrderID(id), Task: r.PathValue("task"),
		Actor: guard.Who(r.Context()).Actor, By: body.By, Note: body.Note, Ref: body.Ref})
	if err != nil {
		return err
	}
	fill(&o)
	w.Header().Set("ETag", etag(o))
	return send(w, http.StatusOK, o)
}
