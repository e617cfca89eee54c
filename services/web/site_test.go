package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/domains"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/guard"
	"plantroom/services/joblink"
	"plantroom/services/web"
)

// site is a house with its pages and API behind a real server.
type site struct {
	*apitest.House
	t      *testing.T
	server *httptest.Server
	client *http.Client
	down   atomic.Bool
}

// cut cuts the line to the server, or mends it.
func (s *site) cut(yes bool) {
	s.down.Store(yes)
	if yes {
		s.server.CloseClientConnections()
	}
}

func newSite(t *testing.T) *site { t.Helper(); return newSiteWith(t, nil) }

// newSiteWith is newSite with a ledger of one's own for uses of job links.
func newSiteWith(t *testing.T, uses web.Uses) *site {
	t.Helper()
	s := &site{House: apitest.New(t), t: t}
	if uses == nil {
		uses = joblink.NewRegister(s.Store)
	}
	g := s.Guard(guard.Options{})
	pages, err := web.New(web.Options{Estate: s.Estate, Domains: domains.All(), Store: s.Store, Desk: s.House, Links: s.Links, Proofs: s.Files, Uses: uses, Door: g,
		Now: s.Now, Office: "Estate office, 555 0100"})
	if err != nil {
		t.Fatal(err)
	}
	h, err := g.Handler(append(s.API().Routes(), pages.Routes()...), pages.Refuse)
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			panic(http.ErrAbortHandler) // the line is cut
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.server.Close)
	t.Cleanup(s.Hub.Close) // runs first: open streams would hold the server up
	s.client = newVisitor(t)
	return s
}

// newVisitor is a browser without scripts: it keeps cookies and follows
// redirects.
func newVisitor(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 10 * time.Second}
}

// reply is a page as a visitor sees it.
type reply struct {
	*http.Response
	text string
}

func (s *site) get(path string) reply { s.t.Helper(); return s.send(http.MethodGet, path, nil) }

// press sends a form.
func (s *site) press(path string, fields ...string) reply {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.send(http.MethodPost, path, form)
}

func (s *site) send(method, path string, form url.Values) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{resp, string(text)}
}

func (s *site) signIn() {
	s.t.Helper()
	if r := s.press("/login", "token", apitest.Token); r.StatusCode != http.StatusOK || r.Request.URL.Path != "/" {
		s.t.Fatalf("signing in led to %s with %s", r.Request.URL.Path, r.Status)
	}
}

// wants checks what a page says and what it does not.
func (r reply) wants(t *testing.T, status int, says ...string) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("%s %s answered %s, want %d", r.Request.Method, r.Request.URL.Path, r.Status, status)
	}
	for _, want := range says {
		if not, ok := strings.CutPrefix(want, "not:"); ok == strings.Contains(r.text, strings.TrimPrefix(want, "not:")) {
			t.Errorf("%s %s: want %q, not: %v; got\n%s", r.Request.Method, r.Request.URL.Path, want, not != "", r.text)
		}
	}
}

// busyMorning is a house in which much goes on at once.
func (s *site) busyMorning() map[string]plantroom.WorkOrder {
	s.t.Helper()
	o := map[string]plantroom.WorkOrder{}
	s.Heard("gw-b1", 81_220)
	s.Heard("gw-b2", 64_010)
	o["bin"] = s.Open(apitest.Fault{Rule: "bin.full", Asset: "b2-bin-1", Cause: "full", Severity: plantroom.Medium, Detail: "94 % full, by b2-bin-1-level"})
	s.Pass(9 * time.Minute)
	o["silent"] = s.Open(apitest.Fault{Rule: "gateway.silent", Asset: "gw-b2", Cause: "silent", Severity: plantroom.High, Detail: "nothing heard from gw-b2 since 10:06"})
	o["leak"] = s.Open(apitest.Fault{Rule: "leak.wet", Asset: "b1-pumps", Cause: "wet", Severity: plantroom.High, Detail: "b1-pumps-rope reads wet at 7.5 m"})
	s.Pass(3 * time.Minute)
	o["proving"] = s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b2-l2", Cause: "position_lost", Severity: plantroom.Medium, Detail: "position lost", Needed: 3})
	s.must(o["proving"], plantroom.DoAcknowledge, "Wu Gang", 5)
	o["door"] = s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Detail: "door does not close", Needed: 3})
	s.must(o["leak"], plantroom.DoAcknowledge, "Sun Jie", 10)
	s.must(o["leak"], plantroom.DoArrive, "", 0)
	s.Pass(8*time.Minute + 30*time.Second)
	s.must(o["proving"], plantroom.DoArrive, "", 0)
	s.must(o["proving"], plantroom.DoFix, "", 0)
	s.Clear(o["proving"])
	s.Cycle(o["proving"])
	o["trapped"] = s.Open(apitest.Fault{Rule: "lift.entrapment", Asset: "b2-l1", Cause: "entrapment", Severity: plantroom.Life, Detail: "alarm button pressed, car stopped between floors 11 and 12 for 40 s", Needed: 3})
	s.must(o["trapped"], plantroom.DoAcknowledge, "Li Qiang", 5)
	s.Pass(1 * time.Minute)
	s.Heard("gw-b1", 81_950)
	s.Hold(
		plantroom.Quarantined{Gateway: "gw-b1", Epoch: 1, Seq: 812, At: s.Now(), Stage: "check", Source: "b1-l1-box", Reason: `signal floor is 412 : outside -10 to 200`, Raw: []byte(`{"v":{"floor":412}}`)},
		plantroom.Quarantined{Gateway: "gw-b2", Epoch: 1, Seq: 91, At: s.Now(), Stage: "gateway", Source: "application/1/device/24e124535b316056/event/up", Reason: "frame is cut off after 3 of 11 bytes", Raw: []byte{0x03, 0x00, 0x80, 0xff, 0x17, 0x00, 0x2a}},
	)
	s.Pass(20 * time.Second)
	return o
}

// must gives a command that has to succeed, in the contractor's name.
func (s *site) must(o plantroom.WorkOrder, do plantroom.OrderAction, by string, minutes int) {
	s.t.Helper()
	o = s.Order(o.ID)
	cmd := command(o, do, by)
	if minutes > 0 {
		cmd.ETA = s.Now().Add(time.Duration(minutes) * time.Minute)
	}
	if _, err := s.Command(s.t.Context(), cmd); err != nil {
		s.t.Fatalf("%s %s: %v", do, o.ID, err)
	}
}
