package dispatch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

var verb = regexp.MustCompile(`%(?:\[\d+\])?[a-z%]`)

// verbs lists what a sentence puts in, without the order, in which languages differ.
func verbs(s string) (out []string) {
	for _, v := range verb.FindAllString(s, -1) {
		if v != "%%" {
			out = append(out, v[len(v)-1:])
		}
	}
	slices.Sort(out)
	return out
}

func TestEverySentenceIsThereInEveryLanguageAndSaysTheSame(t *testing.T) {
	for key, s := range sentences {
		if s.En == "" || s.Zh == "" || !slices.Equal(verbs(s.En), verbs(s.Zh)) {
			t.Errorf("%s: en %q, zh %q", key, s.En, s.Zh)
		}
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{"day": true, "corrected.void": true, "corrected": true}
	for _, n := range names {
		src, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`\bsay\("([a-z_.]+[a-z_])"`).FindAllStringSubmatch(string(src), -1) {
			asked[m[1]] = true
		}
		// A call whose words are not from the sentences would be in one language.
		if m := regexp.MustCompile(`tell(?:Managers|Contractor|Firm)\("[a-z_.]+", (?:fmt\.|")`).FindString(string(src)); m != "" {
			t.Errorf("%s: %s… is no sentence", n, m)
		}
	}
	if len(asked) < 30 {
		t.Fatalf("only %d sentences found: does this test still read the sources right?", len(asked))
	}
	for key := range asked {
		if _, ok := sentences[key]; !ok {
			t.Errorf("a call says %q, which there is not", key)
		}
	}
	for key := range sentences {
		if !asked[key] && !strings.HasPrefix(key, "clock.") && !strings.HasPrefix(key, "severity.") {
			t.Errorf("no call says %q", key)
		}
	}
	for _, k := range []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore} {
		if say("clock."+string(k)).Zh == "" {
			t.Errorf("the clock %s has no name", k)
		}
	}
	for s := plantroom.NoSeverity; s <= plantroom.Life; s++ {
		if say("severity."+s.String()).Zh == "" {
			t.Errorf("the severity %s has no name", s)
		}
	}
}

func TestASentenceIsSaidWholeInOneLanguage(t *testing.T) {
	got := say("breached", say("title", "wo-000001", plantroom.Text{En: "Lift 1", Zh: "1号梯"}, plantroom.Text{En: "door close fault", Zh: "关门故障"}, plantroom.Medium),
		plantroom.Attend, plantroom.Text{En: "Mon 2 Mar 10:15", Zh: "3月2日 10:15"}, lateWords(90*time.Minute))
	if got.En != "wo-000001 Lift 1: door close fault (medium): attend was due Mon 2 Mar 10:15 (late by 1h30m)" || got.Zh != "wo-000001 1号梯：关门故障（中）：到场已于 3月2日 10:15 到期（晚了1小时30分钟）" {
		t.Errorf("%q, %q", got.En, got.Zh)
	}
}

// Each is called in their own language, with the same call, links and addresses.
func TestEverybodyIsCalledInTheirOwnLanguage(t *testing.T) {
	e := termsEstate()
	e.Assets = []plantroom.Asset{{ID: "l1", Domain: "lifts", Name: plantroom.Text{En: "Lift 1", Zh: "1号梯"}}}
	to := []plantroom.Address{{Channel: "mqtt", To: "x"}}
	e.People = []plantroom.Person{{ID: "mei", Role: "manager", Lang: "zh", Channels: to}, {ID: "ann", Role: "manager", Lang: "en", Channels: to}, {ID: "old", Role: "manager", Channels: to}}
	e.Contractors[0].Lang = "zh"
	e.Contracts[0].Domains = []plantroom.DomainName{"lifts"}
	d, err := New(Options{Estate: e, PublicURL: "https://p.example", Domains: []plantroom.Domain{{Name: "lifts", Causes: map[string]plantroom.Text{"door_close_fault": {En: "door does not close", Zh: "关门故障"}},
		Rules: []plantroom.Rule{{ID: "lift.fault", Clocks: []plantroom.ClockKind{plantroom.Attend}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	dec := d.book.raise(1_770_000_000_000_000_000, "wo-000001", plantroom.Incident{ID: "inc-a", Rule: "lift.fault", Domain: "lifts", Asset: "l1", Cause: "door_close_fault", Severity: plantroom.Medium, Episode: 1_770_000_000_000_000_000}, scene{})
	dec.tellManagers("order.uncovered", say("uncovered", dec.title()))
	said, page := map[string]string{}, map[string]string{}
	for _, c := range dec.calls {
		var ev Event
		if err := json.Unmarshal(c.Body, &ev); err != nil {
			t.Fatal(err)
		}
		if ev.Data.Text != c.Subject || ev.Data.Order.Cause != "door_close_fault" {
			t.Errorf("%s: subject %q, text %q, cause %q", c.Who, c.Subject, ev.Data.Text, ev.Data.Order.Cause)
		}
		said[c.Who+" "+c.Kind], page[c.Who] = c.Subject, ev.Data.OrderPage
	}
	for who, want := range map[string]string{
		"contractor:quicklift order.dispatched": "wo-000001 1号梯：关门故障（中），到场截止 ",
		"person:mei order.uncovered":            "wo-000001 1号梯：关门故障（中）：无合同覆盖，请另找人员",
		"person:ann order.uncovered":            "wo-000001 Lift 1: door close fault (medium): no contract covers it; find somebody",
		"person:old order.uncovered":            "wo-000001 Lift 1: door close fault (medium): no contract covers it; find somebody",
	} {
		if !strings.HasPrefix(said[who], want) {
			t.Errorf("%s reads %q, want %q", who, said[who], want)
		}
	}
	if page["person:mei"] != page["person:ann"] || page["person:mei"] == "" {
		t.Errorf("the links differ: %v", page)
	}
}
