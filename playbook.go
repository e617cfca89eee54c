package plantroom

import "slices"

// Binds says of which matters something speaks. An empty list does not restrict.
type Binds struct {
	Domains []DomainName
	Rules   []RuleID
	Kinds   []string // of assets
	Causes  []string // slugs of the domain's vocabulary
}

// SpeaksOf reports whether it speaks of a matter.
func (b *Binds) SpeaksOf(m Matter) bool {
	return (len(b.Domains) == 0 || slices.Contains(b.Domains, m.Domain)) &&
		(len(b.Rules) == 0 || slices.Contains(b.Rules, m.Rule)) &&
		(len(b.Kinds) == 0 || slices.Contains(b.Kinds, m.Kind)) &&
		(len(b.Causes) == 0 || slices.Contains(b.Causes, m.Cause))
}

// Playbook is what has to be done about incidents, step by step. It goes before
// the steps of the rule.
type Playbook struct {
	ID    string
	Title Text
	Binds
	Steps []Step
}

// What proves a step done.
const (
	ProofNone      = "none"
	ProofNote      = "note"      // some words
	ProofPhoto     = "photo"     // a photo, or a reference to one that lies elsewhere
	ProofReading   = "reading"   // the sensor shows it; nothing is asked of whoever does it
	ProofPerson    = "person"    // the name of who was there or was spoken to
	ProofSignature = "signature" // a name, and what was signed or a reference to it
)

// Task is a step of a playbook on a work order.
type Task struct {
	ID    string  `json:"id"`
	Title Text    `json:"title"`
	Role  string  `json:"role,omitempty"` // who is to do it; "": whoever has the order
	Proof string  `json:"proof"`
	Due   Instant `json:"due,omitzero"`  // by when; zero: at some time. No clock runs for it
	Late  Instant `json:"late,omitzero"` // when it was found not to be done by then, and the managers were told
	Done  Instant `json:"done,omitzero"`
	By    string  `json:"by,omitempty"`
	Note  string  `json:"note,omitempty"`
	Ref   string  `json:"ref,omitempty"`   // of a photo or of what was signed, as whoever did it names it
	Files []Hash  `json:"files,omitempty"` // of proof, among the order's
}

// Lacks names what a task's proof still wants, "" where it is complete.
func (t *Task) Lacks() string {
	switch {
	case (t.Proof == ProofPerson || t.Proof == ProofSignature) && t.By == "":
		return "a name"
	case t.Proof == ProofNote && t.Note == "":
		return "a note"
	case t.Proof == ProofPhoto && t.Ref == "" && len(t.Files) == 0:
		return "a photo, or a reference to one"
	case t.Proof == ProofSignature && t.Ref == "" && len(t.Files) == 0:
		return "what was signed, or a reference to it"
	}
	return ""
}
