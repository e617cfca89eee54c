package scenario_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/internal/yamldoc"
	"plantroom/sim/scenario"
)

const least = `scenario: A title
estate: story
start: "2026-03-02 08:00"
length: 1h
contractors:
  quicklift: {acknowledge: 2m}
do:
  - {at: 5m, fault: {lift: b1-l1, cause: door_close_fault}}
expect:
  - {by: 10m, incident: {rule: lift.fault}}
`

func TestEveryShippedScenarioIsWellFormed(t *testing.T) {
	files, err := filepath.Glob("../scenarios/*.yaml")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d scenarios, %v; at least twelve ship", len(files), err)
	}
	for _, f := range files {
		if _, err := scenario.Load(f); err != nil {
			t.Error(err)
		}
	}
}

func TestAFaultyScenarioIsRefusedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":           {"lift: b1-l1", "lft: b1-l1", `s.yaml:8:22: do.0.fault.lft: the key "lft" is not known here; did you mean lift?`},
		"unknown act":           {"fault: {", "falt: {", `the key "falt" is not known here; did you mean fault?`},
		"no expectation":        {"incident: {rule: lift.fault}", "", `s.yaml:10:5: expect.0: an expectation looks at one thing; give exactly one of incident, order, clock, call, count, reading, statement, bundle`},
		"a statement by a time": {"incident: {rule: lift.fault}", "statement: {contract: quicklift-2026, kept: 1}", `s.yaml:10:5: expect.0: statements and bundles are made at a moment; give at`},
		"two times":             {"by: 10m,", "by: 10m, at: 20m,", `an expectation needs one time; give exactly one of by, at, never`},
		"two things":            {"{rule: lift.fault}", "{rule: lift.fault}, order: {asset: b1-l1}", `looks at one thing`},
		"after the end":         {"by: 10m", "by: 2h", `expect.0.by: this lies after the end of the scenario; use a time up to 1h`},
		"act after the end":     {"at: 5m", "at: 61m", `do.0.at: this lies after the end`},
		"not a duration":        {"length: 1h", "length: an hour", `s.yaml:4:1: length: "an hour" does not have the right form`},
		"not a moment":          {"2026-03-02 08:00", "2026-02-30 08:00", `"2026-02-30 08:00" is not a moment of the calendar`},
		"unknown behaviour":     {"acknowledge: 2m", "ack: 2m", `contractors.quicklift.ack: the key "ack" is not known here`},
		"state that is none":    {"{rule: lift.fault}", "{rule: lift.fault, state: opened}", `"opened" is not permitted; use one of open, clearing, closed`},
		"two acts in one line": {"do:\n", "do:\n  - {at: 1m, free: {lift: b1-l1}, trap: {lift: b1-l1}}\n",
			`s.yaml:8:5: do.0: this has "at", "free" and "trap" together; it is a time and exactly one act, on a line of its own: keep at, and one of free, trap`},
		"a time without an act": {"do:\n", "do:\n  - {at: 1m}\n",
			`s.yaml:8:5: do.0: this has only "at"; it is a time and exactly one act, on a line of its own: add one of alert, case, collect, contact, cut, duplicate,`},
		"an act without a time": {"do:\n", "do:\n  - {trap: {lift: b1-l1}}\n",
			`s.yaml:8:5: do.0: the key "at" is missing; add it: a time since the start, as in 90s, 5m or 1h30m`},
		"nothing expected":  {"by: 10m, incident: {rule: lift.fault}", "", `s.yaml:10:5: expect.0: an expectation needs one time; give exactly one of by, at, never`},
		"counts of nothing": {"incident: {rule: lift.fault}", "count: {}", `expect.0.count: this has no keys; it is numbers over the whole estate: add one of incidents, lost, open_orders,`},
	} {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(least, c.old, c.new, 1)
			_, err := scenario.Parse("s.yaml", []byte(src))
			var faults yamldoc.Faults
			if !errors.As(err, &faults) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := scenario.Parse("s.yaml", src)
		if err == nil && len(s.Expect) == 0 {
			t.Error("a scenario without an expectation was accepted")
		}
	})
}
