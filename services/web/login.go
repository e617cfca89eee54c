package web

import (
	"net/http"
	"strings"

	"plantroom"
)

type loginView struct {
	Next  string
	Wrong bool
}

func (p *Pages) loginForm(w http.ResponseWriter, r *http.Request, say words) error {
	return p.render(w, r, http.StatusOK, "login.html", say, page{Title: say.t("login.title"), Body: loginView{Next: localPath(r.URL.Query().Get("next"))}})
}

func (p *Pages) login(w http.ResponseWriter, r *http.Request, say words) error {
	if err := parseForm(r); err != nil {
		return err
	}
	next := localPath(r.PostForm.Get("next"))
	err := p.opt.Door.SignIn(w, strings.TrimSpace(r.PostForm.Get("token")))
	if plantroom.CodeOf(err) == plantroom.CodeUnauth {
		return p.render(w, r, http.StatusUnauthorized, "login.html", say, page{Title: say.t("login.title"), Path: "/login", Body: loginView{Next: next, Wrong: true}})
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (p *Pages) logout(w http.ResponseWriter, r *http.Request, _ words) error {
	p.opt.Door.SignOut(w, r)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// localPath lets a sign-in lead to our own pages only. Browsers read "//host"
// and "/\host" as other sites.
func localPath(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/"
	}
	return s
}
