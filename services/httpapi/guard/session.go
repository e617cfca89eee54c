package guard

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"plantroom"
)

// How long a session lives after the sign-in and after its last request, and
// how many there are at most; the oldest goes first. An event stream that is
// merely open is no use of the session, and ends with it.
const (
	SessionAge  = 12 * time.Hour
	SessionIdle = 2 * time.Hour
	maxSessions = 100
)

type session struct {
	ctx     context.Context // ends with the session
	end     context.CancelFunc
	started time.Time
	used    time.Time
	alarm   *time.Timer // rings when it may be over
}

// left returns how long a session lives unless it is used; 0 or less: it is
// over.
func (v *session) left(now time.Time) time.Duration {
	return min(SessionAge-now.Sub(v.started), SessionIdle-now.Sub(v.used))
}

// sessions keeps sessions in memory under the digest of their cookie: a
// restart signs everybody out.
type sessions struct {
	now func() time.Time
	mu  sync.Mutex
	all map[[32]byte]*session
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, all: map[[32]byte]*session{}}
}

func (s *sessions) start() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prune()
	id, now := rand.Text(), s.now()
	k := digest(id)
	ctx, end := context.WithCancel(context.Background())
	v := &session{ctx: ctx, end: end, started: now, used: now}
	v.alarm = time.AfterFunc(v.left(now), func() { s.expire(k) })
	s.all[k] = v
	return id
}

// expire ends a session that is over, whether or not anybody asks for it, and
// comes back for one that was used in the meantime.
func (s *sessions) expire(k [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.all[k]
	if v == nil {
		return
	}
	if left := v.left(s.now()); left > 0 {
		v.alarm.Reset(left)
		return
	}
	s.remove(k)
}

// prune ends what is over, and the oldest where there are too many.
func (s *sessions) prune() {
	var oldest [32]byte
	for k, v := range s.all {
		if s.over(v) {
			s.remove(k)
		} else if o := s.all[oldest]; o == nil || v.started.Before(o.started) {
			oldest = k
		}
	}
	if len(s.all) >= maxSessions {
		s.remove(oldest)
	}
}

func (s *sessions) over(v *session) bool {
	return v.left(s.now()) <= 0
}

func (s *sessions) remove(k [32]byte) {
	if v := s.all[k]; v != nil {
		v.alarm.Stop()
		v.end()
		delete(s.all, k)
	}
}

func (s *sessions) find(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := digest(id)
	v := s.all[k]
	if v == nil {
		return nil
	}
	if s.over(v) {
		s.remove(k)
		return nil
	}
	v.used = s.now()
	return v
}

func (s *sessions) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(digest(id))
}

// SignIn starts a session for whoever holds the operator token.
// CodeUnauth: it is not the token.
func (g *Guard) SignIn(w http.ResponseWriter, token string) error {
	if who, _ := g.holder(token); who.Is != Operator {
		return plantroom.Errorf(plantroom.CodeUnauth, "that is not the operator token")
	}
	http.SetCookie(w, g.cookie(g.sessions.start(), int(SessionAge/time.Second)))
	return nil
}

// SignOut ends the request's session and everything that runs in it.
func (g *Guard) SignOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(g.cookieName()); err == nil {
		g.sessions.stop(c.Value)
	}
	http.SetCookie(w, g.cookie("", -1))
}

// cookieName binds the cookie to the host where the browser can check that.
func (g *Guard) cookieName() string {
	if g.secure {
		return "__Host-plantroom"
	}
	return "plantroom"
}

func (g *Guard) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: g.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: g.secure, SameSite: http.SameSiteStrictMode}
}
