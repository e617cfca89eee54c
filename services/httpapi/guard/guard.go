// Package guard decides who may reach which route. A route that does not say
// whom it serves serves nobody; everything else passes one chain: security
// headers, body limit, cross-origin protection, rate limit, identity.
//
// There are two ways to be the operator: a bearer token, compared in constant
// time, and a session that the sign-in page hands out for the same token. A
// viewer and a sender of alerts have a token each, if they are let in at all,
// and no session. The guard knows nothing of job links: their routes are open
// to anyone, and their handlers check the signed link themselves.
package guard

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"plantroom"
)

// MaxBody is the largest request body, in bytes, where a route says no other.
const MaxBody = 64 << 10

// Need says whom a route serves, and what somebody is.
type Need uint8

// The needs. The zero value serves nobody, so that a forgotten field closes a
// route instead of opening it.
const (
	Nobody Need = iota
	Anyone
	Operator
	Viewer // whoever may look and change nothing; the operator may too
	Alerts // a program that sends alerts, and nobody else: what it says stands in the ledger as its word
)

// admits reports whether a route of a need serves somebody whom a token or a
// session has shown to be as.
func (n Need) admits(as Need) bool {
	switch n {
	case Operator, Alerts:
		return as == n
	case Viewer:
		return as == Viewer || as == Operator
	}
	return false
}

// token names the token that opens a route of a need.
func (n Need) token() string {
	switch n {
	case Viewer:
		return "viewer token"
	case Alerts:
		return "alerts token"
	}
	return "operator token"
}

// Route is one entry of the mux.
type Route struct {
	Pattern string // as http.ServeMux reads it, with a method: "GET /orders/{id}"
	Need    Need
	Limited bool  // counts against the per-address rate limit
	Page    bool  // a person looks at it: missing rights lead to the sign-in page
	Body    int64 // the largest body that it takes; 0: MaxBody
	Handler http.Handler
}

// Options of a Guard.
type Options struct {
	Token     string // the operator's, at least MinToken bytes
	Viewer    string // a viewer's, the same; "": there is none
	Alerts    string // that of a sender of alerts, the same; "": there is none
	PublicURL string // how browsers reach the server; https makes cookies Secure and sends HSTS
	Logger    *slog.Logger
	// Now is the clock of sessions and rate limits: wall time, even where
	// the rest of the house runs on virtual time. Nil: time.Now.
	Now    func() time.Time
	Limit  Rate   // zero: 30 at once, one more every 2 s
	SignIn string // path of the sign-in page; "": /login
}

// MinToken is the shortest token that is accepted, in bytes.
const MinToken = 20

// Guard holds the sessions and the digests of the tokens.
type Guard struct {
	opt      Options
	tokens   []known
	origin   string // "": as the request says
	secure   bool
	sessions *sessions
	rate     *limiter
}

// New makes a guard. CodeInvalid: a token is too short, two are the same, or
// PublicURL is not an http or https URL.
func New(opt Options) (*Guard, error) {
	tokens, err := knownTokens(opt)
	if err != nil {
		return nil, err
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
	g := &Guard{opt: opt, tokens: tokens, rate: newLimiter(opt.Limit), sessions: newSessions(opt.Now)}
	if opt.PublicURL != "" {
		u, err := url.Parse(opt.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "guard the pages",
				Message: "the public URL is not an http or https URL", Hint: "give one like https://plantroom.example.org"}
		}
		g.origin, g.secure = u.Scheme+"://"+u.Host, u.Scheme == "https"
	}
	return g, nil
}
