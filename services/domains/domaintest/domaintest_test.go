package domaintest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"plantroom"
)

// TestMain keeps rapid from leaving files about the flaws that it has to find.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// model is a small sound detector that the tests below break in one way each:
// a suite that cannot fail proves nothing.
type model struct {
	Newest plantroom.Instant
	Active bool
	Since  plantroom.Instant
	Device plantroom.DeviceID // that spoke last, "-" for none

	flaw  string
	dirty bool
	alone bool
}

func (m *model) Observe(r plantroom.Reading) plantroom.Verdict {
	if r.At <= m.Newest && m.flaw != "judges late readings" {
		return m.verdict()
	}
	if m.flaw == "waits for a removed device" && m.Active && m.Device != r.Device {
		return m.verdict()
	}
	m.Newest = r.At
	if m.Device != r.Device {
		m.Device, m.dirty = r.Device, m.flaw != "does not mark its changes"
	}
	if on := r.Value.True(); on != m.Active || m.flaw == "moves its onset" {
		m.Active, m.Since = on, r.At
		m.dirty = m.flaw != "does not mark its changes"
	}
	return m.verdict()
}

func (m *model) Tick(now plantroom.Instant) plantroom.Verdict {
	if m.flaw == "ticks twice" && m.Active {
		m.Since, m.dirty = m.Since-1, true
	}
	return m.verdict()
}

func (m *model) Keep(has func(plantroom.DeviceID) bool) {
	if has(m.Device) || m.Device == "-" || m.flaw == "remembers who is gone" {
		return
	}
	if m.flaw != "waits for a removed device" {
		m.Device = "-"
	} else {
		m.Device = "somebody"
	}
	m.alone = m.flaw == "proves itself"
	m.Active = m.Active && m.flaw != "ends by removal"
	m.dirty = m.flaw != "does not mark who is gone"
}

func (m *model) verdict() plantroom.Verdict {
	v := plantroom.Verdict{Active: m.Active, At: m.Since, Dirty: m.dirty}
	if m.Active {
		v.Since, v.At, v.Cause, v.Severity, v.Detail = m.Since, m.Since, "on", plantroom.Low, "it is on"
	}
	if m.alone {
		v.Clean, v.At = 5, m.Newest
	}
	if m.flaw == "gives no cause" {
		v.Cause = ""
	}
	m.dirty = false
	return v
}

func (m *model) State() []byte {
	if m.flaw == "forgets its onset" {
		return fmt.Appendf(nil, "%d %t %d %q", m.Newest, m.Active, m.Newest, m.Device)
	}
	return fmt.Appendf(nil, "%d %t %d %q", m.Newest, m.Active, m.Since, m.Device)
}

func (m *model) Restore(b []byte) error {
	var dev string
	_, err := fmt.Sscanf(string(b), "%d %t %d %q", &m.Newest, &m.Active, &m.Since, &dev)
	m.Device = plantroom.DeviceID(dev)
	return err
}

func modelDomain(flaw string) plantroom.Domain {
	return plantroom.Domain{
		Name: "models", Measurement: "model", Kinds: []string{"one"}, Causes: causes(flaw),
		Signals: []plantroom.Signal{{Name: "on", Kind: plantroom.BoolKind, Doc: "it is on"}},
		Rules: []plantroom.Rule{{ID: "model.on", Signals: []string{"on"},
			New: func(plantroom.Asset) plantroom.Detector {
				if flaw == "cannot forget" {
					return struct{ plantroom.Detector }{&model{Device: "-"}}
				}
				return &model{flaw: flaw, Device: "-"}
			}}},
	}
}

func causes(flaw string) map[string]plantroom.Text {
	if flaw == "does not say its cause in Chinese" {
		return map[string]plantroom.Text{"on": {En: "on"}}
	}
	return map[string]plantroom.Text{"on": {En: "on", Zh: "开"}}
}

// recorder is a test that notes whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()                   {}
func (r *recorder) Logf(string, ...any)       {}
func (r *recorder) Log(...any)                {}
func (r *recorder) Errorf(string, ...any)     { r.failed = true }
func (r *recorder) Fatalf(f string, a ...any) { r.failed = true; panic(stop{}) }
func (r *recorder) FailNow()                  { r.failed = true; panic(stop{}) }
func (r *recorder) Fail()                     { r.failed = true }
func (r *recorder) Failed() bool              { return r.failed }

type stop struct{}

func holds(t *testing.T, flaw string) bool {
	rec := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != (stop{}) {
				panic(p)
			}
		}()
		d := modelDomain(flaw)
		checkContract(rec, d, &d.Rules[0], "one")
	}()
	return !rec.failed
}

func TestTheSuitePassesASoundDetector(t *testing.T) {
	if !holds(t, "") {
		t.Error("the sound model fails")
	}
}

func TestTheSuiteFindsABrokenDetector(t *testing.T) {
	for _, flaw := range []string{"judges late readings", "moves its onset", "does not mark its changes",
		"ticks twice", "gives no cause", "does not say its cause in Chinese", "forgets its onset", "cannot forget", "remembers who is gone", "does not mark who is gone",
		"ends by removal", "proves itself", "waits for a removed device"} {
		if holds(t, flaw) {
			t.Errorf("a detector that %s passes", flaw)
		}
	}
}

func TestLintFindsABrokenDescription(t *testing.T) {
	d := plantroom.Domain{
		Name: "Bad Name", Measurement: "m", Kinds: []string{"one"},
		Signals: []plantroom.Signal{
			{Name: "x", Kind: plantroom.FloatKind, Doc: "no unit"},
			{Name: "x", Kind: plantroom.StringKind, Doc: "twice, no values"},
		},
		Rules: []plantroom.Rule{{ID: "other.rule", Signals: []string{"y"}, Kinds: []string{"two"}, Clocks: []plantroom.ClockKind{plantroom.Attend},
			Steps: []plantroom.Step{{ID: "a", Proof: "hearsay"}}}},
	}
	all := strings.Join(Lint(d), "\n")
	for _, want := range []string{"name:", "title:", "causes:", "signal x: a number wants", "signal x exists twice", "permitted values",
		"begins with m.", "Clean is 0", "no detector", "no kind two", "no signal y", "step \"a\"", "no default target"} {
		if !strings.Contains(all, want) {
			t.Errorf("not found: %s", want)
		}
	}
}

func TestATraceSaysWhatIsWrongWithIt(t *testing.T) {
	d := modelDomain("")
	head := "rule model.on\nasset one\n"
	for why, text := range map[string]string{
		"no rule":            "asset one\n08:00:00 on true\n",
		"unknown rule":       "rule model.off\n",
		"unknown signal":     head + "08:00:00 off true\n",
		"no time":            head + "8h on true\n",
		"not a bool":         head + "08:00:00 on 1\n",
		"minute 60":          head + "08:60:00 on true\n",
		"no lines":           head,
		"only a wish":        head + "=> active\n",
		"unknown kind":       "rule model.on\nasset two\n08:00:00 on true\n",
		"a param that is no": "rule model.on\nasset one depth\n",
	} {
		if _, err := ParseTrace(d, text); err == nil {
			t.Errorf("%s: accepted", why)
		}
	}
	tr, err := ParseTrace(d, head+"08:00:00 on true => idle severity=high since=08:00:01 detail=off nonsense\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := tr.Play(); len(got) != 5 {
		t.Errorf("five expectations are wrong, found %d: %v", len(got), got)
	}
}

func FuzzParseTrace(f *testing.F) {
	f.Add("rule model.on\nasset one a=1\n08:00:00 dev/on true => active\n08:00:01 tick => idle\n")
	f.Fuzz(func(t *testing.T, text string) {
		if tr, err := ParseTrace(modelDomain(""), text); err == nil {
			tr.Play()
		}
	})
}
