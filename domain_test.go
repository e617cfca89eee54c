package plantroom_test

import (
	"encoding/json"
	"testing"

	"plantroom"
)

var severities = map[plantroom.Severity]string{plantroom.NoSeverity: "none", plantroom.Low: "low", plantroom.Medium: "medium",
	plantroom.High: "high", plantroom.Life: "life"}

func TestASeverityReadsBackFromItsName(t *testing.T) {
	for s, name := range severities {
		b, err := s.MarshalText()
		if err != nil || string(b) != name || s.String() != name {
			t.Errorf("severity %d is written as %s, %v; want %s", s, b, err, name)
		}
		back := plantroom.Severity(99)
		if err := back.UnmarshalText(b); err != nil || back != s {
			t.Errorf("%s is read as %d, %v", name, back, err)
		}
	}
	if got := plantroom.Severity(5).String(); got != "unknown" {
		t.Errorf("a severity beyond life is called %q", got)
	}
}

func TestAnUnknownSeverityIsRefused(t *testing.T) {
	for _, name := range []string{"", "Life", "critical", "unknown", "4"} {
		s := plantroom.High
		if err := s.UnmarshalText([]byte(name)); plantroom.CodeOf(err) != plantroom.CodeInvalid || s != plantroom.High {
			t.Errorf("%q was read as %s, %v", name, s, err)
		}
	}
	var in plantroom.Incident
	if err := json.Unmarshal([]byte(`{"severity":3}`), &in); err == nil {
		t.Error("a number was read as a severity: numbers would shift when one is added")
	}
}

func TestSeveritiesAreOrderedByWhatIsAtStake(t *testing.T) {
	if !(plantroom.NoSeverity < plantroom.Low && plantroom.Low < plantroom.Medium && plantroom.Medium < plantroom.High && plantroom.High < plantroom.Life) {
		t.Error("the severities are out of order")
	}
}

func TestARuleAppliesToItsKinds(t *testing.T) {
	all := plantroom.Rule{}
	ropes := plantroom.Rule{Kinds: []string{"rope", "spot"}}
	if !all.AppliesTo("rope") || !all.AppliesTo("") {
		t.Error("a rule without kinds does not apply to all")
	}
	if !ropes.AppliesTo("spot") || ropes.AppliesTo("meter") || ropes.AppliesTo("") {
		t.Error("a rule applies to other kinds than its own")
	}
}

func TestATextFallsBackToEnglish(t *testing.T) {
	both := plantroom.Text{En: "Lift 1", Zh: "1号梯"}
	for lang, want := range map[string]string{"en": "Lift 1", "zh": "1号梯", "de": "Lift 1", "": "Lift 1"} {
		if got := both.In(lang); got != want {
			t.Errorf("in %q: %s", lang, got)
		}
	}
	if got := (plantroom.Text{En: "Lift 1"}).In("zh"); got != "Lift 1" {
		t.Errorf("without a translation: %q", got)
	}
}

func TestQualitiesAndKindsHaveNames(t *testing.T) {
	for q, want := range map[plantroom.Quality]string{plantroom.Good: "good", plantroom.EstimatedTime: "estimated_time", plantroom.Suspect: "suspect",
		plantroom.Historical: "historical", plantroom.Simulated: "simulated", plantroom.Simulated + 1: "unknown"} {
		if q.String() != want {
			t.Errorf("quality %d is called %s", q, q)
		}
	}
	for k, want := range map[plantroom.ValueKind]string{plantroom.NoValue: "none", plantroom.FloatKind: "float", plantroom.StringKind: "string", plantroom.BoolKind: "bool", 99: "none"} {
		if k.String() != want {
			t.Errorf("kind %d is called %s", k, k)
		}
	}
}
