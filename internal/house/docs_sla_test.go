package house

import (
	"fmt"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/estate"
	"plantroom/services/playbooks"
	"plantroom/services/profiles"
	"plantroom/sim/estates"
)

// A manager copies the blocks of docs/sla.md. Each is an offer to the story's
// estate, and so is a part of its file.
func TestTheContractsInTheGuideAreRight(t *testing.T) {
	e, err := estates.Load("story")
	if err != nil {
		t.Fatal(err)
	}
	list := blocks(page{"docs/sla.md", read(t, "docs/sla.md")}, "yaml")
	if len(list) < 3 {
		t.Fatalf("docs/sla.md has %d blocks of contracts", len(list))
	}
	for i, b := range list {
		after, ids, err := estate.ParseOffer(fmt.Sprintf("block %d", i+1), []byte(b), app.Known(), e)
		if err != nil || len(ids) == 0 {
			t.Errorf("%v\n%s", err, b)
			continue
		}
		if i == 0 {
			wholeContract(t, after.Contracts[len(after.Contracts)-1], b)
		}
	}
}

// A town's profile is written after the one in docs/dispatch.md.
func TestTheProfileInTheGuideIsRight(t *testing.T) {
	n := 0
	for _, b := range blocks(page{"docs/dispatch.md", read(t, "docs/dispatch.md")}, "yml") {
		if !strings.HasPrefix(b, "profile:") {
			continue
		}
		n++
		if p, err := profiles.Parse("block", []byte(b), app.Domains()); err != nil || len(p.Demands) != 3 || len(p.Duties) != 3 {
			t.Errorf("%v, %+v", err, p)
		}
	}
	if n != 1 {
		t.Errorf("docs/dispatch.md has %d profiles", n)
	}
}

// A playbook is written after the one in docs/dispatch.md.
func TestThePlaybookInTheGuideIsRight(t *testing.T) {
	n := 0
	for _, b := range blocks(page{"docs/dispatch.md", read(t, "docs/dispatch.md")}, "yml") {
		if !strings.HasPrefix(b, "playbook:") {
			continue
		}
		n++
		if p, err := playbooks.Parse("block", []byte(b), app.Domains()); err != nil || len(p.Steps) != 2 {
			t.Errorf("%v, %+v", err, p)
		}
	}
	if n != 1 {
		t.Errorf("docs/dispatch.md has %d playbooks", n)
	}
}

// A playbook of cases is written after the one in docs/cases.md.
func TestTheCasePlaybookInTheGuideIsRight(t *testing.T) {
	n := 0
	for _, b := range blocks(page{"docs/cases.md", read(t, "docs/cases.md")}, "yml") {
		if !strings.HasPrefix(b, "case:") {
			continue
		}
		n++
		if p, err := playbooks.ParseCase("block", []byte(b)); err != nil || len(p.Steps) != 3 || len(p.Outcomes) != 2 {
			t.Errorf("%v, %+v", err, p)
		}
	}
	if n != 1 {
		t.Errorf("docs/cases.md has %d playbooks", n)
	}
}

// The first block shows each key that a contract has.
func wholeContract(t *testing.T, c plantroom.Contract, block string) {
	t.Helper()
	if len(c.Windows) == 0 || len(c.Pauses) == 0 || len(c.Penalties) == 0 || c.Cap == (plantroom.PenaltyCap{}) || len(c.Exclusions) == 0 || c.Reply == 0 {
		t.Errorf("the whole contract lacks something: %+v", c)
	}
	for _, key := range []string{"price", "penalty_cap", "exclusions", "reply", "on_site", "clean_cycles", "reopen", "ladder", "buildings"} {
		if !strings.Contains(block, "\n    "+key+": ") && !strings.Contains(block, "\n    "+key+":\n") {
			t.Errorf("the whole contract does not show %s", key)
		}
	}
}
