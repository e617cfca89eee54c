package playbooks_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/playbooks"
)

const keys = `case: lost-keys
kind: complaint
title: Lost keys
private: true
within: 16h
keep: 8760h
source: house rules, 9
sure: verified
never: [Hand keys to a child]
steps:
  - {id: who, title: See who they are, role: technician, within: 1h, hours: all, proof: person}
  - {id: ask, title: {en: Ask again, zh: 回访}, after: who, wait: 24h, within: 4h, proof: note}
outcomes:
  - {id: found, title: Found, needs: [who]}
`

func TestACasePlaybookSaysByWhenInWhichHoursAfterWhatAndHowItCanEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(file, []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := playbooks.LoadCase(file)
	if err != nil {
		t.Fatal(err)
	}
	hour := plantroom.Duration(time.Hour)
	who := plantroom.CaseStep{Step: plantroom.Step{ID: "who", Title: plantroom.Text{En: "See who they are"}, Role: "technician", Within: hour, Proof: plantroom.ProofPerson}, Always: true}
	if len(p.Steps) != 2 || p.Steps[0] != who || p.Steps[1].Always || p.Steps[1].After != "who" || p.Steps[1].Wait != 24*hour {
		t.Errorf("%+v", p.Steps)
	}
	if p.Always || p.Within != 16*hour || !p.Private || p.Keep != 8760*hour || len(p.Never) != 1 || p.Outcomes[0].Needs[0] != "who" {
		t.Errorf("%+v", p)
	}
}

func TestTheStorysCasesSpeakBothLanguagesAndSayThatTheirTimesAreTheirOwn(t *testing.T) {
	kinds, classes := map[plantroom.CaseKind]int{}, []string{}
	for _, p := range playbooks.Cases() {
		kinds[p.Kind]++
		if p.Class != "" {
			classes = append(classes, p.Class)
		}
		if _, err := os.Stat(filepath.Join("cases", p.ID+".yaml")); err != nil {
			t.Errorf("the file of %s does not have its name: %v", p.ID, err)
		}
		if p.Sure != plantroom.SureUnverified || len(p.Never) == 0 {
			t.Errorf("%s: sure %s, never %v", p.ID, p.Sure, p.Never)
		}
		texts := append(slices.Clone(p.Never), p.Title)
		for _, s := range p.Steps {
			texts = append(texts, s.Title)
			if s.Within == 0 || s.Role == "" {
				t.Errorf("%s, %s: nobody knows who does it or by when", p.ID, s.ID)
			}
		}
		for _, o := range p.Outcomes {
			texts = append(texts, o.Title)
		}
		for _, x := range texts {
			if x.En == "" || x.Zh == "" {
				t.Errorf("%s: %+v is not in both languages", p.ID, x)
			}
		}
		if !slices.ContainsFunc(p.Outcomes, func(o plantroom.CaseOutcome) bool { return o.ID == "mistake" && len(o.Needs) == 0 }) {
			t.Errorf("%s: what was opened by mistake cannot be closed", p.ID)
		}
	}
	for _, k := range plantroom.CaseKinds() {
		if kinds[k] == 0 {
			t.Errorf("no playbook for a case of the kind %s", k)
		}
	}
	slices.Sort(classes)
	if !slices.Equal(classes, []string{"cannot_pay", "disputes", "forgot", "refuses"}) {
		t.Errorf("classes of arrears: %v", classes)
	}
}

func TestNoClassOfArrearsPressesWithLiftsWaterOrDoors(t *testing.T) {
	for _, p := range playbooks.Cases() {
		if p.Kind != plantroom.Arrears {
			continue
		}
		if !strings.Contains(p.Never[0].En, "Cut off or slow down lifts, water, light, doors or access") {
			t.Errorf("%s does not forbid it: %v", p.ID, p.Never)
		}
		if p.Class != "refuses" && slices.ContainsFunc(p.Steps, func(s plantroom.CaseStep) bool { return s.ID == "legal" }) {
			t.Errorf("%s takes who does not refuse to court", p.ID)
		}
	}
}

func TestEachFaultOfACasePlaybookIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a step twice":           {"id: ask", "id: who", `keys.yaml:12:6: steps.1.id: the step "who" exists already; choose another id`},
		"after what is not":      {"after: who", "after: whom", `steps.1.after: there is no step "whom" before this one; name a step that stands above it`},
		"after itself":           {"after: who", "after: ask", `steps.1.after: there is no step "ask" before this one`},
		"an end that needs none": {"needs: [who]", "needs: [woe]", `keys.yaml:14:39: outcomes.0.needs.0: there is no step "woe"; name one of the steps`},
		"an end twice":           {"  - {id: found, title: Found, needs: [who]}", "  - {id: found, title: A}\n  - {id: found, title: B}", `outcomes.1.id: the outcome "found" exists already`},
		"a class of a complaint": {"kind: complaint", "kind: complaint\nclass: forgot", `class: a case of the kind complaint has no class; take it away`},
		"arrears of no class":    {"kind: complaint", "kind: arrears", `keys.yaml:2:1: kind: arrears are of a class; add class:`},
		"kept for no time":       {"keep: 8760h", "keep: 0s", `keep: it is no time at all`},
		"kept for ever":          {"keep: 8760h", "keep: 999999h", `keep: 999999h is longer than ten years`},
		"a sensor's proof":       {"proof: note", "proof: reading", `"reading" is not permitted; use one of none, note, photo, person, signature`},
		"hours that are none":    {"hours: all", "hours: night", `"night" is not permitted; use one of office, all`},
		"no outcome":             {keys[strings.Index(keys, "outcomes:"):], "outcomes: []\n", "outcomes: this list has no entries"},
		"no word on its times":   {"sure: verified\n", "", `the key "sure" is missing`},
	} {
		if _, err := playbooks.ParseCase("keys.yaml", []byte(strings.Replace(keys, c.old, c.new, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %s\ngot  %v", name, c.want, err)
		}
	}
}

func FuzzParseCase(f *testing.F) {
	f.Add([]byte(keys))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := playbooks.ParseCase("p.yaml", src)
		if err == nil && (p.ID == "" || len(p.Steps) == 0 || len(p.Outcomes) == 0 || p.Keep <= 0 || time.Duration(p.Keep) > playbooks.LongestCase) {
			t.Errorf("%+v", p)
		}
	})
}
