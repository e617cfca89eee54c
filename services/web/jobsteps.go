package web

import (
	"net/http"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/handin"
	"plantroom/services/joblink"
)

// What is pressed on the page of steps, for the ledger's rows about job links.
const (
	doTask  plantroom.OrderAction = "task"
	doProof plantroom.OrderAction = "proof"
)

// stepsView is the page on which a technician ticks steps off and hands in photos.
type stepsView struct {
	Path   string // of the job: forms post below it
	Order  plantroom.OrderID
	Card   card
	Tasks  []taskLine
	Files  []proofLine
	Accept string
	Most   int  // files with one press
	Closed bool // the steps stay as they are
	Name   string
	Note   string // typed before, of a press that was refused
	Ref    string
	Task   string // whose form was refused
	Said   string
}

// jobSteps shows the steps of the playbook, and what was handed in over the firm's links.
func (p *Pages) jobSteps(w http.ResponseWriter, r *http.Request, say words) error {
	return p.showSteps(w, r, say, http.StatusOK, dispatch.Command{}, "")
}

// showSteps shows the page as it is now, with what became of a press.
func (p *Pages) showSteps(w http.ResponseWriter, r *http.Request, say words, status int, typed dispatch.Command, said string) error {
	claims, s, entered, err := p.enterJob(w, r, say, typed)
	if !entered || err != nil {
		return err
	}
	o, e := &s.order, p.opt.Estate()
	path := "/job/" + r.PathValue("token")
	if err := dispatch.MayHand(o, actorOf(claims), claims.Generation); err != nil { // not accepted yet: the job's page says so
		http.Redirect(w, r, path, http.StatusSeeOther)
		return nil
	}
	v := stepsView{Path: path, Order: o.ID, Card: p.card(say, e, o, &s.incident), Files: say.proofLines(e, o, own(claims, s.proofs), path+"/proofs/"),
		Accept: accept, Most: handin.MaxFiles, Closed: o.State.Final(), Name: o.By, Note: typed.Note, Ref: clean(r.PostForm.Get("ref"), maxNote), Task: r.PathValue("task"), Said: said}
	if typed.By != "" {
		v.Name = typed.By
	}
	for i, l := range say.tasks(o) {
		if o.Tasks[i].Role != "manager" {
			v.Tasks = append(v.Tasks, l)
		}
	}
	return p.render(w, r, status, "steps.html", say, page{Title: v.Card.Asset, Path: path + "/steps", Body: v})
}

func actorOf(c joblink.Claims) string { return "contractor:" + string(c.Contractor) }

// own are the files that a firm may see: what was handed in over its links. What
// the office or another firm has brought may be none of its business.
func own(c joblink.Claims, list []plantroom.Proof) (out []plantroom.Proof) {
	for _, f := range list {
		if f.Actor == actorOf(c) {
			out = append(out, f)
		}
	}
	return out
}

// jobTask notes that a step is done.
func (p *Pages) jobTask(w http.ResponseWriter, r *http.Request, say words) error {
	return p.pressSteps(w, r, say, doTask, func(claims joblink.Claims, cmd dispatch.Command) error {
		_, err := p.opt.Desk.Task(r.Context(), dispatch.TaskDone{Order: claims.Order, Task: r.PathValue("task"), Actor: actorOf(claims), Link: claims.Generation,
			By: cmd.By, Note: cmd.Note, Ref: clean(r.PostForm.Get("ref"), maxNote), Files: cmd.Files})
		return err
	})
}

// jobProof takes photos in that belong to no step.
func (p *Pages) jobProof(w http.ResponseWriter, r *http.Request, say words) error {
	return p.pressSteps(w, r, say, doProof, func(claims joblink.Claims, cmd dispatch.Command) error {
		_, err := p.opt.Desk.Proof(r.Context(), dispatch.Handed{Order: claims.Order, Actor: actorOf(claims), Link: claims.Generation, By: cmd.By, Note: cmd.Note, Files: cmd.Files})
		return err
	})
}

// pressSteps does what was pressed on the page of steps, and leads back to it.
// A press stands in the ledger: with what it has changed, as refused, or as one
// that was done already.
func (p *Pages) pressSteps(w http.ResponseWriter, r *http.Request, say words, do plantroom.OrderAction, press func(joblink.Claims, dispatch.Command) error) error {
	cmd := dispatch.Command{Do: do}
	claims, before, entered, err := p.enterJob(w, r, say, cmd)
	if !entered || err != nil {
		return err
	}
	form, err := p.takeForm(w, r, claims.Order)
	cmd, unread := readForm(r, say.now)
	cmd.Do = do
	if err == nil {
		defer form.Release()
		if unread != nil {
			return unread
		}
		cmd.Files = form.Files()
		err = press(claims, cmd)
	}
	switch plantroom.CodeOf(err) {
	case "":
		form.Keep()
		if p.unchanged(r, &before) {
			p.noteUse(r, say, joblink.Use{Claims: claims, Kind: joblink.Repeated, State: before.order.State, Do: do, By: cmd.By})
		}
		http.Redirect(w, r, "/job/"+r.PathValue("token")+"/steps"+back(r), http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict, plantroom.CodeTransition, plantroom.CodeForbidden, plantroom.CodeExpired:
		return p.refuseSteps(w, r, say, http.StatusConflict, cmd, err)
	}
	if status, ok := p.refusedFiles(r, err); ok {
		return p.refuseSteps(w, r, say, status, cmd, err)
	}
	return err
}

// back leads to the step that was pressed, or to the files.
func back(r *http.Request) string {
	if t := r.PathValue("task"); t != "" {
		return "#step-" + t
	}
	return "#files"
}

// unchanged reports whether a press has changed nothing that the order has.
func (p *Pages) unchanged(r *http.Request, before *jobState) bool {
	var same bool
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) error {
		o, err := tx.Order(before.order.ID)
		if err != nil {
			return err
		}
		list, err := tx.Proofs(o.ID)
		same = o.Version == before.order.Version && len(list) == len(before.proofs)
		return err
	})
	return err == nil && same
}

// refuseSteps shows the page with what was said of a press that came to nothing,
// and writes down why it did.
func (p *Pages) refuseSteps(w http.ResponseWriter, r *http.Request, say words, status int, cmd dispatch.Command, why error) error {
	claims, s, err := p.openJob(r, say.now)
	if err != nil {
		p.noteFailed(r, say, claims, cmd, err)
	} else {
		p.noteRefused(r, say, claims, &s, cmd, string(plantroom.CodeOf(why)))
	}
	return p.showSteps(w, r, say, status, cmd, p.refusal(say, unhinted(why)))
}

// jobFile shows a file that was handed in over the firm's links.
func (p *Pages) jobFile(w http.ResponseWriter, r *http.Request, say words) error {
	claims, s, entered, err := p.enterJob(w, r, say, dispatch.Command{})
	if !entered || err != nil {
		return err
	}
	for _, f := range own(claims, s.proofs) {
		if f.Sum.String() == r.PathValue("sum") {
			return p.opt.Proofs.Give(w, r, &f)
		}
	}
	return plantroom.Errorf(plantroom.CodeNotFound, "there is no such file under this link")
}
