package playbooks_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/domains"
	"plantroom/services/playbooks"
)

const flood = `playbook: flood
title: Water in the plant room
binds: {domains: [leaks], kinds: [rope]}
steps:
  - {id: pump, title: Start the pump, role: technician, within: 15m, proof: photo}
  - {id: tell, title: {en: Tell the manager, zh: 通知经理}, proof: person}
`

func TestAPlaybookSaysWhoDoesWhatByWhenAndWhatProvesIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flood.yaml")
	if err := os.WriteFile(file, []byte(flood), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := playbooks.Load(file, domains.All())
	if err != nil {
		t.Fatal(err)
	}
	want := plantroom.Step{ID: "pump", Title: plantroom.Text{En: "Start the pump"}, Role: "technician", Within: plantroom.Duration(15 * 60e9), Proof: plantroom.ProofPhoto}
	if len(p.Steps) != 2 || p.Steps[0] != want || !p.SpeaksOf(plantroom.Matter{Domain: "leaks", Kind: "rope"}) || p.SpeaksOf(plantroom.Matter{Domain: "leaks", Kind: "spot"}) {
		t.Errorf("%+v", p)
	}
}

func TestTheStorysPlaybooksAreForWhatThereIsAndSpeakBothLanguages(t *testing.T) {
	if len(playbooks.All()) < 4 {
		t.Fatalf("only %d playbooks", len(playbooks.All()))
	}
	for _, p := range playbooks.All() {
		src, err := os.ReadFile(filepath.Join("data", p.ID+".yaml"))
		if err != nil {
			t.Errorf("the file of %s does not have its name: %v", p.ID, err)
			continue
		}
		if _, err := playbooks.Parse(p.ID, src, domains.All()); err != nil {
			t.Error(err)
		}
		for _, s := range p.Steps {
			if s.Title.En == "" || s.Title.Zh == "" {
				t.Errorf("%s, %s: not in both languages", p.ID, s.ID)
			}
		}
	}
}

func TestEachFaultOfAPlaybookIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a step twice":      {"id: tell", "id: pump", `flood.yaml:6:6: steps.1.id: the step "pump" exists already; choose another id`},
		"no such proof":     {"proof: photo", "proof: oath", `flood.yaml:5:70: steps.0.proof: "oath" is not permitted; use one of none, note, photo, reading, person, signature`},
		"no such role":      {"role: technician", "role: king", `steps.0.role: "king" is not permitted`},
		"no time":           {"within: 15m", "within: soon", `steps.0.within: "soon" does not have the right form`},
		"a domain that not": {"[leaks]", "[pools]", `flood.yaml:3:19: binds.domains.0: there is no domain "pools"; use one of lifts, leaks, waste, bays`},
		"a kind of another": {"[rope]", "[passenger]", `binds.kinds.0: there is no kind of asset in its domains "passenger"; use one of spot, rope`},
		"no such cause":     {"kinds: [rope]", "kinds: [rope], causes: [thirst]", `binds.causes.0: there is no cause in its domains "thirst"; use one of `},
		"for everything":    {"domains: [leaks], ", "", `binds: the key "domains" is missing`},
		"no step":           {flood[strings.Index(flood, "steps:"):], "steps: []\n", "steps: this list has no entries"},
	} {
		if _, err := playbooks.Parse("flood.yaml", []byte(strings.Replace(flood, c.old, c.new, 1)), domains.All()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %s\ngot  %v", name, c.want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(flood))
	f.Fuzz(func(t *testing.T, src []byte) {
		if p, err := playbooks.Parse("p.yaml", src, domains.All()); err == nil && (p.ID == "" || len(p.Steps) == 0) {
			t.Errorf("%+v", p)
		}
	})
}
