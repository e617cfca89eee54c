package web

import (
	"net/http"
	"slices"

	"plantroom"
	"plantroom/services/httpapi/guard"
	"plantroom/services/report"
)

// statementAction takes a step about a statement on the operator's behalf: it is
// issued, the contractor's objection noted, or decided on. What was typed stays
// on the page where it is refused.
func (p *Pages) statementAction(w http.ResponseWriter, r *http.Request, say words) error {
	id, month, err := statementOf(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	f := r.PostForm
	req := report.Request{Do: report.Step(r.PathValue("action")), Actor: guard.Who(r.Context()).Actor, Line: clean(f.Get("line"), maxName),
		By: clean(f.Get("by"), maxName), Reason: clean(f.Get("reason"), maxNote)}
	if !slices.Contains(report.Steps(), req.Do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no such action")
	}
	if req.Do != report.Issue && req.Reason == "" {
		return p.showStatement(w, r, say, http.StatusBadRequest, typed{req, say.t("statement.need_reason")})
	}
	_, err = p.opt.Desk.Statement(r.Context(), id, month, req)
	switch plantroom.CodeOf(err) {
	case "":
		path := statementPath(id, month)
		if req.Line != "" {
			path += "#" + lineAnchor(req.Line)
		}
		http.Redirect(w, r, path, http.StatusSeeOther)
		return nil
	case plantroom.CodeExpired:
		return p.showStatement(w, r, say, http.StatusConflict, typed{req, say.t("statement.expired")})
	case plantroom.CodeConflict, plantroom.CodeTransition: // the message says who was first, or what has to come before
		return p.showStatement(w, r, say, http.StatusConflict, typed{req, p.refusal(say, err)})
	case plantroom.CodeInvalid, plantroom.CodeTooLarge:
		return p.showStatement(w, r, say, http.StatusBadRequest, typed{req, p.refusal(say, err)})
	}
	return err
}

func lineAnchor(id string) string { return "line-" + id }
