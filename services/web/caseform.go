package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/httpapi/guard"
)

// openView is the form on which a case is opened. What was typed stays where it
// is refused.
type openView struct {
	Books, Staff, Assets                                          []choice
	Key                                                           string
	Playbook, Zones, Asset, Order, Contact, Text, By, Responsible string
	Said                                                          string
	Refused                                                       bool
}

func (p *Pages) caseForm(w http.ResponseWriter, r *http.Request, say words) error {
	return p.showCaseForm(w, r, say, http.StatusOK, openView{Key: newKey()})
}

func (p *Pages) showCaseForm(w http.ResponseWriter, r *http.Request, say words, status int, v openView) error {
	e := p.opt.Estate()
	v.Staff, v.Refused = staffOf(e), v.Said != ""
	for _, b := range p.opt.Desk.CasePlaybooks() {
		v.Books = append(v.Books, choice{b.ID, b.Title.In(say.lang)})
	}
	for _, a := range e.Assets {
		v.Assets = append(v.Assets, choice{string(a.ID), say.placeOf(e, a.ID).Asset})
	}
	w.Header().Set("Cache-Control", "no-store")
	return p.render(w, r, status, "opencase.html", say, page{Title: say.t("cases.open"), Path: "/cases/new", Body: v})
}

// newKey makes a key, so that a form that is sent twice opens one case.
func newKey() string { return "form-" + strings.ToLower(rand.Text()) }

func (p *Pages) openCase(w http.ResponseWriter, r *http.Request, say words) error {
	if err := parseForm(r); err != nil {
		return err
	}
	f := r.PostForm
	v := openView{Key: clean(f.Get("key"), plantroom.MaxID), Playbook: clean(f.Get("playbook"), plantroom.MaxID), Zones: clean(f.Get("zones"), maxName),
		Asset: clean(f.Get("asset"), plantroom.MaxID), Order: clean(f.Get("order"), plantroom.MaxID), Contact: clean(f.Get("contact"), maxName),
		Text: clean(f.Get("text"), maxNote), By: clean(f.Get("by"), plantroom.MaxID), Responsible: clean(f.Get("responsible"), plantroom.MaxID)}
	var zones []plantroom.ZoneID
	for _, z := range strings.FieldsFunc(v.Zones, func(r rune) bool { return strings.ContainsRune(" ,;，、", r) }) {
		zones = append(zones, plantroom.ZoneID(z))
	}
	c, err := p.opt.Desk.OpenCase(r.Context(), cases.Opening{Playbook: v.Playbook, Key: v.Key, Zones: zones, Asset: plantroom.AssetID(v.Asset),
		Order: plantroom.OrderID(v.Order), Contact: v.Contact, Text: v.Text, By: plantroom.PersonID(v.By), Responsible: plantroom.PersonID(v.Responsible),
		Actor: guard.Who(r.Context()).Actor})
	v.Said = p.refusal(say, err)
	switch plantroom.CodeOf(err) {
	case "":
		http.Redirect(w, r, "/cases/"+string(c.ID), http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict:
		return p.showCaseForm(w, r, say, http.StatusConflict, v)
	case plantroom.CodeInvalid, plantroom.CodeTooLarge:
		return p.showCaseForm(w, r, say, http.StatusBadRequest, v)
	}
	return err
}

// caseAction does something about a case on the operator's behalf.
func (p *Pages) caseAction(w http.ResponseWriter, r *http.Request, say words) error {
	do := cases.Do(r.PathValue("action"))
	if r.PathValue("task") != "" {
		do = cases.Tick
	} else if do == cases.Tick || !slices.Contains(cases.Actions(), do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no such action")
	}
	if err := parseForm(r); err != nil {
		return err
	}
	f := r.PostForm
	req := cases.Request{Case: plantroom.CaseID(r.PathValue("id")), Do: do, Actor: guard.Who(r.Context()).Actor, By: plantroom.PersonID(clean(f.Get("by"), plantroom.MaxID)),
		Text: clean(f.Get("text"), maxNote), Step: r.PathValue("task"), With: clean(f.Get("with"), maxName), Ref: clean(f.Get("ref"), maxName),
		Responsible: plantroom.PersonID(clean(f.Get("responsible"), plantroom.MaxID)), To: clean(f.Get("to"), maxName), How: clean(f.Get("how"), maxName),
		Playbook: clean(f.Get("playbook"), plantroom.MaxID), Outcome: clean(f.Get("outcome"), plantroom.MaxID)}
	_, err := p.opt.Desk.DoCase(r.Context(), req)
	switch plantroom.CodeOf(err) {
	case "":
		http.Redirect(w, r, "/cases/"+string(req.Case), http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict, plantroom.CodeTransition:
		return p.showCase(w, r, say, http.StatusConflict, p.refusal(say, err), req)
	case plantroom.CodeInvalid, plantroom.CodeTooLarge:
		return p.showCase(w, r, say, http.StatusBadRequest, p.refusal(say, err), req)
	}
	return err
}
