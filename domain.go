package plantroom

import "slices"

// DomainName names a watched domain: lifts, leaks, waste, bays.
type DomainName string

// Severity orders incidents by what is at stake.
type Severity uint8

// The severities, least first. Life means that somebody's life or freedom is
// at stake: quiet hours and quotas never apply.
const (
	NoSeverity Severity = iota
	Low
	Medium
	High
	Life
)

var severityNames = []string{"none", "low", "medium", "high", "life"}

// String names the severity.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "unknown"
}

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *Severity) UnmarshalText(b []byte) error {
	i := slices.Index(severityNames, string(b))
	if i < 0 {
		return Errorf(CodeInvalid, "severity %q is not one of low, medium, high, life", b)
	}
	*s = Severity(i)
	return nil
}

// Domain is one kind of thing that is watched. Everything the rest of the
// house needs to know of it is in this value, so that a new domain is one
// folder and one line in a list.
type Domain struct {
	Name        DomainName
	Measurement string // InfluxDB measurement: lift, leak, bin, bay; "": nothing is measured
	Title       Text
	Kinds       []string // the asset kinds it knows
	Params      []Signal // the numbers an asset of it may carry in Params
	Signals     []Signal
	Rules       []Rule
	Targets     []Window        // default windows, where neither contract nor profile has one
	Causes      map[string]Text // all that Verdict.Cause may be, by slug, in words

	// Derive makes further readings of one (fill from distance); nil: none.
	// The results carry the same device and time.
	Derive func(Asset, Reading) []Reading
}

// Rule turns readings of an asset into incidents.
type Rule struct {
	ID      RuleID
	Title   Text
	Doc     string
	Clocks  []ClockKind // the clocks an incident of it starts
	Clean   int         // clean cycles that prove the repair, where no contract asks for more
	Kinds   []string    // the asset kinds it applies to; none: all
	Signals []string    // the signals it looks at
	Steps   []Step      // playbook
	New     func(Asset) Detector
}

// AppliesTo reports whether the rule watches assets of a kind.
func (r *Rule) AppliesTo(kind string) bool {
	return len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind)
}

// Step is one line of a playbook and what proves it done.
type Step struct {
	ID     string
	Title  Text
	Proof  string   // one of ProofNone and its kind
	Role   string   // who is to do it; "": whoever has the order
	Within Duration // from the raising of the order on; 0: at some time
}

// Detector judges one rule on one asset. It is a pure state machine: no I/O,
// no clock. The engine calls it from one goroutine, with readings of the
// rule's signals in source-time order per device and signal, and only with
// qualities Good and EstimatedTime.
type Detector interface {
	Observe(Reading) Verdict
	// Tick judges the passing of time. It is called at or soon after the
	// Wake of the last verdict, and may be called at any other moment.
	Tick(now Instant) Verdict
	// State returns what must survive a restart; Restore takes it back.
	// The format is the detector's own and carries a version.
	State() []byte
	Restore([]byte) error
}

// Keeper is a detector that remembers devices; every domain's does. The engine
// calls Keep after Restore, because the estate may have changed since.
type Keeper interface {
	// Keep forgets the devices that has refuses: what they said counts for
	// nothing any more, and the next reading of another one re-judges. It ends
	// no episode by itself. One that nobody is left to hold open is over with
	// the next report of the matter that does not bear it out, and clean cycles
	// count from there; time proves nothing before that report.
	Keep(has func(DeviceID) bool)
}

// Verdict is a detector's present opinion. It is a level, not an edge: the
// engine compares it with what is known and draws the consequences.
type Verdict struct {
	Active   bool     // the condition holds
	Since    Instant  // Active: its onset, in source time; names the episode
	At       Instant  // the source time of the newest evidence for this verdict
	Cause    string   // a slug of the domain's vocabulary, as in door_close_fault
	Severity Severity // of this episode so far
	Detail   string   // the evidence, in words
	Clean    int      // not Active: clean cycles seen since the condition went
	Released bool     // nobody is trapped any more, although the fault may remain
	Wake     Instant  // when time alone may change the verdict; zero: never
	Dirty    bool     // State has changed in a way that must survive a restart
}
