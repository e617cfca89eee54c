package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/dispatch"
	"plantroom/sim/scenario"
)

// Phones receive calls, as webhooks whose signatures they check or by whatever
// way somebody else has taken them, and let contractors do what their scripts
// say on the job page.
type Phones struct {
	script map[plantroom.ContractorID]scenario.Behaviour
	secret func(who string) ([]byte, error) // contractor-quicklift, person-lin
	server *url.URL                         // nil: where the link says
	clock  app.DemoClock
	repair func(plantroom.AssetID) error
	tell   func(at plantroom.Instant, who, text string)
	http   http.Client

	mu    sync.Mutex
	taken map[string]bool // webhook ids, for dropping repeats
	calls int
	bad   []string // what should not have happened
	work  sync.WaitGroup
	ctx   context.Context
}

// PhoneOptions say who answers, and how.
type PhoneOptions struct {
	Script map[plantroom.ContractorID]scenario.Behaviour
	Secret func(who string) ([]byte, error) // nil: webhooks are refused
	Clock  app.DemoClock
	Repair func(plantroom.AssetID) error
	Tell   func(at plantroom.Instant, who, text string)
	Server *url.URL // where job pages are found, if not where their links say: browsers may reach the server under another address
}

// NewPhones makes phones; ctx ends what they are doing.
func NewPhones(ctx context.Context, o PhoneOptions) *Phones {
	if o.Secret == nil {
		o.Secret = func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	}
	return &Phones{script: o.Script, secret: o.Secret, server: o.Server, clock: o.Clock, repair: o.Repair, tell: o.Tell, ctx: ctx,
		taken: map[string]bool{}, http: http.Client{Timeout: 10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Serve answers webhooks on a listener until ctx ends.
func (p *Phones) Serve(l net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{who}", p.ring)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(p.ctx, func() { _ = s.Close() })
	defer stop()
	_ = s.Serve(l) // ends with Close
}

// Wait returns when nobody is doing anything any more.
func (p *Phones) Wait() { p.work.Wait() }

// Calls returns how many different calls came, and what was wrong with any.
func (p *Phones) Calls() (n int, bad []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls, append([]string(nil), p.bad...)
}

func (p *Phones) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad = append(p.bad, fmt.Sprintf(format, args...))
}

// ring takes one webhook.
func (p *Phones) ring(w http.ResponseWriter, r *http.Request) {
	who := r.PathValue("who")
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = p.verify(who, body, r.Header)
	}
	var ev dispatch.Event
	if err == nil {
		err = json.Unmarshal(body, &ev)
	}
	if err != nil {
		p.complain("a webhook for %s: %v", who, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	p.Take(who, r.Header.Get("webhook-id"), ev)
}

// Take takes a call for somebody, once for each id: a contractor whom it gives
// an order does what the script says.
func (p *Phones) Take(who, id string, ev dispatch.Event) {
	p.mu.Lock()
	repeat := p.taken[id]
	p.taken[id] = true
	if !repeat {
		p.calls++
	}
	p.mu.Unlock()
	if repeat {
		return
	}
	p.tell(p.clock.Now(), "phone "+who, ev.Data.Text)
	if b, ok := p.script[plantroom.ContractorID(who)]; ok && ev.Type == "plantroom.order.dispatched" {
		p.work.Go(func() { p.answer(who, b, ev.Data) })
	}
}

// verify checks a signature. A receiver is a contractor or a person, each with
// a secret of its own.
func (p *Phones) verify(who string, body []byte, h http.Header) error {
	var last error
	for _, kind := range []string{"contractor-", "person-"} {
		secret, err := p.secret(kind + who)
		if errors.Is(err, fs.ErrNotExist) && last == nil {
			last = err
			continue
		}
		if err != nil {
			return err
		}
		hook, err := webhooks.NewWebhookRaw(secret)
		if err != nil {
			return err
		}
		return hook.Verify(body, h)
	}
	return last
}

// answer does what the script says, each step in its time.
func (p *Phones) answer(who string, b scenario.Behaviour, d dispatch.EventData) {
	called := p.clock.Now()
	for _, s := range b.Steps(true) {
		wait := p.clock.Real(called.Add(s.After)).Sub(plantroom.At(time.Now()))
		select {
		case <-p.ctx.Done():
			return
		case <-time.After(wait):
		}
		if s.Repair {
			if err := p.repair(d.Asset.ID); err != nil {
				p.complain("%s repairs %s: %v", who, d.Asset.ID, err)
				return
			}
		}
		if err := p.press(who, d.JobLink, s.Do); err != nil && p.ctx.Err() == nil {
			p.tell(p.clock.Now(), "phone "+who, fmt.Sprintf("%s on %s: %v", s.Do, d.Order.ID, err))
		}
	}
}

// buttons names the forms of the job page.
var buttons = map[plantroom.OrderAction]string{plantroom.DoAcknowledge: "accept", plantroom.DoArrive: "arrive", plantroom.DoFix: "fix", plantroom.DoDecline: "decline"}

var hidden = regexp.MustCompile(`name="(seen|version)"[^>]*value="([^"]*)"`)

// press opens the job page and presses a button on it. A server that is away
// for a moment is tried again, as a technician would.
func (p *Phones) press(who, link string, do plantroom.OrderAction) error {
	var last error
	for range 60 {
		if last = p.pressOnce(who, link, do); last == nil || p.ctx.Err() != nil {
			return last
		}
		if plantroom.CodeOf(last) != plantroom.CodeUnavailable {
			return last
		}
		select {
		case <-p.ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	return last
}

// reach is a job link as it is reached from here.
func (p *Phones) reach(link string) (string, error) {
	if p.server == nil {
		return link, nil
	}
	u, err := url.Parse(link)
	if err != nil {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "the job link of the call: %w", err)
	}
	u.Scheme, u.Host = p.server.Scheme, p.server.Host
	return u.String(), nil
}

func (p *Phones) pressOnce(who, link string, do plantroom.OrderAction) error {
	link, err := p.reach(link)
	if err != nil {
		return err
	}
	page, err := p.http.Get(link)
	if err != nil {
		return plantroom.Errorf(plantroom.CodeUnavailable, "open the job page: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(page.Body, 1<<20))
	page.Body.Close()
	if err != nil {
		return plantroom.Errorf(plantroom.CodeUnavailable, "read the job page: %w", err)
	}
	form := url.Values{"by": {who}, "note": {scenario.Note(do)}, "reason": {scenario.Note(do)}}
	for _, m := range hidden.FindAllStringSubmatch(string(b), -1) {
		form.Set(m[1], m[2])
	}
	resp, err := p.http.PostForm(strings.TrimSuffix(link, "/")+"/"+buttons[do], form)
	if err != nil {
		return plantroom.Errorf(plantroom.CodeUnavailable, "press %s: %w", buttons[do], err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests:
		return plantroom.Errorf(plantroom.CodeUnavailable, "the server answers %s", resp.Status)
	case resp.StatusCode >= 400:
		return plantroom.Errorf(plantroom.CodeConflict, "the page says %s", resp.Status)
	}
	return nil
}
