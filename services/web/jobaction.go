package web

import (
	"net/http"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/handin"
	"plantroom/services/joblink"
)

// jobActions maps what stands in a form's address to what it does.
func jobActions() map[string]plantroom.OrderAction {
	return map[string]plantroom.OrderAction{
		"accept": plantroom.DoAcknowledge, "undo": plantroom.DoUnacknowledge, "arrive": plantroom.DoArrive,
		"fix": plantroom.DoFix, "decline": plantroom.DoDecline, "pause": plantroom.DoPause, "continue": plantroom.DoContinue,
	}
}

// retries is how often a press is tried again when only a clock has moved the
// order's version between our reading and writing it.
const retries = 5

// jobAction does what the technician pressed, and leads back to the page. Each
// press stands in the ledger: with what it has changed, or as refused.
func (p *Pages) jobAction(w http.ResponseWriter, r *http.Request, say words) error {
	do, ok := jobActions()[r.PathValue("action")]
	if !ok {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no such action")
	}
	form, refused, err := p.jobForm(w, r, say, do)
	if refused || err != nil {
		return err
	}
	defer form.Release()
	cmd, err := readForm(r, say.now)
	if err != nil {
		return err
	}
	cmd.Do, cmd.Files = do, form.Files()
	if said := missing(cmd); said != "" {
		return p.refusePress(w, r, say, http.StatusBadRequest, cmd, said, say.t("job."+said))
	}
	for range retries {
		claims, s, err := p.openJob(r, say.now)
		if err != nil {
			p.noteFailed(r, say, claims, cmd, err)
			return p.refuseJob(w, r, say, err)
		}
		if key := standsAside(claims, &s.order); key != "" {
			return p.refusePress(w, r, say, http.StatusConflict, cmd, key, "")
		}
		if key, said := say.moved(&s.order, r.PostForm.Get("seen"), cmd); said != "" {
			return p.refusePress(w, r, say, http.StatusConflict, cmd, key, said)
		}
		o, err := p.press(r, say, claims, &s, cmd)
		switch plantroom.CodeOf(err) {
		case "":
			if do == plantroom.DoAcknowledge && o.By != cmd.By {
				continue // the desk takes a colleague's press for a repeat of the firm's
			}
			form.Keep()
			http.Redirect(w, r, "/job/"+r.PathValue("token"), http.StatusSeeOther)
			return nil
		case plantroom.CodeTooLarge:
			return p.refusePress(w, r, say, http.StatusRequestEntityTooLarge, cmd, "files", p.refusal(say, unhinted(err)))
		case plantroom.CodeForbidden, plantroom.CodeInvalid: // what the contract says of pauses
			return p.refusePress(w, r, say, http.StatusBadRequest, cmd, "not permitted", p.refusal(say, unhinted(err)))
		case plantroom.CodeConflict, plantroom.CodeTransition: // somebody was faster: look again who
		default:
			return err
		}
	}
	return p.refusePress(w, r, say, http.StatusConflict, cmd, "moved", say.t("job.moved"))
}

// press gives a command to the desk. What was done already is no command: it is
// written down as repeated, and a photo that comes after the word is not lost.
func (p *Pages) press(r *http.Request, say words, claims joblink.Claims, s *jobState, cmd dispatch.Command) (plantroom.WorkOrder, error) {
	o := s.order
	if !doneAlready(&o, cmd) {
		return p.opt.Desk.Command(r.Context(), fromJob(cmd, claims, &o))
	}
	if len(cmd.Files) > 0 {
		h := dispatch.Handed{Order: o.ID, Actor: actorOf(claims), Link: claims.Generation, By: cmd.By, Note: cmd.Note, Files: cmd.Files}
		if _, err := p.opt.Desk.Proof(r.Context(), h); err != nil || !p.unchanged(r, s) {
			return o, err
		}
	}
	p.noteUse(r, say, joblink.Use{Claims: claims, Kind: joblink.Repeated, State: o.State, Do: cmd.Do, By: cmd.By})
	return o, nil
}

// jobForm reads the form of a press, which can come with files: with nothing of
// them, where the link is no good. Where it returns true, the page that says why
// is shown already. Release has to be called on what it returns.
func (p *Pages) jobForm(w http.ResponseWriter, r *http.Request, say words, do plantroom.OrderAction) (*handin.Form, bool, error) {
	cmd := dispatch.Command{Do: do}
	if !handin.Comes(r) {
		form, err := p.takeForm(w, r, "")
		return form, false, err
	}
	claims, s, err := p.openJob(r, say.now)
	if err != nil {
		p.noteFailed(r, say, claims, cmd, err)
		return nil, true, p.refuseJob(w, r, say, err)
	}
	if key := standsAside(claims, &s.order); key != "" {
		return nil, true, p.refusePress(w, r, say, http.StatusConflict, cmd, key, "")
	}
	form, err := p.takeForm(w, r, claims.Order)
	if status, ok := p.refusedFiles(r, err); ok {
		if typed, unread := readForm(r, say.now); unread == nil {
			cmd = typed
		}
		cmd.Do = do
		return nil, true, p.refusePress(w, r, say, status, cmd, "files", p.refusal(say, unhinted(err)))
	}
	return form, false, err
}

// missing names what a press lacks, "" where it has all.
func missing(cmd dispatch.Command) string {
	switch {
	case cmd.Do == plantroom.DoAcknowledge && cmd.By == "":
		return "need_name"
	case (cmd.Do == plantroom.DoDecline || cmd.Do == plantroom.DoPause) && cmd.Reason == "":
		return "need_reason"
	}
	return ""
}

// refusePress shows the job with what was said of a press that came to nothing,
// and writes down why it did.
func (p *Pages) refusePress(w http.ResponseWriter, r *http.Request, say words, status int, cmd dispatch.Command, why, said string) error {
	claims, s, err := p.openJob(r, say.now)
	if err != nil {
		p.noteFailed(r, say, claims, cmd, err)
	} else {
		p.noteRefused(r, say, claims, &s, cmd, why)
	}
	return p.showJob(w, r, say, status, cmd, said)
}

// fromJob completes a command with what the link vouches for and with the
// version that was just looked at, so that nothing slips in between.
func fromJob(cmd dispatch.Command, claims joblink.Claims, o *plantroom.WorkOrder) dispatch.Command {
	cmd.Order, cmd.Actor, cmd.Link, cmd.Version = o.ID, "contractor:"+string(claims.Contractor), claims.Generation, o.Version
	if cmd.By == "" {
		cmd.By = o.By
	}
	return cmd
}

// moved says what has changed since the form was made, as a word for the ledger
// and as a sentence; "" where nothing that matters has.
func (s words) moved(o *plantroom.WorkOrder, was string, cmd dispatch.Command) (key, said string) {
	switch {
	case seen(o) == was || doneAlready(o, cmd):
		return "", ""
	case cmd.Do == plantroom.DoAcknowledge && o.By != "":
		return "first", s.t("job.first", o.By, s.moment(o.Acknowledged))
	}
	return "moved", s.t("job.moved")
}

// doneAlready recognises the second press of an impatient finger.
func doneAlready(o *plantroom.WorkOrder, cmd dispatch.Command) bool {
	switch cmd.Do {
	case plantroom.DoAcknowledge:
		return o.State == plantroom.Acknowledged && o.By == cmd.By
	case plantroom.DoArrive:
		return o.State == plantroom.Attended
	case plantroom.DoFix:
		return o.State == plantroom.Restored || step(o.State) == "done"
	case plantroom.DoUnacknowledge:
		return o.State == plantroom.Dispatched
	}
	return false
}
