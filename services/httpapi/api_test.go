package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/problem"
	"plantroom/services/report"
)

// refused checks a problem's status, code and what its detail has to name.
func refused(t *testing.T, w *httptest.ResponseRecorder, status int, code plantroom.Code, names ...string) {
	t.Helper()
	var d problem.Details
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Header().Get("Content-Type") != problem.MediaType {
		t.Fatalf("not a problem: %d %q %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if w.Code != status || d.Status != status || d.Code != code {
		t.Errorf("got %d %s, want %d %s (%s)", w.Code, d.Code, status, code, d.Detail)
	}
	for _, n := range names {
		if !strings.Contains(d.Detail, n) {
			t.Errorf("%q does not name %q", d.Detail, n)
		}
	}
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if w.Code != http.StatusOK {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

type page[T any] struct {
	Items []T
	Next  string
}

var doorFault = apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Detail: "door does not close", Needed: 3}

func TestAQueryThatIsNotUnderstoodIsRefusedByName(t *testing.T) {
	s := newService(t)
	for query, names := range map[string]string{
		"colour=red": "colour", "limit=0": "limit", "limit=1001": "limit", "limit=ten": "limit", "limit=5&limit=6": "limit",
		"open=yes": "open", "asset=": "asset", "asset=UPPER": "asset", "state=asleep": "state", "state=raised,": "state",
		"from=yesterday": "from", "before=%00": "before",
	} {
		refused(t, s.ask(http.MethodGet, "/api/v1/orders?"+query, ""), http.StatusBadRequest, plantroom.CodeInvalid, names)
	}
	refused(t, s.ask(http.MethodGet, "/api/v1/orders?%zz", ""), http.StatusBadRequest, plantroom.CodeInvalid)
	refused(t, s.ask(http.MethodGet, "/api/v1/ledger?after=-1", ""), http.StatusBadRequest, plantroom.CodeInvalid, "after")
	refused(t, s.ask(http.MethodGet, "/api/v1/outbox?state=dead,sent", ""), http.StatusBadRequest, plantroom.CodeInvalid, "state")
	refused(t, s.ask(http.MethodGet, "/api/v1/assets?after=b9-l9", ""), http.StatusBadRequest, plantroom.CodeInvalid, "after")
	refused(t, s.ask(http.MethodGet, "/api/v1/incidents?after=b9-l9", ""), http.StatusBadRequest, plantroom.CodeInvalid, "after")
}

func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	s := newService(t)
	for _, path := range []string{"/api/v1/orders/wo-999999", "/api/v1/incidents/inc-x", "/api/v1/assets/b9-l9", "/api/v1/outbox/msg-x", "/api/v1/orders/NOT%20AN%20ID",
		"/api/v1/orders/wo-999999/timeline", "/api/v1/nonsense", "/api/v2/orders"} {
		refused(t, s.ask(http.MethodGet, path, ""), http.StatusNotFound, plantroom.CodeNotFound)
	}
	w := s.ask(http.MethodDelete, "/api/v1/orders", "")
	refused(t, w, http.StatusMethodNotAllowed, problem.CodeMethod, "GET")
	if w.Header().Get("Allow") == "" {
		t.Error("405 without Allow")
	}
}

func TestACommandMovesTheOrderAndIsKeptInTheLedgerAsTheOffices(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID)
	got := decode[plantroom.WorkOrder](t, s.ask(http.MethodPost, path+"/acknowledge", `{"by":"Li Qiang","eta":"2026-03-02T02:10:00Z"}`))
	if got.State != plantroom.Acknowledged || got.By != "Li Qiang" || got.Version != o.Version+1 {
		t.Errorf("after acknowledging: %s by %q at version %d", got.State, got.By, got.Version)
	}
	entries := decode[page[struct{ Kind, Actor string }]](t, s.ask(http.MethodGet, path+"/timeline", "")).Items
	if last := entries[len(entries)-1]; last.Kind != "order.acknowledge" || last.Actor != "person:operator" {
		t.Errorf("the ledger says %+v", last)
	}
	refused(t, s.ask(http.MethodPost, path+"/unacknowledge", `{"version":`+fmt.Sprint(o.Version)+`}`), http.StatusConflict, plantroom.CodeConflict)
	refused(t, s.ask(http.MethodPost, path+"/cancel", ``), http.StatusBadRequest, plantroom.CodeInvalid, "why")
}

// TestOfPOSTsThatRaceOneWinsAndTheOthersSeeWho lets several programs, which all
// speak for the office, acknowledge an order at the same moment.
func TestOfPOSTsThatRaceOneWinsAndTheOthersSeeWho(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID)
	race := func(body string) []*httptest.ResponseRecorder {
		out := make([]*httptest.ResponseRecorder, 8)
		var all sync.WaitGroup
		for i := range out {
			all.Go(func() { out[i] = s.ask(http.MethodPost, path+"/acknowledge", fmt.Sprintf(body, i)) })
		}
		all.Wait()
		return out
	}
	winner := ""
	for i, w := range race(`{"by":"Li %d"}`) {
		got := decode[plantroom.WorkOrder](t, w) // to ask for what the office has done already is no fault
		if winner == "" {
			winner = got.By
		}
		if got.By != winner || got.Version != o.Version+1 {
			t.Errorf("answer %d: %s by %q at version %d; another one says %q", i, got.State, got.By, got.Version, winner)
		}
	}
	rows := 0
	for _, e := range decode[page[struct{ Kind string }]](t, s.ask(http.MethodGet, path+"/timeline", "")).Items {
		if e.Kind == "order.acknowledge" {
			rows++
		}
	}
	if by := s.Order(o.ID).By; by != winner || rows != 1 {
		t.Errorf("it was %q, all were told %q, and the ledger has %d rows", by, winner, rows)
	}
}

func TestIfMatchGuardsAgainstAnOrderThatHasMoved(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID)
	tag := s.ask(http.MethodGet, path, "").Header().Get("ETag")
	if w := s.ask(http.MethodGet, path, "", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("an unchanged order answered %d with %d bytes", w.Code, w.Body.Len())
	}
	w := s.ask(http.MethodPost, path+"/acknowledge", `{"by":"Li Qiang"}`, "If-Match", tag)
	if w.Code != http.StatusOK || w.Header().Get("ETag") == tag {
		t.Fatalf("the first command answered %d, ETag %s after %s", w.Code, w.Header().Get("ETag"), tag)
	}
	refused(t, s.ask(http.MethodPost, path+"/arrive", ``, "If-Match", tag), http.StatusPreconditionFailed, problem.CodePrecondition)
	for _, bad := range []string{"7", `W/"7"`, `"x"`, `"1", "2"`, `"0"`, `"-1"`} {
		refused(t, s.ask(http.MethodPost, path+"/arrive", ``, "If-Match", bad), http.StatusBadRequest, plantroom.CodeInvalid, "If-Match")
	}
	refused(t, s.ask(http.MethodPost, path+"/arrive", `{"version":9}`, "If-Match", `"8"`), http.StatusBadRequest, plantroom.CodeInvalid, "version")
}

func TestABodyIsReadStrictly(t *testing.T) {
	s := newService(t)
	path := "/api/v1/orders/" + string(s.Open(doorFault).ID) + "/acknowledge"
	refused(t, s.ask(http.MethodPost, path, `{"bye":"Li"}`), http.StatusBadRequest, plantroom.CodeInvalid, "bye")
	refused(t, s.ask(http.MethodPost, path, `{"by":"Li"} {}`), http.StatusBadRequest, plantroom.CodeInvalid)
	refused(t, s.ask(http.MethodPost, path, `{"by":`), http.StatusBadRequest, plantroom.CodeInvalid)
	refused(t, s.ask(http.MethodPost, path, `{"eta":"noon"}`), http.StatusBadRequest, plantroom.CodeInvalid)
	refused(t, s.ask(http.MethodPost, path, `{"version":-1}`), http.StatusBadRequest, plantroom.CodeInvalid, "version")
	refused(t, s.ask(http.MethodPost, path, `{"by":"Li"}`, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType, problem.CodeMediaType)
	refused(t, s.ask(http.MethodPost, path, `{"by":"`+strings.Repeat("x", guard.MaxBody)+`"}`), http.StatusRequestEntityTooLarge, plantroom.CodeTooLarge)
	refused(t, s.ask(http.MethodPost, strings.Replace(path, "acknowledge", "prove", 1), ``), http.StatusNotFound, plantroom.CodeNotFound, "prove", "acknowledge")
}

// TestABodyOfUnknownLengthIsCutOffAtTheLimit: without Content-Length only
// reading shows how long a body is.
func TestABodyOfUnknownLengthIsCutOffAtTheLimit(t *testing.T) {
	s := newService(t)
	r := request(t, http.MethodPost, "/api/v1/orders/"+string(s.Open(doorFault).ID)+"/acknowledge", `{"by":"`+strings.Repeat("x", guard.MaxBody)+`"}`)
	r.ContentLength = -1
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	refused(t, w, http.StatusRequestEntityTooLarge, plantroom.CodeTooLarge)
}

// TestPagesHoldEveryIncidentOnce: a power cut gives seven incidents the same
// episode, and a page may end among them.
func TestPagesHoldEveryIncidentOnce(t *testing.T) {
	s := newService(t)
	want := map[plantroom.IncidentID]bool{}
	for round := range 3 {
		for _, a := range s.Estate().Assets {
			o := s.Open(apitest.Fault{Rule: plantroom.RuleID(fmt.Sprintf("%s.r%d", a.Domain, round)), Asset: a.ID, Cause: "power_loss", Severity: plantroom.High})
			want[o.Incident] = true
		}
		s.Pass(time.Second)
	}
	for _, limit := range []int{1, 2, 5, 7, 100} {
		got, next, pages := map[plantroom.IncidentID]bool{}, "", 0
		for {
			path := fmt.Sprintf("/api/v1/incidents?limit=%d", limit)
			if next != "" {
				path += "&after=" + next
			}
			p := decode[page[plantroom.Incident]](t, s.ask(http.MethodGet, path, ""))
			for _, inc := range p.Items {
				if got[inc.ID] {
					t.Fatalf("limit %d: %s came twice", limit, inc.ID)
				}
				got[inc.ID] = true
			}
			if len(p.Items) > limit {
				t.Fatalf("limit %d: a page of %d", limit, len(p.Items))
			}
			if next = p.Next; next == "" {
				break
			}
			if pages++; pages > len(want) {
				t.Fatalf("limit %d: pages without end", limit)
			}
		}
		if len(got) != len(want) {
			t.Errorf("limit %d: %d of %d incidents", limit, len(got), len(want))
		}
	}
}

func TestPagesOfOrdersAndLedgerAreWhole(t *testing.T) {
	s := newService(t)
	for _, a := range s.Estate().Assets {
		s.Open(apitest.Fault{Rule: plantroom.RuleID(a.Domain) + ".x", Asset: a.ID, Severity: plantroom.Low})
	}
	first := decode[page[plantroom.WorkOrder]](t, s.ask(http.MethodGet, "/api/v1/orders?limit=4", ""))
	second := decode[page[plantroom.WorkOrder]](t, s.ask(http.MethodGet, "/api/v1/orders?limit=4&before="+first.Next, ""))
	if len(first.Items) != 4 || len(second.Items) != 3 || second.Next != "" || second.Items[0].ID >= first.Items[3].ID {
		t.Errorf("pages of %d and %d orders, then %q", len(first.Items), len(second.Items), second.Next)
	}
	var seqs []int64
	for next := "0"; next != ""; {
		p := decode[page[plantroom.LedgerRow]](t, s.ask(http.MethodGet, "/api/v1/ledger?limit=5&after="+next, ""))
		for _, r := range p.Items {
			seqs = append(seqs, r.Seq)
		}
		next = p.Next
	}
	for i, seq := range seqs {
		if seq != int64(i+1) {
			t.Fatalf("row %d has seq %d", i, seq)
		}
	}
	if len(seqs) < 14 {
		t.Errorf("only %d ledger rows for 7 orders", len(seqs))
	}
}

func TestSummaryCountsWindowsMetAndBreached(t *testing.T) {
	s := newService(t)
	s.Heard("gw-b1", 500)
	s.Lose("gw-b1", plantroom.Gap{First: 11, Last: 20, Reason: "disk full", At: s.Now()})
	s.Hold(plantroom.Quarantined{Gateway: "gw-b1", Epoch: 1, Seq: 7, At: s.Now(), Stage: "check", Source: "x", Reason: "y"})
	o := s.Open(doorFault)
	s.Pass(6 * time.Minute) // the five minutes to acknowledge are over
	s.ask(http.MethodPost, "/api/v1/orders/"+string(o.ID)+"/acknowledge", `{"by":"Li"}`)
	s.ask(http.MethodPost, "/api/v1/orders/"+string(o.ID)+"/arrive", ``)
	s.Clear(o)
	s.Prove(o)
	type window struct{ Met, Breached, Open, Void int }
	got := decode[struct {
		Records   struct{ Judged, Stored, Rejected, Lost int }
		Incidents struct{ Total, Open int }
		Orders    struct {
			Total, Open int
			ByState     map[string]int `json:"by_state"`
		}
		Windows map[string]window
	}](t, s.ask(http.MethodGet, "/api/v1/summary", ""))
	if got.Records.Stored != 500 || got.Records.Rejected != 1 || got.Records.Lost != 10 {
		t.Errorf("records %+v", got.Records)
	}
	if got.Incidents.Total != 1 || got.Incidents.Open != 0 || got.Orders.Total != 1 || got.Orders.Open != 1 || got.Orders.ByState["verified"] != 1 {
		t.Errorf("incidents %+v, orders %+v", got.Incidents, got.Orders)
	}
	if got.Windows["acknowledge"] != (window{Breached: 1}) || got.Windows["attend"] != (window{Met: 1}) || got.Windows["restore"] != (window{Met: 1}) {
		t.Errorf("windows %+v", got.Windows)
	}
}

func TestADeadCallCanBeSentAgainOnce(t *testing.T) {
	s := newService(t)
	calls := s.GiveUp(s.Open(doorFault), "connection refused")
	dead := decode[page[map[string]any]](t, s.ask(http.MethodGet, "/api/v1/outbox", ""))
	if len(dead.Items) != len(calls) || len(calls) == 0 {
		t.Fatalf("%d dead calls, want %d", len(dead.Items), len(calls))
	}
	for _, secret := range []string{"to", "body"} {
		if _, ok := dead.Items[0][secret]; ok {
			t.Errorf("a call shows its %s", secret)
		}
	}
	path := "/api/v1/outbox/" + string(calls[0].ID)
	if got := decode[plantroom.Call](t, s.ask(http.MethodPost, path+"/resend", "")); got.State != plantroom.CallPending || got.ID != calls[0].ID {
		t.Errorf("after resending: %s", got.State)
	}
	if rest := decode[page[plantroom.Call]](t, s.ask(http.MethodGet, "/api/v1/outbox?state=pending", "")); len(rest.Items) != 1 {
		t.Errorf("%d calls pending, want 1", len(rest.Items))
	}
}

func TestGatewaysTellTheirSilence(t *testing.T) {
	s := newService(t)
	s.Heard("gw-b1", 12)
	s.Heard("gw-new", 3) // not in the estate's file
	s.Open(apitest.Fault{Rule: "gateway.silent", Asset: "gw-b2", Cause: "silent", Severity: plantroom.High})
	type gateway struct {
		ID            string
		Known         bool
		Heard, Silent plantroom.Instant
	}
	for _, g := range decode[page[gateway]](t, s.ask(http.MethodGet, "/api/v1/gateways", "")).Items {
		want := map[string]gateway{
			"gw-b1": {Known: true, Heard: s.Now()}, "gw-b2": {Known: true, Silent: s.Now()}, "gw-b3": {Known: true}, "gw-new": {Heard: s.Now()},
		}[g.ID]
		if want.ID = g.ID; g != want {
			t.Errorf("got %+v, want %+v", g, want)
		}
	}
}

func TestHealthNamesThePartAndNotTheReason(t *testing.T) {
	house := apitest.New(t)
	api := httpapi.New(httpapi.Options{Estate: house.Estate, Store: house.Store, Desk: house, Events: house.Hub, Now: house.Now,
		Probes: []httpapi.Probe{{Name: "broker", Check: func(context.Context) error { return fmt.Errorf("dial 10.0.0.7: password wrong") }}}})
	h, err := house.Guard(guard.Options{}).Handler(api.Routes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"broker":"failing"`) || !strings.Contains(w.Body.String(), `"store":"ok"`) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "10.0.0.7") {
		t.Error("the health page tells strangers where the broker is")
	}
}

// TestAFloodOfStrangersAsksNoPartMoreThanOnceAtATime: the page is open to anyone,
// and each probe takes a connection of the store or asks InfluxDB.
func TestAFloodOfStrangersAsksNoPartMoreThanOnceAtATime(t *testing.T) {
	house := apitest.New(t)
	var asked atomic.Int64
	release := make(chan struct{})
	api := httpapi.New(httpapi.Options{Estate: house.Estate, Store: house.Store, Desk: house, Events: house.Hub, Now: house.Now,
		Probes: []httpapi.Probe{{Name: "influxdb", Check: func(context.Context) error { asked.Add(1); <-release; return nil }}}})
	h, err := house.Guard(guard.Options{}).Handler(api.Routes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(ctx context.Context) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/healthz", nil))
		return w.Code
	}
	var all sync.WaitGroup
	gone, leave := context.WithCancel(t.Context())
	all.Go(func() { ask(gone) }) // who came first and does not wait
	for asked.Load() == 0 {
		runtime.Gosched()
	}
	leave()
	for range 100 {
		all.Go(func() {
			if code := ask(t.Context()); code != http.StatusOK {
				t.Errorf("answered %d", code)
			}
		})
	}
	for range 1000 { // they all come in
		runtime.Gosched()
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("InfluxDB is asked %d times at once", n)
	}
	close(release)
	all.Wait()
}

func TestAStatementIsReadIssuedObjectedToAndAnswered(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	s.Pass(20 * time.Minute) // nobody has come
	const path = "/api/v1/contracts/quicklift-2026/statements/2026-03"
	march := decode[report.Statement](t, s.ask(http.MethodGet, path, ""))
	if len(march.Lines) == 0 || march.Missed == 0 || len(march.Provisional) == 0 || march.Lines[0].Order != o.ID || len(march.Lines[0].Evidence) == 0 {
		t.Errorf("%+v", march)
	}
	refused(t, s.ask(http.MethodPost, path+"/issue", ``), http.StatusConflict, plantroom.CodeTransition, "2026-03")
	refused(t, s.ask(http.MethodPost, path+"/object", `{"line":"`+march.Lines[0].ID+`","reason":"x"}`), http.StatusConflict, plantroom.CodeTransition, "not been issued")
	refused(t, s.ask(http.MethodPost, path+"/burn", ``), http.StatusNotFound, plantroom.CodeNotFound, "issue, object, accept, refuse")
	refused(t, s.ask(http.MethodPost, path+"/issue", `{"reasons":1}`), http.StatusBadRequest, plantroom.CodeInvalid, "reasons")
	refused(t, s.ask(http.MethodGet, "/api/v1/contracts/slow-2026/statements/2026-03", ""), http.StatusNotFound, plantroom.CodeNotFound, "quicklift-2026")
	refused(t, s.ask(http.MethodGet, "/api/v1/contracts/quicklift-2026/statements/march", ""), http.StatusBadRequest, plantroom.CodeInvalid, "2026-03")

	const before = "/api/v1/contracts/quicklift-2026/statements/2026-02"
	issued := decode[report.Statement](t, s.ask(http.MethodPost, before+"/issue", `{"by":"Lin Mei"}`))
	if issued.Reply == nil || issued.Reply.IssuedBy != "person:operator" {
		t.Errorf("%+v", issued.Reply)
	}
	refused(t, s.ask(http.MethodPost, before+"/issue", ``), http.StatusConflict, plantroom.CodeConflict, "person:operator")
	refused(t, s.ask(http.MethodPost, before+"/accept", `{"line":"wo-000001.1.attend","reason":"x"}`), http.StatusNotFound, plantroom.CodeNotFound, "wo-000001.1.attend")
}
