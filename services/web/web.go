// Package web is Plantroom's pages: the operations board, the pages of an
// order, an asset, monthly statements, planned works and the quarantine, the
// sign-in page, and the job page on which a contractor accepts, arrives and
// reports a repair without signing in.
//
// Pages are rendered on the server and work without scripts; one small script
// keeps the board live. All words are in one catalogue, in English and
// Chinese. The package decides nothing: what people press goes to the
// dispatch desk or that of residents' cases, which have a list, a form and a page
// each; guard says who may see what.
package web

import (
	"bytes"
	"context"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"strings"

	"plantroom"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/problem"
	"plantroom/services/joblink"
)

// Links says what a job link's token vouches for: a *joblink.Key.
type Links interface {
	// Verify fails with CodeInvalid for a token that is not ours and with
	// CodeExpired, claims included, for one that is too old.
	Verify(token string, now plantroom.Instant) (joblink.Claims, error)
}

// Uses writes uses of job links to the ledger: a *joblink.Register.
type Uses interface {
	Note(context.Context, plantroom.Instant, joblink.Use) error
}

// Door signs the operator in and out: a *guard.Guard.
type Door interface {
	SignIn(w http.ResponseWriter, token string) error
	SignOut(w http.ResponseWriter, r *http.Request)
}

// Options of Pages. All but Office and Logger are required.
type Options struct {
	Estate  func() *plantroom.Estate // the present one; a reload swaps it
	Domains []plantroom.Domain       // for the titles of rules
	Store   httpapi.Reader
	Desk    httpapi.Desk
	Links   Links
	Proofs  *handin.Taker
	Uses    Uses
	Door    Door
	Now     func() plantroom.Instant
	Office  string // whom a technician may ring, shown on job pages: "Estate office, 555 0100"
	Logger  *slog.Logger
}

// Pages answers the routes outside /api/.
type Pages struct {
	opt   Options
	log   *slog.Logger
	rules map[plantroom.RuleID]plantroom.Text
	cause map[string]plantroom.Text
	sets  map[string]*template.Template // by language
}

// New makes the pages.
func New(opt Options) (*Pages, error) {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Pages{opt: opt, log: opt.Logger, rules: map[plantroom.RuleID]plantroom.Text{}, cause: map[string]plantroom.Text{}, sets: map[string]*template.Template{}}
	for _, d := range opt.Domains {
		maps.Copy(p.cause, d.Causes)
		for _, r := range d.Rules {
			p.rules[r.ID] = r.Title
		}
	}
	for _, lang := range languages() {
		set, err := parseTemplates(lang)
		if err != nil {
			return nil, err
		}
		p.sets[lang] = set
	}
	return p, nil
}

// Routes lists every page with whom it serves.
func (p *Pages) Routes() []guard.Route {
	operator := func(pattern string, f answer) guard.Route {
		return guard.Route{Pattern: pattern, Need: guard.Operator, Page: true, Handler: p.handler(f)}
	}
	anyone := func(pattern string, f answer) guard.Route {
		return guard.Route{Pattern: pattern, Need: guard.Anyone, Page: true, Limited: true, Handler: p.handler(f)}
	}
	files := func(pattern string, need guard.Need, f answer) guard.Route { // its forms can hold some
		return guard.Route{Pattern: pattern, Need: need, Page: true, Limited: need == guard.Anyone, Body: handin.MaxBody, Handler: p.handler(f)}
	}
	return []guard.Route{
		operator("GET /{$}", p.board),
		{Pattern: "GET /board", Need: guard.Operator, Handler: p.handler(p.boardFragment)}, // for the script: 401, no redirect
		operator("GET /orders/{id}", p.order),
		operator("POST /orders/{id}/{action}", p.orderAction),
		files("POST /orders/{id}/tasks/{task}", guard.Operator, p.taskDone),
		files("POST /orders/{id}/proofs", guard.Operator, p.orderProof),
		operator("GET /orders/{id}/proofs/{sum}", p.orderFile),
		operator("POST /orders/{id}/calls/{call}/retry", p.retryCall),
		operator("GET /assets/{id}", p.asset),
		operator("GET /quarantine", p.quarantine),
		operator("GET /statements", p.statements),
		operator("GET /statements/{contract}/{month}", p.statement),
		operator("POST /statements/{contract}/{month}/{action}", p.statementAction),
		operator("GET /works", p.works),
		operator("GET /works/{id}", p.work),
		operator("POST /works/{id}/{action}", p.worksAction),
		operator("GET /cases", p.caseList),
		operator("GET /cases/new", p.caseForm),
		operator("POST /cases", p.openCase),
		operator("GET /cases/{id}", p.caseOne),
		operator("POST /cases/{id}/steps/{task}", p.caseAction),
		operator("POST /cases/{id}/{action}", p.caseAction),
		operator("POST /works/{id}/calls/{call}/retry", p.retryWorksCall),
		operator("GET /announce", p.announceForm),
		operator("POST /announce", p.announce),
		operator("POST /logout", p.logout),
		{Pattern: "GET /login", Need: guard.Anyone, Page: true, Handler: p.handler(p.loginForm)},
		anyone("POST /login", p.login),
		anyone("GET /job/{token}", p.job),
		files("POST /job/{token}/{action}", guard.Anyone, p.jobAction),
		anyone("GET /job/{token}/steps", p.jobSteps),
		files("POST /job/{token}/tasks/{task}", guard.Anyone, p.jobTask),
		files("POST /job/{token}/proofs", guard.Anyone, p.jobProof),
		anyone("GET /job/{token}/proofs/{sum}", p.jobFile),
		{Pattern: "GET /static/{file}", Need: guard.Anyone, Handler: http.HandlerFunc(static)},
	}
}

// answer is a handler that leaves its errors to the caller. say speaks the
// visitor's language.
type answer func(w http.ResponseWriter, r *http.Request, say words) error

func (p *Pages) handler(f answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r, p.wordsFor(w, r)); err != nil {
			p.Refuse(w, r, err)
		}
	})
}

// page is what every template gets: the frame, and the content as .Body.
type page struct {
	Lang    string
	Title   string
	Estate  string
	Path    string // for the language switch; "": the request's, or of a press what can be read
	Signed  bool   // an operator looks at it
	Now     string
	Zone    string // whose clocks the page shows
	Refresh int    // seconds after which the browser reads the page again; 0: never
	Office  string
	Body    any
}

// render executes a template into memory first, so that a fault in it becomes
// an error page and not half a page.
func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, name string, say words, pg page) error {
	pg.Lang = say.lang
	if pg.Path == "" {
		pg.Path = readable(r)
	}
	pg.Estate, pg.Office = p.opt.Estate().Name.In(say.lang), p.opt.Office
	pg.Signed = guard.Who(r.Context()).Actor != ""
	pg.Now, pg.Zone = say.moment(say.now), p.opt.Estate().Zone
	var b bytes.Buffer
	if err := p.sets[say.lang].ExecuteTemplate(&b, name, pg); err != nil {
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: "render " + name, Message: "the page cannot be shown", Err: err}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", say.lang)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the visitor may have gone; nobody is left to tell
	return nil
}

// readable is the path under which what a request is about can be read: a page
// that answers a press cannot be asked for again under the press's own.
func readable(r *http.Request) string {
	path := r.URL.EscapedPath() // unescaped it may begin with //, another site's address
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return path
	case jobPath(path):
		token, _, _ := strings.Cut(strings.TrimPrefix(path, "/job/"), "/")
		return "/job/" + token
	}
	return "/"
}

// notice is a page with one thing to say.
type notice struct {
	Heading, Text, Link, LinkText string
}

// Refuse answers a request that failed with a page in the visitor's language.
// Give it to guard.Handler.
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	d := problem.Of(err)
	if d.Status >= http.StatusInternalServerError {
		p.log.ErrorContext(r.Context(), "page failed", "method", r.Method, "path", problem.PathForLog(r), "code", d.Code, "error", err)
	}
	say := p.wordsFor(w, r)
	n := notice{Heading: say.t("refused." + string(d.Code)), Text: d.Detail, Link: "/", LinkText: say.t("nav.board")}
	if d.Code == plantroom.CodeUnauth {
		n.Text, n.Link, n.LinkText = "", "/login", say.t("login.title")
	}
	if jobPath(r.URL.Path) {
		n.Link, n.Text = "", problem.Of(unhinted(err)).Detail
	}
	if err := p.render(w, r, d.Status, "notice.html", say, page{Title: n.Heading, Body: n}); err != nil {
		http.Error(w, d.Title, d.Status)
	}
}
