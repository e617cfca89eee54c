package httpapi_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/history"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/guard"
)

// told is an answer about the past.
type told[T any] struct {
	Items   []T      `json:"items"`
	Unknown []string `json:"unknown"`
	AsOf    time.Time
	Next    json.RawMessage `json:"next"`
	More    bool            `json:"more"`
}

// tell asks and reads the answer.
func tell[T any](t *testing.T, s *service, path string) (p told[T]) {
	t.Helper()
	w := s.ask(http.MethodGet, "/api/v1/history/"+path, "")
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	return p
}

func TestThePastOfOneFault(t *testing.T) {
	s := newService(t)
	s.Pass(10 * time.Minute)
	o := s.Open(doorFault)
	opened := s.Now()
	s.Pass(20 * time.Minute) // the windows to answer (5 min) and to attend (15 min) pass
	if w := s.ask(http.MethodPost, "/api/v1/orders/"+string(o.ID)+"/acknowledge", `{"by":"Li Qiang"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	orders := tell[history.OrderItem](t, s, "orders?open=true&contractor=quicklift")
	if len(orders.Items) != 1 || orders.Items[0].ID != o.ID || orders.Items[0].Breached != 2 || orders.Items[0].Clock.Kind != plantroom.Attend || orders.Items[0].Clock.Used < 1.3 ||
		orders.Items[0].AssetName != "Lift 1, block 1" || orders.Items[0].CauseText == orders.Items[0].Cause {
		t.Errorf("%+v", orders.Items)
	}
	if in := tell[history.IncidentItem](t, s, "incidents?"+pastWeek); len(in.Items) != 1 || in.Items[0].Order != o.ID || in.Items[0].Detail != doorFault.Detail || !in.Items[0].End.IsZero() {
		t.Errorf("%+v", in.Items)
	}
	c := tell[history.ComplianceItem](t, s, "compliance?by=clock&"+pastWeek)
	if len(c.Items) != 3 || *c.Items[0].Clock != plantroom.Acknowledge || *c.Items[0].Share != 0 || c.Items[0].Breached != 1 || c.Items[2].Open != 1 || c.Items[2].Share != nil {
		t.Errorf("%+v", c.Items)
	}
	if l := tell[history.LeagueItem](t, s, "league?"+pastWeek); len(l.Items) != 1 || l.Items[0].Breached != 2 || *l.Items[0].AcknowledgeP50 != 20*60 || l.Items[0].AttendP50 != nil {
		t.Errorf("%+v", l.Items)
	}
	states := tell[history.StatesItem](t, s, "states?asset=b1-l1&from="+apitest.Start.String()+"&to=2026-03-06T00:00:00Z")
	var words []string
	for _, g := range states.Items[0].Segments {
		words = append(words, fmt.Sprint(g.State, " ", g.To.Sub(g.From)))
	}
	// The record of this house begins with the fault.
	if want := []string{"unknown 10m0s", "degraded 20m0s"}; !slices.Equal(words, want) {
		t.Errorf("%q, want %q", words, want)
	}
	now := tell[history.NowItem](t, s, "now?asset=b1-l1,b2-l1")
	if len(now.Items) != 2 || now.Items[0].State != history.Degraded || now.Items[0].Since != opened || now.Items[0].Order != o.ID || now.Items[1].State != history.OK || now.Items[1].Since != opened.Add(3*time.Minute) {
		t.Errorf("%+v", now.Items)
	}
	if k := tell[history.KPIItem](t, s, "kpi?asset=b1-l1&"+pastWeek); len(k.Items) != 1 || k.Items[0].Faults != 1 || k.Items[0].Downtime != 20*60 || *k.Items[0].Availability != 0 {
		t.Errorf("%+v", k.Items)
	}
	type line struct {
		Order  plantroom.OrderID
		Points [][2]any
	}
	burn := tell[line](t, s, "burndown?clock=acknowledge&points=10&order="+string(o.ID)+"&"+pastWeek)
	if len(burn.Items) != 1 || burn.Items[0].Order != o.ID || burn.Items[0].Points[0] != [2]any{opened.String(), 0.0} {
		t.Errorf("%+v", burn.Items)
	} else if last := burn.Items[0].Points[len(burn.Items[0].Points)-1]; last[0] != s.Now().String() || last[1].(float64) < 2 {
		t.Errorf("it ends with %v", last)
	}
	events := tell[history.EventItem](t, s, "events?from="+opened.String()+"&to=2026-03-06T00:00:00Z&limit=3")
	if n := len(events.Items); n != 3 || !events.More || events.Items[n-1].Kind != "order.acknowledge" || events.Items[n-1].Href != "/orders/"+string(o.ID) {
		t.Errorf("%+v", events.Items)
	}
}

func TestHowGatewaysAreNow(t *testing.T) {
	s := newService(t)
	s.Pass(10 * time.Minute)
	s.Heard("gw-b1", 500)
	heard := s.Now()
	s.Tells("gw-b1", wire.State{Online: true, Version: "1.4.0\x07", Epoch: 1, Base: 490, Next: 541}, wire.Spool{Epoch: 1, Used: 60, Limit: 100, Clock: wire.ClockUnset})
	s.Tells("gw-b2", wire.State{Version: "1.3.9", Epoch: 3, Base: 0, Next: math.MaxInt64}, wire.Spool{Epoch: 3, Used: math.MaxInt64})
	aside := func(gw plantroom.GatewayID, seq uint64, ago time.Duration) {
		s.Hold(plantroom.Quarantined{Gateway: gw, Epoch: 1, Seq: seq, At: s.Now().Add(-ago), Stage: "check", Raw: []byte("{}")})
	}
	aside("gw-b1", 1, 25*time.Hour)
	aside("gw-b1", 2, 24*time.Hour)
	aside("gw-b1", 3, 15*time.Minute)
	silent := s.Now()
	s.Open(apitest.Fault{Rule: "gateway.silent", Asset: "gw-b2", Cause: "silent", Severity: plantroom.High, Needed: 1})
	got := tell[history.GatewayItem](t, s, "gateways")
	if len(got.Items) != 3 || len(got.Unknown) != 0 {
		t.Fatalf("%+v", got)
	}
	one, two := got.Items[0], got.Items[1]
	if one.Gateway != "gw-b1" || one.Building != "b1" || one.Heard != heard || one.Silent || !one.Since.IsZero() || one.Told != heard || one.Version != "1.4.0" ||
		one.Clock != "unset" || *one.Backlog != 40 || *one.Used != 60 || *one.Limit != 100 || *one.Share != 0.6 || one.Quarantined != 3 || one.QuarantinedDay != 2 || one.QuarantinedNow != 1 {
		t.Errorf("%+v", one)
	}
	// What a gateway claims of itself is a number that every reader keeps as it is.
	const most = 1<<53 - 1
	if two.Gateway != "gw-b2" || !two.Silent || two.Since != silent || !two.Heard.IsZero() || *two.Backlog != most || *two.Used != most || *two.Limit != 0 || two.Share != nil || two.Quarantined != 0 {
		t.Errorf("%+v", two)
	}
	aside("", 0, 0)
	aside("gw-b9", 1, time.Hour)
	if got := tell[history.GatewayItem](t, s, "gateways"); len(got.Items) != 4 || got.Items[3].Gateway != "" || got.Items[3].Quarantined != 2 || got.Items[3].QuarantinedDay != 2 || got.Items[3].QuarantinedNow != 1 {
		t.Errorf("what is of no gateway of the estate: %+v", got.Items)
	}
	of := tell[history.GatewayItem](t, s, "gateways?building=b2,b9")
	if len(of.Items) != 2 || of.Items[0].Gateway != "gw-b2" || !slices.Equal(of.Unknown, []string{"building b9"}) {
		t.Errorf("of one building: %+v", of)
	}
	s.Pass(time.Minute)
	s.Heard("gw-b2", 1)
	for _, in := range openOf(t, s, "gw-b2") {
		s.Clear(in)
	}
	if got := tell[history.GatewayItem](t, s, "gateways?building=b2"); got.Items[0].Silent || got.Items[0].Heard != s.Now() {
		t.Errorf("one that is back: %+v", got.Items[0])
	}
}

func openOf(t *testing.T, s *service, asset plantroom.AssetID) (orders []plantroom.WorkOrder) {
	t.Helper()
	err := s.Store.View(t.Context(), func(tx plantroom.Tx) (err error) {
		orders, err = tx.Orders(plantroom.OrderFilter{Asset: asset, Open: true})
		return err
	})
	if err != nil || len(orders) == 0 {
		t.Fatalf("%d orders on %s, %v", len(orders), asset, err)
	}
	return orders
}

func TestOfAGatewayThatHasToldNothingItIsNotClaimed(t *testing.T) {
	s := newService(t)
	w := s.ask(http.MethodGet, "/api/v1/history/gateways?building=b1", "")
	for _, word := range []string{"heard", "told", "version", "clock", "backlog", "spool_", "silent_since"} {
		if strings.Contains(w.Body.String(), `"`+word) {
			t.Errorf("it tells %s: %s", word, w.Body)
		}
	}
	if !strings.Contains(w.Body.String(), `"silent":false`) || !strings.Contains(w.Body.String(), `"quarantined":0`) {
		t.Errorf("%s", w.Body)
	}
}

func TestTheTimeOfEventsBeginsWithItsFirstMomentAndEndsBeforeItsLast(t *testing.T) {
	s := newService(t)
	s.Open(doorFault)
	at := s.Now()
	s.Pass(time.Minute)
	if e := tell[history.EventItem](t, s, "events?from="+at.String()+"&to="+(at+1).String()); len(e.Items) == 0 || e.Items[0].At != at {
		t.Errorf("from the moment itself: %+v", e.Items)
	}
	if e := tell[history.EventItem](t, s, "events?from="+(at-1).String()+"&to="+at.String()); len(e.Items) != 0 {
		t.Errorf("up to the moment: %+v", e.Items)
	}
	if e := tell[history.EventItem](t, s, "events?from="+(at+1).String()+"&to="+s.Now().String()); len(e.Items) != 0 {
		t.Errorf("behind the moment: %+v", e.Items)
	}
}

func TestEventsGoOnWhereOneHasStopped(t *testing.T) {
	s := newService(t)
	for _, asset := range []plantroom.AssetID{"b1-l1", "b2-l1"} {
		s.Open(apitest.Fault{Rule: "lift.fault", Asset: asset, Cause: "door_close_fault", Severity: plantroom.High, Needed: 1})
	}
	s.Pass(16 * time.Minute)
	s.Owes() // a case is nobody's business here
	var seen []int64
	next := "0"
	for range 100 {
		p := tell[history.EventItem](t, s, "events?limit=2&after="+next)
		for _, e := range p.Items {
			seen = append(seen, e.Seq)
			if strings.HasPrefix(e.Subject, "case-") || strings.HasPrefix(e.Subject, "estate:") {
				t.Errorf("%+v", e)
			}
			if e.Kind == "clock.breached" && (e.Level != history.Error || !strings.Contains(e.Text, "Lift 1, block")) {
				t.Errorf("%+v", e)
			}
		}
		if next = string(p.Next); !p.More {
			break
		}
	}
	if !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != len(seen) || len(seen) < 8 {
		t.Errorf("seen %v", seen)
	}
	all := tell[history.EventItem](t, s, "events?limit=1000&"+pastWeek)
	if len(all.Items) != len(seen) || all.More {
		t.Errorf("%d events at once, %d one by one", len(all.Items), len(seen))
	}
	one := tell[history.EventItem](t, s, "events?asset=b2-l1&limit=1000&"+pastWeek)
	if n := len(one.Items); n == 0 || n >= len(all.Items) {
		t.Errorf("%d of %d events are about one of two lifts", n, len(all.Items))
	}
	if of := tell[history.EventItem](t, s, "events?subject=wo-000001"); len(of.Items) == 0 || of.Items[0].Subject != "wo-000001" {
		t.Errorf("%+v", of.Items)
	}
	if none := tell[history.EventItem](t, s, "events?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z"); len(none.Items) != 0 {
		t.Errorf("%+v", none.Items)
	}
}

// A board that is asked for "everything" begins with 1970, which is how no time is kept.
func TestATimeMayBeginWith1970(t *testing.T) {
	s := newService(t)
	p := tell[history.StatesItem](t, s, "states?asset=b1-l1&from=1970-01-01T00:00:00Z&to=1970-01-02T00:00:00Z")
	if len(p.Items) != 1 || len(p.Items[0].Segments) != 1 || p.Items[0].Segments[0].From.IsZero() || p.Items[0].Segments[0].State != history.Unknown {
		t.Errorf("%+v", p.Items)
	}
}

func TestWhatNobodyKnowsIsNamed(t *testing.T) {
	s := newService(t)
	for _, path := range []string{"orders?open=true&", "incidents?" + pastWeek + "&", "league?" + pastWeek + "&", "states?" + pastWeek + "&", "now?", "kpi?" + pastWeek + "&", "events?after=0&", "burndown?" + pastWeek + "&"} {
		p := tell[json.RawMessage](t, s, path+"asset=b9-l9,b1-l1&building=b1")
		if !slices.Equal(p.Unknown, []string{"asset b9-l9"}) {
			t.Errorf("%s: unknown %q", path, p.Unknown)
		}
	}
	s.Open(doorFault)
	for subject, want := range map[string][]string{"wo-000001": {}, "wo-000009": {"order wo-000009"}, "inc-aaaaaaaaaaaaaaaa": {"incident inc-aaaaaaaaaaaaaaaa"}, "gw-b1": {}, "b1-l1": {"order, incident or gateway b1-l1"}} {
		if p := tell[json.RawMessage](t, s, "events?subject="+subject); !slices.Equal(p.Unknown, want) {
			t.Errorf("%s: unknown %q, want %q", subject, p.Unknown, want)
		}
	}
	if p := tell[json.RawMessage](t, s, "burndown?order=wo-000009&"+pastWeek); !slices.Equal(p.Unknown, []string{"order wo-000009"}) {
		t.Errorf("unknown %q", p.Unknown)
	}
}

func TestQuestionsAboutThePastAreBounded(t *testing.T) {
	s := newService(t)
	for path, want := range map[string]string{
		"orders":                           `\"from\" is missing`,
		"orders?from=2026-03-01T00:00:00Z": `\"to\" is missing`,
		"league?from=yesterday&to=2026-03-02T00:00:00Z":            "a time like",
		"league?from=2026-03-02T00:00:00Z&to=2026-03-02T00:00:00Z": "is empty or longer than ten years",
		"league?from=2006-03-02T00:00:00Z&to=2026-03-02T00:00:00Z": "is empty or longer than ten years",
		"now?asset=" + strings.Repeat("a,", 1000) + "a":            "lists 1001 ids",
		"now?asset=a,,b":       "ids of a-z",
		"gateways?asset=b1-l1": `unknown query parameter \"asset\"`,
		"gateways?building=" + strings.Repeat("b,", 1000) + "b": "lists 1001 ids",
		"now?severity=high":                                                    `unknown query parameter \"severity\"`,
		"league?severity=grave&" + pastWeek:                                    "some of low, medium",
		"compliance?by=clock,clock&" + pastWeek:                                "each key once",
		"compliance?by=moon&" + pastWeek:                                       "some of contractor, clock",
		"burndown?points=1&" + pastWeek:                                        "a number from 2 to 500",
		"burndown?points=501&" + pastWeek:                                      "a number from 1 to 500",
		"burndown?order=" + strings.Repeat("wo-000001,", 50) + "x&" + pastWeek: "lists 51 ids",
		"burndown?clock=dance&" + pastWeek:                                     "some of acknowledge",
		"orders?open=true&limit=1001":                                          "a number from 1 to 1000",
		"orders?open=true&before=inc-1":                                        "the next of an earlier page",
		"orders?open=perhaps":                                                  "true or false",
		"events?after=-1":                                                      "a sequence number",
		"events":                                                               `\"from\" is missing`,
	} {
		w := s.ask(http.MethodGet, "/api/v1/history/"+path, "")
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%.60s: %d %s, want %q", path, w.Code, w.Body, want)
		}
	}
}

// early is a history that has not been read yet.
type early struct{}

func (early) Read(func(*history.Table) error) (plantroom.Instant, error) {
	return history.New(history.Options{}).Read(nil)
}

func TestWhoComesBeforeTheHistoryIsReadIsToldWhenToComeAgain(t *testing.T) {
	house := apitest.New(t)
	api := httpapi.New(httpapi.Options{Estate: house.Estate, Store: house.Store, Desk: house, Events: house.Hub, Now: house.Now, History: early{}})
	h, err := house.Guard(guard.Options{}).Handler(api.Routes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"orders?open=true", "incidents?" + pastWeek, "compliance?" + pastWeek, "league?" + pastWeek, "burndown?" + pastWeek, "states?" + pastWeek, "now", "kpi?" + pastWeek, "events?after=0", "gateways"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, http.MethodGet, "/api/v1/history/"+path, ""))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"code":"unavailable"`) {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
}

// TestAThousandIdsReachTheAPI: a variable of a board may expand to that many.
func TestAThousandIdsReachTheAPI(t *testing.T) {
	s := newService(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := guard.NewServer(l.Addr().String(), s.h, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	defer func() { _ = server.Close(); <-ended }()
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = fmt.Sprintf("%064d", i)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+"/api/v1/history/now?asset="+strings.Join(ids, ","), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+apitest.Token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p told[history.NowItem]
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.StatusCode != http.StatusOK || len(p.Unknown) != 1000 {
		t.Errorf("%d, %d unknown, %v", res.StatusCode, len(p.Unknown), err)
	}
}
