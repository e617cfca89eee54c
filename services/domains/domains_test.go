package domains_test

import (
	"os"
	"slices"
	"testing"

	"plantroom"
	"plantroom/services/domains"
)

// Every folder here is a watched domain and has to be on the list, but for the
// suite and what detectors share.
func TestAllListsEveryFolder(t *testing.T) {
	var listed []string
	for _, d := range domains.All() {
		listed = append(listed, string(d.Name))
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "domaintest" || e.Name() == "internal" {
			continue
		}
		if !slices.Contains(listed, e.Name()) {
			t.Errorf("folder %s is not on the list in domains.go", e.Name())
		}
		listed = slices.DeleteFunc(listed, func(n string) bool { return n == e.Name() })
	}
	for _, n := range listed {
		t.Errorf("domain %s is on the list and has no folder of its name", n)
	}
}

// An InfluxDB measurement and a rule's id belong to one domain.
func TestDomainsDoNotCollide(t *testing.T) {
	measurements := map[string]plantroom.DomainName{plantroom.DeviceMeasurement: "devices"}
	rules := map[plantroom.RuleID]plantroom.DomainName{}
	for _, d := range domains.All() {
		if other, taken := measurements[d.Measurement]; taken {
			t.Errorf("%s and %s share the measurement %s", d.Name, other, d.Measurement)
		}
		measurements[d.Measurement] = d.Name
		for _, r := range d.Rules {
			if other, taken := rules[r.ID]; taken {
				t.Errorf("%s and %s share the rule %s", d.Name, other, r.ID)
			}
			rules[r.ID] = d.Name
		}
		for _, s := range d.Signals {
			for _, common := range plantroom.DeviceSignals() {
				if s.Name == common.Name {
					t.Errorf("%s: the signal %s is one that every device has", d.Name, s.Name)
				}
			}
		}
	}
}
