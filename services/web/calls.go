package web

import (
	"net/http"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/httpapi/guard"
)

func (s words) calls(e *plantroom.Estate, calls []plantroom.Call) []callLine {
	var out []callLine
	for _, c := range calls {
		l := callLine{ID: c.ID, Who: s.who(e, c.Who), Channel: c.Channel, Kind: s.slug("call", c.Kind), Subject: c.Subject,
			State: s.t("callstate." + string(c.State)), When: s.precise(c.Created), Attempts: c.Attempts, Dead: c.State == plantroom.CallDead}
		if c.State != plantroom.CallSent {
			l.Error = c.LastErr
		}
		out = append(out, l)
	}
	return out
}

// retryCall sends a call again that was given up, about an order or a case.
func (p *Pages) retryCall(w http.ResponseWriter, r *http.Request, say words) error {
	_, err := p.opt.Desk.Retry(r.Context(), guard.Who(r.Context()).Actor, plantroom.MessageID(r.PathValue("call")))
	if plantroom.CodeOf(err) == plantroom.CodeTransition && isCase(r.PathValue("id")) {
		return p.showCase(w, r, say, http.StatusConflict, say.t("order.changed"), cases.Request{})
	}
	if plantroom.CodeOf(err) == plantroom.CodeTransition {
		return p.showOrder(w, r, say, http.StatusConflict, say.t("order.changed"), pressed{})
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/orders/"+r.PathValue("id")+"#calls", http.StatusSeeOther)
	return nil
}
