package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/httpapi/problem"
)

const anOpening = `{"playbook":"complaint","zones":["b1-12a"],"contact":"Chen Bo","text":"the lift is loud","by":"sun","responsible":"lin","key":"form-1"}`

func TestACaseIsOpenedWorkedThroughAndClosedOverTheAPI(t *testing.T) {
	s := newService(t)
	opened := s.ask(http.MethodPost, "/api/v1/cases", anOpening)
	if opened.Code != http.StatusOK || opened.Header().Get("ETag") != `"1"` || opened.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s %v", opened.Code, opened.Body, opened.Header())
	}
	if again := s.ask(http.MethodPost, "/api/v1/cases", anOpening); again.Body.String() != opened.Body.String() {
		t.Errorf("sent twice, opened twice: %s", again.Body)
	}
	const path = "/api/v1/cases/case-000001"
	for _, step := range []struct{ path, body string }{
		{"/steps/acknowledge", `{"by":"sun","with":"Ms Chen"}`},
		{"/say", `{"by":"lin","to":"Ms Chen","how":"by telephone","text":"you hear from us on Wednesday"}`},
		{"/steps/answer", `{"by":"lin","note":"the guide shoes were worn"}`},
		{"/steps/asked", `{"by":"lin","with":"Ms Chen"}`},
		{"/close", `{"by":"lin","outcome":"settled","reason":"it is quiet"}`},
	} {
		if w := s.ask(http.MethodPost, path+step.path, step.body); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", step.path, w.Code, w.Body)
		}
	}
	var c plantroom.Case
	if err := json.Unmarshal(s.ask(http.MethodGet, path, "").Body.Bytes(), &c); err != nil || c.State != plantroom.CaseClosed || c.Outcome != "settled" || len(c.Notes) != 2 {
		t.Errorf("%v %+v", err, c)
	}
	record := s.ask(http.MethodGet, path+"/record", "").Body.String()
	if !strings.Contains(record, `"checked":true,"findings":[]`) || strings.Count(record, `"kind":"case.`) != 6 {
		t.Errorf("%s", record)
	}
}

func TestCommandsOnCasesAreRefusedWithTheirReason(t *testing.T) {
	s := newService(t)
	s.ask(http.MethodPost, "/api/v1/cases", anOpening)
	const path = "/api/v1/cases/case-000001"
	post := func(at, body string, status int, code plantroom.Code, words string, headers ...string) {
		t.Helper()
		refused(t, s.ask(http.MethodPost, at, body, headers...), status, code, words)
	}
	post("/api/v1/cases", `{"playbook":"x","text":"y","by":"sun"}`, http.StatusBadRequest, plantroom.CodeInvalid, "use one of arrears-cannot-pay")
	post("/api/v1/cases", strings.Replace(anOpening, "loud", "slow", 1), http.StatusConflict, plantroom.CodeConflict, "case-000001")
	post(path+"/dance", `{"by":"lin"}`, http.StatusNotFound, plantroom.CodeNotFound, "one can assign, say, note, playbook, close, reopen, forget")
	post(path+"/tick", `{"by":"lin"}`, http.StatusNotFound, plantroom.CodeNotFound, "tick steps")
	post(path+"/steps/dance", `{"by":"lin"}`, http.StatusNotFound, plantroom.CodeNotFound, "no step")
	post("/api/v1/cases/case-7/say", `{"by":"lin","text":"x"}`, http.StatusNotFound, plantroom.CodeNotFound, "case-7")
	post(path+"/close", `{"by":"lin","outcome":"settled","reason":"x"}`, http.StatusConflict, plantroom.CodeTransition, "needs acknowledge, answer, asked")
	post(path+"/steps/answer", `{"by":"lin","text":"in the wrong field"}`, http.StatusBadRequest, plantroom.CodeInvalid, `field "note"`)
	post(path+"/note", `{"by":"chen","text":"x"}`, http.StatusBadRequest, plantroom.CodeInvalid, "nobody of the staff")
	post(path+"/note", `{"by":"lin","text":"x","version":-1}`, http.StatusBadRequest, plantroom.CodeInvalid, "version")
	post(path+"/note", `{"by":"lin","text":"x"}`, http.StatusPreconditionFailed, problem.CodePrecondition, "version", "If-Match", `"7"`)
	if w := s.ask(http.MethodPost, path+"/note", `{"by":"lin","text":"x"}`, "If-Match", `"1"`); w.Code != http.StatusOK || w.Header().Get("ETag") != `"2"` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAListOfCasesSaysWhatIsLateAndNeverWhoseAPrivateCaseIs(t *testing.T) {
	s := newService(t)
	s.Owes()
	s.ask(http.MethodPost, "/api/v1/cases", `{"playbook":"rumour","zones":["b1-12a"],"text":"the lift fell","by":"sun"}`)
	s.Pass(31 * time.Minute)
	w := s.ask(http.MethodGet, "/api/v1/cases?open=true", "").Body.String()
	for _, want := range []string{`"late":["spokesman","heard"]`, `"zones":["b1-12a"]`, `"next":"bill"`} {
		if !strings.Contains(w, want) {
			t.Errorf("no %s in %s", want, w)
		}
	}
	owes := s.ask(http.MethodGet, "/api/v1/cases?kind=arrears", "").Body.String()
	for _, never := range []string{"b1-12a", "Chen", "owed"} {
		if strings.Contains(owes, never) {
			t.Errorf("the list tells %q: %s", never, owes)
		}
	}
	page := s.ask(http.MethodGet, "/api/v1/cases?limit=1", "").Body.String()
	if !strings.Contains(page, `"next":"case-000002"`) || !strings.Contains(s.ask(http.MethodGet, "/api/v1/cases?before=case-000002", "").Body.String(), `"id":"case-000001"`) {
		t.Errorf("%s", page)
	}
	refused(t, s.ask(http.MethodGet, "/api/v1/cases?kind=arrears,rumour", ""), http.StatusBadRequest, plantroom.CodeInvalid, "kind")
}

// The key of a case's commitments, once outside, would let somebody try out what
// a forgotten case has said.
func TestTheKeyOfACaseNeverLeavesTheServer(t *testing.T) {
	s := newService(t)
	c := s.Owes()
	salt, err := c.Salt.MarshalText()
	if err != nil || c.Salt.IsZero() {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/v1/cases", "/api/v1/cases/case-000001", "/api/v1/cases/case-000001/record", "/api/v1/ledger", "/api/v1/outbox"} {
		if w := s.ask(http.MethodGet, path, ""); w.Code != http.StatusOK || strings.Contains(w.Body.String(), string(salt)) {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Cases tell of people: without the operator's token no route shows one.
func TestNobodyButTheOperatorSeesACase(t *testing.T) {
	s := newService(t)
	s.Owes()
	asked := 0
	for _, r := range s.API().Routes() {
		if !strings.Contains(r.Pattern, "/case") {
			continue
		}
		asked++
		method, path, _ := strings.Cut(r.Pattern, " ")
		path = strings.NewReplacer("{id}", "case-000001", "{action}", "note", "{task}", "bill").Replace(path)
		if w := s.ask(method, path, "", "Authorization", "Bearer wrong"); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "owed") {
			t.Errorf("%s %s answers a stranger %d: %s", method, path, w.Code, w.Body)
		}
	}
	if asked != 7 {
		t.Errorf("%d routes of cases", asked)
	}
}
