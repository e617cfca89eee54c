package guard

import (
	"context"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"plantroom"
	"plantroom/services/httpapi/problem"
)

// Refuse answers a request that failed. It chooses the status by the error's
// code.
type Refuse func(http.ResponseWriter, *http.Request, error)

// door is the guard at one mux: what it does not let in, refuse tells.
type door struct {
	*Guard
	refuse Refuse
}

// Handler builds the guarded mux. Failures go out as problems below /api/,
// and through pages elsewhere (nil: problems everywhere). CodeInvalid: a
// route without a method.
func (g *Guard) Handler(routes []Route, pages Refuse) (http.Handler, error) {
	d := door{g, func(w http.ResponseWriter, r *http.Request, err error) {
		if pages != nil && !strings.HasPrefix(r.URL.Path, "/api/") {
			pages(w, r, err)
			return
		}
		problem.Write(w, r, g.opt.Logger, err)
	}}
	mux := http.NewServeMux()
	bodies := map[string]int64{}
	for _, r := range routes {
		if method, _, ok := strings.Cut(r.Pattern, " "); !ok || method == "" {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "route %q names no method", r.Pattern)
		}
		mux.Handle(r.Pattern, d.admit(r))
		if r.Body > 0 {
			bodies[r.Pattern] = r.Body
		}
	}
	cross, err := d.crossOrigin()
	if err != nil {
		return nil, err
	}
	return d.headers(d.recovered(d.limitBody(mux, bodies, cross.Handler(d.routed(mux))))), nil
}

// crossOrigin takes the public URL's origin as our own, so that a reverse
// proxy may change the Host header.
func (d door) crossOrigin() (*http.CrossOriginProtection, error) {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.refuse(w, r, plantroom.Errorf(plantroom.CodeForbidden, "the request came from a page of another site"))
	}))
	if d.origin == "" {
		return cross, nil
	}
	return cross, cross.AddTrustedOrigin(d.origin)
}

// admit checks rate and identity before a route's handler.
func (d door) admit(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route.Limited {
			if wait := d.rate.take(addressOf(r), d.opt.Now()); wait > 0 {
				w.Header().Set("Retry-After", seconds(wait))
				d.refuse(w, r, plantroom.Errorf(problem.CodeRateLimited, "too many requests from your address: wait %s s", seconds(wait)))
				return
			}
		}
		switch who, ok := d.identify(r); {
		case route.Need.admits(who.Is):
			ctx, cancel := context.WithCancel(context.WithValue(r.Context(), key{}, who))
			defer cancel()
			if who.session != nil { // signing out ends its event streams too
				defer context.AfterFunc(who.session.ctx, cancel)()
			}
			route.Handler.ServeHTTP(w, r.WithContext(ctx))
		case route.Need == Anyone:
			route.Handler.ServeHTTP(w, r)
		case route.Need == Nobody:
			d.refuse(w, r, plantroom.Errorf(plantroom.CodeForbidden, "this route serves nobody"))
		case ok:
			d.refuse(w, r, d.wrong(route.Need, who.Is))
		default:
			d.challenge(w, r, route.Need, route.Page)
		}
	})
}

// wrong says which token a route wants of somebody who has come with another.
func (d door) wrong(need, is Need) error {
	if need == Alerts && d.opt.Alerts == "" {
		return plantroom.Errorf(plantroom.CodeForbidden, "alerts are not taken here yet: name a file in web.alerts_token_file, restart the server, and send the token that it puts there")
	}
	return plantroom.Errorf(plantroom.CodeForbidden, "this wants the %s, and you have sent the %s", need.token(), is.token())
}

// challenge sends people to the sign-in page and answers programs with 401, which
// names the token that they want.
func (d door) challenge(w http.ResponseWriter, r *http.Request, need Need, page bool) {
	if page && r.Method == http.MethodGet {
		http.Redirect(w, r, d.opt.SignIn+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="plantroom"`)
	switch need {
	case Alerts:
		d.refuse(w, r, plantroom.Errorf(plantroom.CodeUnauth, "send the alerts token as \"Authorization: Bearer …\": it is in the file that web.alerts_token_file names"))
	case Viewer:
		d.refuse(w, r, plantroom.Errorf(plantroom.CodeUnauth, "send the viewer token as \"Authorization: Bearer …\" (it is in the file that web.viewer_token_file names), or the operator token, or sign in at %s", d.opt.SignIn))
	default:
		d.refuse(w, r, plantroom.Errorf(plantroom.CodeUnauth, "send the operator token as \"Authorization: Bearer …\", or sign in at %s", d.opt.SignIn))
	}
}

// limitBody bounds bodies: at MaxBody, or what the route says.
func (d door) limitBody(mux *http.ServeMux, bodies map[string]int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(MaxBody)
		if _, pattern := mux.Handler(r); bodies[pattern] > 0 {
			limit = bodies[pattern]
		}
		if r.ContentLength > limit {
			d.refuse(w, r, plantroom.Errorf(plantroom.CodeTooLarge, "the body is larger than %d bytes", limit))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into a 500 and a log line with the stack.
func (d door) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				d.opt.Logger.Error("handler panicked", "method", r.Method, "path", problem.PathForLog(r), "panic", v, "stack", string(debug.Stack()))
				d.refuse(w, r, plantroom.Errorf(plantroom.CodeInternal, "something went wrong on our side; the log says what"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}
