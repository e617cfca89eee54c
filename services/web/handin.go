package web

import (
	"fmt"
	"net/http"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/problem"
	"plantroom/services/proofs"
)

// takeForm reads a form that may come with files, into the request's PostForm:
// with an error what came before it. Release has to be called on what it returns
// without one. The caller has found that whoever sends it may.
func (p *Pages) takeForm(w http.ResponseWriter, r *http.Request, id plantroom.OrderID) (*handin.Form, error) {
	if !handin.Comes(r) {
		r.Body = http.MaxBytesReader(w, r.Body, guard.MaxBody) // the route takes more, for files
		return &handin.Form{}, parseForm(r)
	}
	var files int
	var bytes int64
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		files, bytes, err = dispatch.ProofRoom(tx, id)
		if plantroom.CodeOf(err) == plantroom.CodeTooLarge {
			err = nil // the press counts all the same, if no file comes with it
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	form, err := p.opt.Proofs.Take(w, r, files, bytes)
	if form != nil {
		r.PostForm, r.Form = form.Values, form.Values
	}
	return form, err
}

// refusedFiles says whether an error is about what came, so that the page can
// say it beside the form; otherwise it is a failure of ours. That the disk takes
// no files is one too, and is logged, but no reason to lose what was typed.
func (p *Pages) refusedFiles(r *http.Request, err error) (status int, ok bool) {
	switch plantroom.CodeOf(err) {
	case plantroom.CodeInvalid:
		return http.StatusBadRequest, true
	case plantroom.CodeTooLarge:
		return http.StatusRequestEntityTooLarge, true
	case plantroom.CodeUnavailable:
		p.log.WarnContext(r.Context(), "a form with files was refused", "path", problem.PathForLog(r), "error", err)
		return http.StatusServiceUnavailable, true
	}
	return 0, false
}

// proofLine is a file of proof as pages show it.
type proofLine struct {
	Href, Kind, Size, When, Who, About, Note string
	Picture                                  bool
	Width, Height                            int
}

// proofLines shows files of proof that lie below a path.
func (s words) proofLines(e *plantroom.Estate, o *plantroom.WorkOrder, list []plantroom.Proof, below string) []proofLine {
	var out []proofLine
	for i := range list {
		p := &list[i]
		l := proofLine{Href: below + p.Sum.String(), Kind: s.t("file.paper"), Size: size(p.Size), When: s.moment(p.At), Note: p.Note, Who: s.who(e, p.Actor),
			Picture: p.Type != proofs.PDF, Width: p.Width, Height: p.Height}
		if l.Picture {
			l.Kind = s.t("file.photo")
		}
		if p.By != "" {
			l.Who = s.t("file.by", p.By, l.Who)
		}
		for _, t := range o.Tasks {
			if t.ID == p.Task {
				l.About = t.Title.In(s.lang)
			}
		}
		out = append(out, l)
	}
	return out
}

func size(n int64) string {
	if n < 1_000_000 {
		return fmt.Sprintf("%d kB", (n+999)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// accept is what a page asks a telephone for. It names no image/*, which lets a
// telephone offer what we refuse.
const accept = "image/jpeg,image/png,application/pdf"
