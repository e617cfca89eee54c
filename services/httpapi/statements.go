package httpapi

import (
	"net/http"
	"slices"

	"plantroom"
	"plantroom/services/httpapi/guard"
	"plantroom/services/report"
)

// statementOf reads from the path which statement is meant.
func statementOf(r *http.Request) (plantroom.ContractID, report.Month, error) {
	id, err := pathID(r)
	if err != nil {
		return "", report.Month{}, err
	}
	m, err := report.ParseMonth(r.PathValue("month"))
	return plantroom.ContractID(id), m, err
}

func (a *API) statement(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, month, err := statementOf(r)
	if err != nil {
		return err
	}
	house, err := report.NewHouse(*a.opt.Estate(), nil)
	if err != nil {
		return err
	}
	var s report.Statement
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		s, err = house.Statement(tx, id, month, a.opt.Now())
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, s)
}

// stepBody is the body of a step about a statement.
type stepBody struct {
	By     string `json:"by"`
	Line   string `json:"line"`
	Reason string `json:"reason"`
}

func (a *API) statementStep(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, month, err := statementOf(r)
	if err != nil {
		return err
	}
	do := report.Step(r.PathValue("action"))
	if !slices.Contains(report.Steps(), do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no step %q: a statement takes %s", clip(string(do)), join(report.Steps()))
	}
	var body stepBody
	if err := readJSON(r, &body); err != nil {
		return err
	}
	s, err := a.opt.Desk.Statement(r.Context(), id, month, report.Request{Do: do, Actor: guard.Who(r.Context()).Actor, By: body.By, Line: body.Line, Reason: body.Reason})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, s)
}
