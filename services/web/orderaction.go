package web

import (
	"net/http"
	"slices"

	"plantroom"
	"plantroom/services/httpapi/guard"
)

// actions lists what an operator can do in a state, in the order of a job.
func (p *Pages) actions(s words, e *plantroom.Estate, o *plantroom.WorkOrder, open []plantroom.WorkOrder, pause pauseView) []action {
	firms, assets, others := s.firmsFor(e, o, s.now), s.assetsNear(e, o), p.othersOpen(s, e, o, open)
	all := []action{
		{Do: plantroom.DoAcknowledge, AskBy: true, AskETA: true},
		{Do: plantroom.DoArrive},
		{Do: plantroom.DoFix, AskNote: true},
		{Do: plantroom.DoPause, AskReason: true, Pause: pause},
		{Do: plantroom.DoAgreePause},
		{Do: plantroom.DoRefusePause, AskReason: true},
		{Do: plantroom.DoContinue},
		{Do: plantroom.DoUnacknowledge},
		{Do: plantroom.DoTransfer, Firms: firms, AskReason: true},
		{Do: plantroom.DoSplit, AskScope: true, Assets: assets, Firms: append([]choice{{"", s.t("action.firm_any")}}, firms...)},
		{Do: plantroom.DoMerge, Orders: others, AskReason: true},
		{Do: plantroom.DoRelate, Orders: others},
		{Do: plantroom.DoDecline, AskReason: true, Danger: true},
		{Do: plantroom.DoCancel, AskReason: true, Danger: true},
	}
	offered := map[plantroom.OrderAction]bool{plantroom.DoPause: len(pause.Terms) > 0, plantroom.DoContinue: pause.Continue,
		plantroom.DoAgreePause: pause.Asked != "", plantroom.DoRefusePause: pause.Asked != "",
		plantroom.DoTransfer: len(firms) > 0, plantroom.DoSplit: o.PartOf == "", plantroom.DoMerge: len(others) > 0, plantroom.DoRelate: len(others) > 0}
	all = slices.DeleteFunc(all, func(a action) bool {
		_, permitted := plantroom.Transitions[o.State][a.Do]
		offer, known := offered[a.Do]
		return !permitted || known && !offer
	})
	for i := range all {
		all[i].Label = s.t("action." + string(all[i].Do))
	}
	return all
}

// orderAction gives a command on the operator's behalf. The form carries the
// version that the operator looked at.
func (p *Pages) orderAction(w http.ResponseWriter, r *http.Request, say words) error {
	cmd, unread := readForm(r, say.now)
	if unread != nil && plantroom.CodeOf(unread) != plantroom.CodeInvalid {
		return unread
	}
	cmd.Order, cmd.Do = plantroom.OrderID(r.PathValue("id")), plantroom.OrderAction(r.PathValue("action"))
	cmd.Actor = guard.Who(r.Context()).Actor
	if !slices.ContainsFunc(say.actionsOf(), func(do plantroom.OrderAction) bool { return do == cmd.Do }) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no such action")
	}
	was := pressed{Command: cmd, ETA: clean(r.PostForm.Get("eta"), maxName)}
	if unread != nil {
		return p.refuseOrder(w, r, say, http.StatusBadRequest, unread, was)
	}
	_, err := p.opt.Desk.Command(r.Context(), cmd)
	switch code := plantroom.CodeOf(err); code {
	case "":
		http.Redirect(w, r, "/orders/"+string(cmd.Order), http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict, plantroom.CodeTransition: // the message says who was first
		return p.showOrder(w, r, say, http.StatusConflict, say.t("order.changed")+" "+p.refusal(say, err), was)
	case plantroom.CodeForbidden:
		return p.refuseOrder(w, r, say, http.StatusForbidden, err, was)
	case plantroom.CodeInvalid, plantroom.CodeTooLarge:
		return p.refuseOrder(w, r, say, http.StatusBadRequest, err, was)
	}
	return err
}

// actionsOf lists what an operator can do in any state.
func (s words) actionsOf() []plantroom.OrderAction {
	return []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix, plantroom.DoUnacknowledge,
		plantroom.DoDecline, plantroom.DoCancel, plantroom.DoPause, plantroom.DoAgreePause, plantroom.DoRefusePause, plantroom.DoContinue,
		plantroom.DoTransfer, plantroom.DoSplit, plantroom.DoMerge, plantroom.DoRelate, plantroom.DoUnrelate}
}
