package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/httpapi/problem"
)

// minimal is the least that an estate's file says.
const minimal = `estate: e
name: E
time_zone: Asia/Shanghai
profile: plain
currency: CNY
buildings: [{id: b1, floors: 3}]
gateways: []
assets: []
people: [{id: lin, name: Lin, role: manager, channels: [{channel: mqtt, to: lin}]}]
`

func checkBody(text string) string {
	b, err := json.Marshal(map[string]any{"files": []map[string]string{{"name": "estate.yaml", "text": text}}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestAnEstatesFileIsRefusedWithEveryFaultItsPlaceAndItsRemedy(t *testing.T) {
	s := newService(t)
	if w := s.ask(http.MethodPost, "/api/v1/estate/check", checkBody(minimal)); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"faults":[],"warnings":[]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := s.ask(http.MethodPost, "/api/v1/estate/check", checkBody(strings.Replace(minimal, "plain", "mars", 1)+
		"ladders: [{id: a, levels: [{after: 1m}], then: {ladder: b, after: 5m}}, {id: b, levels: [{after: 1m, people: [max]}], then: {ladder: a, after: soon}}]\n"))
	refused(t, w, http.StatusBadRequest, plantroom.CodeInvalid, "the file has 4 faults", `estate.yaml:4:1: profile: there is no profile "mars"`)
	var d problem.Details
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	want := []problem.Fault{
		{File: "estate.yaml", Line: 4, Column: 1, Path: "/profile", Problem: `there is no profile "mars"`},
		{File: "estate.yaml", Line: 10, Column: 49, Path: "/ladders/0/then/ladder", Problem: "the ladder leads back to itself: a → b → a", Remedy: "take then away from one of them"},
		{File: "estate.yaml", Line: 10, Column: 111, Path: "/ladders/1/levels/0/people/0", Problem: `there is no person "max"`, Remedy: "use one of lin"},
		{File: "estate.yaml", Line: 10, Column: 137, Path: "/ladders/1/then/after", Problem: `"soon" does not have the right form`, Remedy: "it is a length of time, as in 90s, 30m or 1h30m"},
	}
	for i, f := range want {
		if f.Remedy == "" {
			f.Remedy = d.Faults[i].Remedy
		}
		if d.Faults[i] != f || d.Faults[i].Remedy == "" {
			t.Errorf("got  %+v\nwant %+v", d.Faults[i], f)
		}
	}
}

func TestRostersAndLaddersOfAnEstatesFileAreLookedAheadAt(t *testing.T) {
	s := newService(t)
	const firm = `contractors: [{id: firm, name: Firm, technicians: [tom], channels: [{channel: mqtt, to: firm}], roster: [{start: "08:00", end: "20:00", people: [tom]}]}]
ladders: [{id: a, levels: [{after: 1m, people: [lin]}]}]
`
	const file = minimal + "  - {id: tom, name: Tom, role: technician, channels: [{channel: mqtt, to: tom}]}\n" + firm + `contracts: [{id: c, contractor: firm, from: 2026-01-01, domains: [lifts], ladder: a, on_site: true, windows: [{clock: attend, length: 15m}]}]
`
	people := strings.Replace(file, "people: [{id: lin", "people:\n  - {id: lin", 1)
	people = strings.Replace(people, "to: lin}]}]\n", "to: lin}]}\n", 1)
	w := s.ask(http.MethodPost, "/api/v1/estate/check", checkBody(people))
	refused(t, w, http.StatusBadRequest, plantroom.CodeInvalid, "nobody of firm is on duty from Mon 2026-03-02 20:00 CST")
	var d problem.Details
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || len(d.Faults) < 2 || d.Faults[0].Path != "/contractors/0/roster" || d.Faults[0].Line == 0 || d.Faults[0].Remedy == "" {
		t.Errorf("%v: %+v", err, d.Faults)
	}
	away := strings.Replace(people, "on_site: true", "travel: 30m", 1)
	var ok struct{ Faults, Warnings []problem.Fault }
	if w := s.ask(http.MethodPost, "/api/v1/estate/check", checkBody(away)); w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &ok) != nil || len(ok.Faults) != 0 || len(ok.Warnings) == 0 ||
		!strings.Contains(ok.Warnings[0].Problem, "nobody of firm is on duty") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestATaskIsNotedOverTheAPIWithItsProof(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID) + "/tasks/"
	refused(t, s.ask(http.MethodPost, path+"cause", `{}`), http.StatusBadRequest, plantroom.CodeInvalid, "the proof of cause lacks a note")
	refused(t, s.ask(http.MethodPost, path+"dance", `{}`), http.StatusNotFound, plantroom.CodeNotFound, "no task")
	refused(t, s.ask(http.MethodPost, path+"cause", `{"note":"x","photo":"y"}`), http.StatusBadRequest, plantroom.CodeInvalid, "photo")
	got := decode[plantroom.WorkOrder](t, s.ask(http.MethodPost, path+"cause", `{"note":"worn roller","by":"Li"}`))
	for _, task := range got.Tasks {
		if task.ID == "cause" && (task.Done.IsZero() || task.Note != "worn roller" || task.By != "Li") {
			t.Errorf("%+v", task)
		}
	}
	refused(t, s.ask(http.MethodPost, path+"cause", `{"note":"other"}`), http.StatusConflict, plantroom.CodeConflict, "already")
}

func TestWhatIsNoEstatesFileIsRefusedByName(t *testing.T) {
	s := newService(t)
	for body, names := range map[string]string{
		`{}`: "0 files",
		`{"files":[{"name":"../estate.yaml","text":""}]}`:           "the name of a file",
		`{"files":[{"name":"e","text":"a: [1"}]}`:                   "the file has a fault: e:1:",
		`{"files":[` + strings.Repeat(`{"name":"a"},`, 10) + `{}]}`: "11 files",
		checkBody(strings.Replace(minimal, "plain", "x.yaml", 1)):   "a profile of one's own cannot be read here",
	} {
		refused(t, s.ask(http.MethodPost, "/api/v1/estate/check", body), http.StatusBadRequest, plantroom.CodeInvalid, names)
	}
}
