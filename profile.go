package plantroom

import "slices"

// Profile is what a jurisdiction demands, whatever a contract says.
type Profile struct {
	ID      string
	Title   Text
	Demands []Demand
	Duties  []Duty
}

// Demand is a window with the matters that the law speaks of. It binds no
// other: a rule on lifts says nothing of a bin that burns. An empty list does
// not restrict.
type Demand struct {
	Window
	Domains []DomainName
	Rules   []RuleID
	Kinds   []string // of assets
	Causes  []string // slugs of the domain's vocabulary
}

// Matter is what an order is about, as a law sees it.
type Matter struct {
	Domain DomainName
	Rule   RuleID
	Kind   string // of the asset, "" where it is not known
	Cause  string // "" where it is not known
}

// SpeaksOf reports whether a demand is made of a matter.
func (d *Demand) SpeaksOf(m Matter) bool {
	return (len(d.Domains) == 0 || slices.Contains(d.Domains, m.Domain)) &&
		(len(d.Rules) == 0 || slices.Contains(d.Rules, m.Rule)) &&
		(len(d.Kinds) == 0 || slices.Contains(d.Kinds, m.Kind)) &&
		(len(d.Causes) == 0 || slices.Contains(d.Causes, m.Cause))
}

// DemandsOf returns the windows that a profile demands of a matter.
func (p *Profile) DemandsOf(m Matter) []Window {
	var ws []Window
	for i := range p.Demands {
		if p.Demands[i].SpeaksOf(m) {
			ws = append(ws, p.Demands[i].Window)
		}
	}
	return ws
}

// Duty is what a jurisdiction wants and no clock of an order times: a report, a
// test, records to be kept.
type Duty struct {
	Text   Text
	Source string
	Sure   Certainty
}

// Certainty says how well the source of a rule is known.
type Certainty string

// The certainties.
const (
	SureVerified   Certainty = "verified"   // its text was read
	SureSecondary  Certainty = "secondary"  // somebody else's account of it was, a quotation or a draft
	SureUnverified Certainty = "unverified" // neither was
)
