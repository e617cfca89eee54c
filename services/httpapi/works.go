package httpapi

import (
	"net/http"
	"slices"

	"plantroom"
	"plantroom/services/httpapi/guard"
	"plantroom/services/works"
)

// worksBody is the body of a declaration of planned works.
type worksBody struct {
	ID         plantroom.WorksID      `json:"id"`
	Title      plantroom.Text         `json:"title"`
	Text       plantroom.Text         `json:"text"`
	Assets     []plantroom.AssetID    `json:"assets"`
	Floors     []int                  `json:"floors"`
	Contractor plantroom.ContractorID `json:"contractor"`
	From       plantroom.Instant      `json:"from"`
	To         plantroom.Instant      `json:"to"`
	Hold       plantroom.HeldCalls    `json:"hold"`
}

// worksStepBody is the body of a step about planned works.
type worksStepBody struct {
	By     string             `json:"by"`
	Reason string             `json:"reason"`
	To     plantroom.Instant  `json:"to"`
	Person plantroom.PersonID `json:"person"`
}

func (a *API) worksList(w http.ResponseWriter, r *http.Request, q *query) error {
	limit := q.limit()
	if q.err != nil {
		return q.err
	}
	var all []plantroom.Works
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		all, err = tx.AllWorks(limit)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(all, ""))
}

func (a *API) worksOne(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var one plantroom.Works
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		one, err = tx.Works(plantroom.WorksID(id))
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, one)
}

func (a *API) declareWorks(w http.ResponseWriter, r *http.Request, _ *query) error {
	var body worksBody
	if err := readJSON(r, &body); err != nil {
		return err
	}
	kept, err := a.opt.Desk.DeclareWorks(r.Context(), guard.Who(r.Context()).Actor, plantroom.Works{ID: body.ID, Title: body.Title, Text: body.Text,
		Assets: body.Assets, Floors: body.Floors, Contractor: body.Contractor, From: body.From, To: body.To, Hold: body.Hold})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, kept)
}

func (a *API) worksStep(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	do := works.Step(r.PathValue("action"))
	if !slices.Contains(works.Steps(), do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no step %q: planned works take %s", clip(string(do)), join(works.Steps()))
	}
	var body worksStepBody
	if err := readJSON(r, &body); err != nil {
		return err
	}
	kept, err := a.opt.Desk.DoWorks(r.Context(), works.Request{Works: plantroom.WorksID(id), Do: do, Actor: guard.Who(r.Context()).Actor,
		By: body.By, Reason: body.Reason, To: body.To, Person: body.Person})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, kept)
}
