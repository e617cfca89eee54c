package plantroom

// Profile is what a jurisdiction demands, whatever a contract says.
type Profile struct {
	ID      string
	Title   Text
	Demands []Demand
	Duties  []Duty
}

// Demand is a window with the matters that the law speaks of. It binds no
// other: a rule on lifts says nothing of a bin that burns.
type Demand struct {
	Window
	Binds
}

// Matter is what an order is about, as a law sees it.
type Matter struct {
	Domain DomainName
	Rule   RuleID
	Kind   string // of the asset, "" where it is not known
	Cause  string // "" where it is not known
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
