// Package guard decides who may reach which route. A route that does not say
// whom it serves serves nobody; everything else passes one chain: security
// headers, body limit, cross-origin protection, rate limit, identity.
//
// There are two ways to be the operator: a bearer token, compared in constant
// time, and a session that the sign-in page hands out for the same token. The
// guard knows nothing of job links: their routes are open to anyone, and
// their handlers check the signed link themselves.
package guard

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/httpapi/problem"
)

// MaxBody is the largest request body, in bytes.
const MaxBody = 64 << 10

// Need says whom a route serves.
type Need uint8

// The needs. The zero value serves nobody, so that a forgotten field closes a
// route instead of opening it.
const (
	Nobody Need = iota
	Anyone
	Operator
)

// Route is one entry of the mux.
type Route struct {
	Pattern string // as http.ServeMux reads it, with a method: "GET /orders/{id}"
	Need    Need
	Limited bool // counts against the per-address rate limit
	Page    bool // a person looks at it: missing rights lead to the sign-in page
	Handler http.Handler
}

// Options of a Guard.
type Options struct {
	Token     string // the operator's, at least MinToken bytes
	PublicURL string // how browsers reach the server; https makes cookies Secure and sends HSTS
	Logger    *slog.Logger
	// Now is the clock of sessions and rate limits: wall time, even where
	// the rest of the house runs on virtual time. Nil: time.Now.
	Now      func() time.Time
	Limit    Rate         // zero: 30 at once, one more every 2 s
	SignIn   string       // path of the sign-in page; "": /login
	NotFound http.Handler // for paths that no route takes, outside /api/; nil: a problem
}

// MinToken is the shortest operator token that is accepted, in bytes.
const MinToken = 20

// Guard holds the sessions and the operator's token.
type Guard struct {
	opt      Options
	token    [32]byte
	secure   bool
	sessions *sessions
	rate     *limiter
	cross    *http.CrossOriginProtection
}

// New makes a guard. CodeInvalid: the token is too short or PublicURL is not
// an http or https URL.
func New(opt Options) (*Guard, error) {
	if len(opt.Token) < MinToken {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "guard the pages",
			Message: "the operator token is shorter than 20 bytes", Hint: "let the server make one, or give a random one"}
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.SignIn == "" {
		opt.SignIn = "/login"
	}
	g := &Guard{opt: opt, token: digest(opt.Token), rate: newLimiter(opt.Limit), cross: http.NewCrossOriginProtection()}
	if err := g.origin(opt.PublicURL); err != nil {
		return nil, err
	}
	g.sessions = newSessions(opt.Now)
	g.cross.SetDenyHandler(g.fail(plantroom.Errorf(plantroom.CodeForbidden, "the request came from a page of another site")))
	return g, nil
}

// origin takes the public URL's origin as our own, so that a reverse proxy
// may change the Host header.
func (g *Guard) origin(public string) error {
	if public == "" {
		return nil
	}
	u, err := url.Parse(public)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "guard the pages",
			Message: "the public URL is not an http or https URL", Hint: "give one like https://plantroom.example.org"}
	}
	g.secure = u.Scheme == "https"
	return g.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host)
}

// Handler builds the guarded mux. CodeInvalid: a route without a method.
func (g *Guard) Handler(routes ...Route) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, r := range routes {
		if method, _, ok := strings.Cut(r.Pattern, " "); !ok || method == "" {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "route %q names no method", r.Pattern)
		}
		mux.Handle(r.Pattern, g.admit(r))
	}
	return g.headers(g.recovered(g.limitBody(g.cross.Handler(g.routed(mux))))), nil
}

// admit checks rate and identity before a route's handler.
func (g *Guard) admit(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route.Limited {
			if wait := g.rate.take(addressOf(r), g.opt.Now()); wait > 0 {
				w.Header().Set("Retry-After", seconds(wait))
				g.fail(plantroom.Errorf(problem.CodeRateLimited, "too many requests from your address: wait %s s", seconds(wait))).ServeHTTP(w, r)
				return
			}
		}
		switch who, ok := g.identify(r); {
		case route.Need == Operator && ok:
			ctx, cancel := context.WithCancel(context.WithValue(r.Context(), key{}, who))
			defer cancel()
			if who.session != nil { // signing out ends its event streams too
				defer context.AfterFunc(who.session.ctx, cancel)()
			}
			route.Handler.ServeHTTP(w, r.WithContext(ctx))
		case route.Need == Operator:
			g.challenge(w, r, route)
		case route.Need == Anyone:
			route.Handler.ServeHTTP(w, r)
		default:
			g.fail(plantroom.Errorf(plantroom.CodeForbidden, "this route serves nobody")).ServeHTTP(w, r)
		}
	})
}

// challenge sends people to the sign-in page and programs a 401.
func (g *Guard) challenge(w http.ResponseWriter, r *http.Request, route Route) {
	if route.Page && r.Method == http.MethodGet {
		http.Redirect(w, r, g.opt.SignIn+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="plantroom"`)
	g.fail(plantroom.Errorf(plantroom.CodeUnauth, "send the operator token as \"Authorization: Bearer …\", or sign in at %s", g.opt.SignIn)).ServeHTTP(w, r)
}

func (g *Guard) fail(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, g.opt.Logger, err)
	})
}

func (g *Guard) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > MaxBody {
			g.fail(plantroom.Errorf(plantroom.CodeTooLarge, "the body is larger than %d bytes", MaxBody)).ServeHTTP(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into a 500 and a log line with the stack.
func (g *Guard) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				g.opt.Logger.Error("handler panicked", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
				g.fail(plantroom.Errorf(plantroom.CodeInternal, "something went wrong on our side; the log says what")).ServeHTTP(w, r)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
