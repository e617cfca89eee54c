package web

import (
	"net/http"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
)

// orderProof takes files in from the office.
func (p *Pages) orderProof(w http.ResponseWriter, r *http.Request, say words) error {
	id := plantroom.OrderID(r.PathValue("id"))
	form, err := p.takeForm(w, r, id)
	f := r.PostForm
	was := pressed{Command: dispatch.Command{Do: doProof, By: clean(f.Get("by"), maxName), Note: clean(f.Get("note"), maxNote)}}
	if err == nil {
		defer form.Release()
		_, err = p.opt.Desk.Proof(r.Context(), dispatch.Handed{Order: id, Actor: guard.Who(r.Context()).Actor, By: was.By, Note: was.Note, Files: form.Files()})
	}
	if status, ok := p.refusedFiles(r, err); ok {
		return p.refuseOrder(w, r, say, status, err, was)
	}
	if err != nil {
		return err
	}
	form.Keep()
	http.Redirect(w, r, "/orders/"+string(id)+"#files", http.StatusSeeOther)
	return nil
}

// orderFile shows one of an order's files.
func (p *Pages) orderFile(w http.ResponseWriter, r *http.Request, _ words) error {
	var f plantroom.Proof
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		f, err = handin.Find(tx, plantroom.OrderID(r.PathValue("id")), r.PathValue("sum"))
		return err
	})
	if err != nil {
		return err
	}
	return p.opt.Proofs.Give(w, r, &f)
}
