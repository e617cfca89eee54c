package httpapi_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/calendarlink"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/problem"
)

// service is a house with its API behind the guard.
type service struct {
	*apitest.House
	t *testing.T
	h http.Handler
}

const viewerToken, alertsToken = "somebody-may-look-and-no-more", "grafana-may-say-so-and-no-more"

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{House: apitest.New(t), t: t}
	h, err := s.Guard(guard.Options{Viewer: viewerToken, Alerts: alertsToken}).Handler(s.API().Routes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.h = h
	return s
}

// ask sends a request as the operator, and alerts as their sender.
func (s *service) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := request(s.t, method, path, body, headers...)
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	return w
}

func request(t *testing.T, method, path, body string, headers ...string) *http.Request {
	t.Helper()
	var b io.Reader
	if body != "" {
		b = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, b)
	r.Header.Set("Authorization", "Bearer "+apitest.Token)
	if strings.HasPrefix(path, "/api/v1/alerts") {
		r.Header.Set("Authorization", "Bearer "+alertsToken)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func loadDocument(t *testing.T) *openapi3.T {
	t.Helper()
	for _, binary := range []string{"text/calendar", "image/jpeg", "application/zip"} {
		openapi3filter.RegisterBodyDecoder(binary, openapi3filter.FileBodyDecoder)
	}
	doc, err := openapi3.NewLoader().LoadFromData(httpapi.Document())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheDocumentIsValidOpenAPI31(t *testing.T) {
	doc := loadDocument(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Fatalf("the document says it is OpenAPI %s", doc.OpenAPI)
	}
}

// What the document says of who may use an operation is what the guard asks for.
func TestTheDocumentSaysWhoMayUseWhat(t *testing.T) {
	doc := loadDocument(t)
	ops := operations(doc)
	for _, r := range apitest.New(t).API().Routes() {
		op := ops[r.Pattern]
		if op == nil {
			continue // another test says so
		}
		security := &doc.Security
		if op.Security != nil {
			security = op.Security
		}
		var schemes []string
		for _, one := range *security {
			schemes = append(schemes, slices.Collect(maps.Keys(one))...)
		}
		want := map[guard.Need][]string{guard.Anyone: nil, guard.Operator: {"token", "session"}, guard.Viewer: {"token", "session", "viewer"}, guard.Alerts: {"alerts"}}[r.Need]
		if !slices.Equal(schemes, want) {
			t.Errorf("%s: documented %q, want %q", r.Pattern, schemes, want)
		}
	}
}

func operations(doc *openapi3.T) map[string]*openapi3.Operation {
	ops := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			ops[method+" "+path] = op
		}
	}
	return ops
}

func TestRoutesAndDocumentNameTheSameOperations(t *testing.T) {
	ops := operations(loadDocument(t))
	for _, r := range apitest.New(t).API().Routes() {
		if _, ok := ops[r.Pattern]; !ok {
			t.Errorf("route %q is not in openapi.yaml", r.Pattern)
		}
		delete(ops, r.Pattern)
	}
	for op := range ops {
		t.Errorf("openapi.yaml describes %q, which no route takes", op)
	}
}

// TestQueryParametersAreDocumented takes the parameters that a route names
// when it refuses an unknown one, and compares them with the document.
func TestQueryParametersAreDocumented(t *testing.T) {
	s := newService(t)
	for pattern, op := range operations(loadDocument(t)) {
		if op.OperationID == "events" || op.OperationID == "calendar" {
			continue // the stream reads none, and a calendar's program may add what it likes
		}
		var documented []string
		for _, p := range op.Parameters {
			if p.Value.In == openapi3.ParameterInQuery {
				documented = append(documented, p.Value.Name)
			}
		}
		method, path, _ := strings.Cut(pattern, " ")
		w := s.ask(method, strings.NewReplacer("{id}", "x", "{action}", "fix", "{task}", "look", "{month}", "2026-03", "{sum}", "0").Replace(path)+"?nonsense=1", "")
		_, list, _ := strings.Cut(w.Body.String(), "this route takes ")
		list, _, _ = strings.Cut(list, `"`)
		taken := strings.Split(list, ", ")
		slices.Sort(documented)
		slices.Sort(taken)
		if documented == nil {
			documented = []string{"none"}
		}
		if w.Code != http.StatusBadRequest || !slices.Equal(documented, taken) {
			t.Errorf("%s (%d) takes %q and documents %q", pattern, w.Code, taken, documented)
		}
	}
}

// TestEveryOperationAnswersAsDocumented asks every operation once with
// success and once without, and holds both replies against the document.
func TestEveryOperationAnswersAsDocumented(t *testing.T) {
	s := newService(t)
	s.Heard("gw-b1", 500)
	o := s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Detail: "door does not close", Needed: 3})
	s.Pass(4 * time.Minute)
	s.Open(apitest.Fault{Rule: "gateway.silent", Asset: "gw-b2", Cause: "silent", Severity: plantroom.High, Detail: "nothing heard"})
	calls := s.GiveUp(o, "connection refused")
	s.Hold(plantroom.Quarantined{Gateway: "gw-b1", Epoch: 1, Seq: 7, At: s.Now(), Stage: "check", Source: "b1-l1-box", Reason: "floor is 412", Raw: []byte("{}")})
	s.Lose("gw-b1", plantroom.Gap{First: 3, Last: 9, Reason: "disk full", At: s.Now()})
	id := string(o.ID)
	s.Tells("gw-b1", wire.State{Online: true, Version: "1.4.0", Epoch: 1, Base: 490, Next: 541}, wire.Spool{Epoch: 1, Used: 60, Limit: 100, Clock: wire.ClockHeld})
	s.Planned("painting")
	s.Owes()
	s.Configured("gw-b1", "refused", "gateway.yaml:1:1: estate: it is missing")

	files, multipart := form(t, nil, photo(t, 1))
	s.ask(http.MethodPost, "/api/v1/orders/"+id+"/proofs", files, "Content-Type", multipart)

	good := map[string]string{ // operation: path and body
		"health": "/healthz", "document": "/api/v1/openapi.yaml", "summary": "/api/v1/summary?from=2026-03-01T00:00:00Z",
		"estate": "/api/v1/estate", "buildings": "/api/v1/buildings", "assets": "/api/v1/assets?domain=lifts", "asset": "/api/v1/assets/b1-l1",
		"devices": "/api/v1/devices?gateway=gw-b1&limit=2", "incidents": "/api/v1/incidents?open=true", "incident": "/api/v1/incidents/" + string(o.Incident),
		"orders": "/api/v1/orders?open=true&state=dispatched,raised&limit=5", "order": "/api/v1/orders/" + id, "candidates": "/api/v1/orders/" + id + "/candidates",
		"timeline": "/api/v1/orders/" + id + "/timeline", "callsOfOrder": "/api/v1/orders/" + id + "/calls",
		"command": "/api/v1/orders/" + id + "/acknowledge" + ` {"by":"Li Qiang","eta":"2026-03-02T02:20:00Z"}`,
		"outbox":  "/api/v1/outbox", "call": "/api/v1/outbox/" + string(calls[0].ID), "resend": "/api/v1/outbox/" + string(calls[0].ID) + "/resend",
		"quarantine": "/api/v1/quarantine", "quarantineCount": "/api/v1/quarantine/count", "gaps": "/api/v1/gaps", "gateways": "/api/v1/gateways",
		"configuration": "/api/v1/gateways/gw-b1/configuration",
		"configure":     "/api/v1/gateways/gw-b1/configuration" + ` {"files":[{"name":"gateway.yaml","text":"gateway: gw-b1\n"}]}`,
		"proofsOfOrder": "/api/v1/orders/" + id + "/proofs", "proof": "/api/v1/orders/" + id + "/proofs/" + sumOf(photo(t, 1)),
		"handIn": "/api/v1/orders/" + id + "/proofs " + files, "evidence": "/api/v1/orders/" + id + "/evidence?redact=true",
		"task":        "/api/v1/orders/" + id + "/tasks/cause" + ` {"note":"worn roller"}`,
		"checkEstate": "/api/v1/estate/check " + checkBody(minimal),
		"roster":      "/api/v1/roster?days=7", "calendar": "/calendar/" + s.calendar() + ".ics",
		"ledger": "/api/v1/ledger?limit=3", "statement": "/api/v1/contracts/quicklift-2026/statements/2026-03",
		"worksList": "/api/v1/works?limit=5", "works": "/api/v1/works/painting", "worksStep": "/api/v1/works/painting/cancel" + ` {"reason":"rain"}`,
		"declareWorks": "/api/v1/works" + ` {"id":"overhaul","title":{"en":"Overhaul"},"assets":["b1-l1"],"contractor":"quicklift","from":"2026-03-09T00:00:00Z","to":"2026-03-09T04:00:00Z","hold":"managers"}`,
		"caseList":     "/api/v1/cases?open=true&kind=arrears&limit=5", "case": "/api/v1/cases/case-000001", "caseRecord": "/api/v1/cases/case-000001/record",
		"casePlaybooks": "/api/v1/case-playbooks", "caseTask": "/api/v1/cases/case-000001/steps/bill" + ` {"by":"sun","note":"it is right"}`,
		"caseAction": "/api/v1/cases/case-000001/say" + ` {"by":"lin","to":"Mr Gao","how":"in person","text":"there is a plan"}`,
		"openCase":   "/api/v1/cases" + ` {"playbook":"complaint","zones":["b1-12a"],"text":"the lift is loud","by":"sun","responsible":"lin","key":"form-1"}`,
		"pastOrders": "/api/v1/history/orders?open=true&domain=lifts,devices&severity=medium", "pastIncidents": "/api/v1/history/incidents?limit=1&" + pastWeek,
		"compliance": "/api/v1/history/compliance?by=contractor,clock,domain,building,severity,asset,rule,day,month&" + pastWeek, "league": "/api/v1/history/league?" + pastWeek,
		"burndown": "/api/v1/history/burndown?clock=attend,restore&points=5&" + pastWeek, "states": "/api/v1/history/states?building=b1&asset=b1-l1,b9-l9&" + pastWeek,
		"statesNow": "/api/v1/history/now", "kpi": "/api/v1/history/kpi?domain=lifts&" + pastWeek, "pastEvents": "/api/v1/history/events?after=0&limit=5", "pastGateways": "/api/v1/history/gateways",
		"alerts":        "/api/v1/alerts " + message(firing("b1-l1", "a1")),
		"statementStep": "/api/v1/contracts/quicklift-2026/statements/2026-02/issue" + ` {"by":"Lin Mei"}`,
	}
	doc := loadDocument(t)
	ops := operations(doc)
	for _, pattern := range slices.Sorted(maps.Keys(ops)) {
		op := ops[pattern]
		method, template, _ := strings.Cut(pattern, " ")
		if op.OperationID == "events" {
			continue // a stream: live's tests read it
		}
		path, body, _ := strings.Cut(good[op.OperationID], " ")
		if path == "" {
			t.Errorf("no request for operation %s: add one above", op.OperationID)
			continue
		}
		route := &routers.Route{Spec: doc, Path: template, PathItem: doc.Paths.Value(template), Method: method, Operation: op}
		var headers []string
		if op.OperationID == "handIn" {
			headers = []string{"Content-Type", multipart}
		}
		if w := s.ask(method, path, body, headers...); w.Code != http.StatusOK {
			t.Errorf("%s %s answered %d: %s", method, path, w.Code, w.Body)
		} else if err := conforms(t, route, request(t, method, path, body, headers...), w.Code, w.Header(), w.Body.Bytes()); err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
		if op.OperationID == "health" || op.OperationID == "calendar" {
			continue
		}
		bare, _, _ := strings.Cut(path, "?")
		w := s.ask(method, bare+"?nonsense=1", body, headers...)
		if err := conforms(t, route, request(t, method, path, body, headers...), w.Code, w.Header(), w.Body.Bytes()); err != nil || w.Code != http.StatusBadRequest {
			t.Errorf("%s %s?nonsense=1 answered %d: %v", method, path, w.Code, err)
		}
	}
}

// pastWeek is the range of questions about the past: the week around the house's start.
const pastWeek = "from=2026-02-27T00:00:00Z&to=2026-03-06T00:00:00Z"

// calendar opens a feed, and returns its token.
func (s *service) calendar() string {
	s.t.Helper()
	token, err := s.Calendars.Open(calendarlink.Whose{Kind: calendarlink.Contractor, ID: "quicklift"}, true)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// conforms checks a request and its reply against an operation.
func conforms(t *testing.T, route *routers.Route, r *http.Request, status int, header http.Header, body []byte) error {
	t.Helper()
	in := &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: pathParams(route.Path, r.URL.Path),
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options,
		Body: io.NopCloser(bytes.NewReader(body))}
	return openapi3filter.ValidateResponse(t.Context(), out)
}

func pathParams(template, path string) map[string]string {
	params := map[string]string{}
	have := strings.Split(path, "/")
	for i, part := range strings.Split(template, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			params[strings.TrimSuffix(name, "}")] = have[i]
		}
	}
	return params
}

// TestTheContractTestCanFail: a checker that accepts anything would make the
// test above worthless.
func TestTheContractTestCanFail(t *testing.T) {
	s := newService(t)
	o := s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Needed: 3})
	doc := loadDocument(t)
	template := "/api/v1/orders/{id}"
	route := &routers.Route{Spec: doc, Path: template, PathItem: doc.Paths.Value(template), Method: http.MethodGet, Operation: doc.Paths.Value(template).Get}
	w := s.ask(http.MethodGet, "/api/v1/orders/"+string(o.ID), "")
	r := request(t, http.MethodGet, "/api/v1/orders/"+string(o.ID), "")
	for name, change := range map[string][2]string{
		"an unknown field":   {`"version":`, `"surprise":1,"version":`},
		"an unknown state":   {`"state":"dispatched"`, `"state":"asleep"`},
		"a missing field":    {`"occurred":`, `"was":`},
		"a bad nested value": {`"kind":"attend"`, `"kind":"dance"`},
	} {
		bad := strings.Replace(w.Body.String(), change[0], change[1], 1)
		if bad == w.Body.String() {
			t.Fatalf("%s: the reply holds no %s", name, change[0])
		}
		if err := conforms(t, route, r, w.Code, w.Header(), []byte(bad)); err == nil {
			t.Errorf("%s passed as conforming", name)
		}
	}
}

func TestTheDocumentListsEveryProblemCode(t *testing.T) {
	enum := loadDocument(t).Components.Schemas["Problem"].Value.Properties["code"].Value.Enum
	var documented []string
	for _, c := range enum {
		documented = append(documented, c.(string))
	}
	var answered []string
	for _, c := range problem.Codes() {
		answered = append(answered, string(c))
	}
	slices.Sort(documented)
	slices.Sort(answered)
	if !slices.Equal(documented, answered) {
		t.Errorf("documented %q, answered %q", documented, answered)
	}
}
