// Package domaintest is the suite that every watched domain must pass: Run
// checks what a domain says of itself, holds its detectors to the contract of
// plantroom.Detector over random readings, and plays its golden traces.
//
// It does not know what a domain is about: that is for the traces to say.
package domaintest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plantroom"
)

// MaxClean is the greatest number of clean cycles that a rule may ask for.
const MaxClean = 100

// Run holds a domain to the suite. Golden traces are read from testdata/*.trace
// of the calling test's folder; see ParseTrace for how they are written. Each
// rule needs at least one in which it opens.
func Run(t *testing.T, d plantroom.Domain) {
	t.Run("describes itself", func(t *testing.T) {
		for _, fault := range Lint(d) {
			t.Error(fault)
		}
	})
	for i := range d.Rules {
		rule := &d.Rules[i]
		for _, kind := range kindsOf(d, rule) {
			t.Run(fmt.Sprintf("%s on %s keeps the detector's contract", rule.ID, kind), func(t *testing.T) {
				checkContract(t, d, rule, kind)
			})
		}
	}
	runTraces(t, d)
}

func kindsOf(d plantroom.Domain, rule *plantroom.Rule) []string {
	if len(rule.Kinds) > 0 {
		return rule.Kinds
	}
	return d.Kinds[:1]
}

// Lint lists what is wrong with a domain's description of itself.
func Lint(d plantroom.Domain) (faults []string) {
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for what, name := range map[string]string{"name": string(d.Name), "measurement": d.Measurement} {
		if err := plantroom.ValidID(name); err != nil {
			say("%s: %v", what, err)
		}
	}
	if d.Title.En == "" || d.Title.Zh == "" {
		say("title: wants English and Chinese")
	}
	if len(d.Causes) == 0 {
		say("causes: wants at least one")
	}
	for c := range d.Causes {
		if err := plantroom.ValidID(c); err != nil {
			say("cause: %v", err)
		}
	}
	if len(d.Kinds) == 0 {
		say("kinds: a domain has at least one")
	}
	for _, k := range d.Kinds {
		if err := plantroom.ValidID(k); err != nil {
			say("kind: %v", err)
		}
	}
	for slug, t := range d.Causes {
		if plantroom.ValidID(slug) != nil || t.En == "" || t.Zh == "" {
			say("cause %s: wants a slug, and English and Chinese", slug)
		}
	}
	lintSignals(d.Params, "param", say)
	lintSignals(d.Signals, "signal", say)
	for i := range d.Rules {
		lintRule(d, &d.Rules[i], say)
	}
	for _, w := range d.Targets {
		if w.Length <= 0 || w.Source == "" || w.Severity == plantroom.NoSeverity || w.Clock == "" || w.From == "" {
			say("target %s %s: wants clock, severity, length, start and source", w.Clock, w.Severity)
		}
	}
	return faults
}

func lintSignals(signals []plantroom.Signal, what string, say func(string, ...any)) {
	seen := map[string]bool{}
	for _, s := range signals {
		if err := plantroom.ValidID(s.Name); err != nil || strings.ContainsAny(s.Name, "-.") {
			say("%s %q: a name is made of a-z 0-9 _", what, s.Name)
		}
		if seen[s.Name] {
			say("%s %s exists twice", what, s.Name)
		}
		seen[s.Name] = true
		if s.Doc == "" {
			say("%s %s: wants a sentence in Doc", what, s.Name)
		}
		switch s.Kind {
		case plantroom.FloatKind:
			if s.Unit == "" || s.Min >= s.Max {
				say("%s %s: a number wants a unit and a range", what, s.Name)
			}
		case plantroom.StringKind:
			if len(s.Values) == 0 {
				say("%s %s: a state wants its permitted values", what, s.Name)
			}
		case plantroom.BoolKind:
		default:
			say("%s %s: has no kind", what, s.Name)
		}
	}
}

func lintRule(d plantroom.Domain, r *plantroom.Rule, say func(string, ...any)) {
	if err := plantroom.ValidID(string(r.ID)); err != nil {
		say("rule: %v", err)
	}
	if !strings.HasPrefix(string(r.ID), d.Measurement+".") {
		say("rule %s: its id begins with %s.", r.ID, d.Measurement)
	}
	if r.Title.En == "" || r.Title.Zh == "" || r.Doc == "" {
		say("rule %s: wants a title in English and Chinese, and a doc", r.ID)
	}
	if r.Clean < 1 || r.Clean > MaxClean {
		say("rule %s: Clean is %d, not 1 to %d", r.ID, r.Clean, MaxClean)
	}
	if len(r.Clocks) == 0 || len(r.Steps) == 0 || len(r.Signals) == 0 {
		say("rule %s: wants clocks, a playbook and signals", r.ID)
	}
	if r.New == nil {
		say("rule %s: has no detector", r.ID)
	}
	for _, k := range r.Kinds {
		if !slices.Contains(d.Kinds, k) {
			say("rule %s: the domain has no kind %s", r.ID, k)
		}
	}
	for _, name := range r.Signals {
		if signalOf(d, name) == nil {
			say("rule %s: the domain has no signal %s", r.ID, name)
		}
	}
	seen := map[string]bool{}
	for _, s := range r.Steps {
		if s.ID == "" || seen[s.ID] || s.Title.En == "" || s.Title.Zh == "" ||
			!slices.Contains([]string{"none", "note", "photo", "reading", "person"}, s.Proof) {
			say("rule %s, step %q: wants an id of its own, a title in English and Chinese, and a known proof", r.ID, s.ID)
		}
		seen[s.ID] = true
	}
	for _, c := range r.Clocks {
		if !slices.ContainsFunc(d.Targets, func(w plantroom.Window) bool { return w.Clock == c }) {
			say("rule %s: no default target for its clock %s", r.ID, c)
		}
	}
}

// signalOf finds a signal of the domain, or one that any device has; nil where
// there is neither.
func signalOf(d plantroom.Domain, name string) *plantroom.Signal {
	all := slices.Concat(d.Signals, plantroom.DeviceSignals())
	if i := slices.IndexFunc(all, func(s plantroom.Signal) bool { return s.Name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

func runTraces(t *testing.T, d plantroom.Domain) {
	files, err := filepath.Glob("testdata/*.trace")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden traces in testdata: %v", err)
	}
	opened := map[plantroom.RuleID]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".trace"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tr, err := ParseTrace(d, string(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, fault := range tr.Play() {
				t.Errorf("%s: %s", file, fault)
			}
			if tr.opened {
				opened[tr.rule.ID] = true
			}
		})
	}
	for _, r := range d.Rules {
		if !opened[r.ID] {
			t.Errorf("rule %s opens in none of the golden traces", r.ID)
		}
	}
}
