package plantroom

// CaseID names a residents' case: "case-" and a running number.
type CaseID string

// CaseState is where a case stands.
type CaseState string

// The states of a case.
const (
	CaseOpen   CaseState = "open"
	CaseClosed CaseState = "closed" // with an outcome; it can be opened again
)

// CaseKind is what a case is about.
type CaseKind string

// The kinds of cases.
const (
	Complaint CaseKind = "complaint"
	Mediation CaseKind = "mediation" // between neighbours
	Arrears   CaseKind = "arrears"   // of a class; see CasePlaybook
	Rumour    CaseKind = "rumour"    // or an enquiry of the press
)

// CaseKinds lists them.
func CaseKinds() []CaseKind { return []CaseKind{Complaint, Mediation, Arrears, Rumour} }

// CasePlaybook is how a case is worked through, step by step.
type CasePlaybook struct {
	ID       string        `json:"id"`
	Kind     CaseKind      `json:"kind"`
	Class    string        `json:"class,omitempty"` // of arrears: why somebody does not pay, which decides what is done
	Title    Text          `json:"title"`
	Private  bool          `json:"private"` // it is about a household: no list shows whose
	Within   Duration      `json:"within"`  // the whole of it, from the opening on
	Always   bool          `json:"always"`  // Within counts around the clock, and not in the office's hours
	Keep     Duration      `json:"keep"`    // how long it is kept after it was closed
	Source   string        `json:"source"`  // where its times come from
	Sure     Certainty     `json:"sure"`
	Never    []Text        `json:"never,omitempty"` // what must not be done, whatever happens
	Steps    []CaseStep    `json:"steps"`
	Outcomes []CaseOutcome `json:"outcomes"`
}

// CaseStep is a step of a case. Its Within counts from the opening, or from
// the step After on, and begins when Wait is over.
type CaseStep struct {
	Step
	Always bool     // Within counts around the clock, and not in the office's hours
	After  string   // the step that has to be done first; "": none
	Wait   Duration // around the clock: the step cannot be done sooner
}

// CaseOutcome is a way in which a case can end.
type CaseOutcome struct {
	ID    string   `json:"id"`
	Title Text     `json:"title"`
	Needs []string `json:"needs,omitempty"` // steps that have to be done for it
}

// CaseDue is by when something has to be done, and who was told that it was
// not. Each is told once.
type CaseDue struct {
	At       Instant `json:"at,omitzero"`       // zero: at some time
	Managers Instant `json:"managers,omitzero"` // when the managers are told too
	Told     Instant `json:"told,omitzero"`     // when whoever is responsible was told
	Raised   Instant `json:"raised,omitzero"`   // when the managers were
}

// CaseTask is a step of a playbook on a case.
type CaseTask struct {
	ID     string   `json:"id"`
	Title  Text     `json:"title"`
	Role   string   `json:"role,omitempty"` // who is to do it; "": anybody of the staff
	Proof  string   `json:"proof"`
	Always bool     `json:"always,omitempty"`
	After  string   `json:"after,omitempty"`
	Wait   Duration `json:"wait,omitzero"`
	Within Duration `json:"within,omitzero"`
	From   Instant  `json:"from,omitzero"` // since when it can be done; zero: After is not done yet
	Due    CaseDue  `json:"due,omitzero"`
	Done   Instant  `json:"done,omitzero"`
	By     PersonID `json:"by,omitempty"`   // of the staff, who has done it
	With   string   `json:"with,omitempty"` // who was spoken to or has signed
	Note   string   `json:"note,omitempty"`
	Ref    string   `json:"ref,omitempty"` // of a photo, a letter, a file
}

// Lacks names what a task's proof still wants, "" where it is complete.
func (t *CaseTask) Lacks() string {
	like := Task{Proof: t.Proof, By: t.With, Note: t.Note, Ref: t.Ref}
	return like.Lacks()
}

// CaseNote is something that was said or written about a case. It is not
// changed: a mistake is told in another one.
type CaseNote struct {
	At   Instant  `json:"at"`
	Kind string   `json:"kind"` // said, note, or the step about the case that it is the reason of
	By   PersonID `json:"by"`
	To   string   `json:"to,omitempty"`  // said: to whom
	How  string   `json:"how,omitempty"` // said: in person, by letter, by telephone …
	Text string   `json:"text"`
}

// CaseRound is a part of a case that is over, because it was closed and opened
// again, or because another playbook has taken its place.
type CaseRound struct {
	Playbook string     `json:"playbook"`
	Begun    Instant    `json:"begun"`
	Ended    Instant    `json:"ended"`
	Outcome  string     `json:"outcome,omitempty"` // "": another playbook has taken its place
	Deadline CaseDue    `json:"deadline"`
	Tasks    []CaseTask `json:"tasks"`
}

// Case is a residents' case: opened by hand, worked through by a playbook, and
// closed with an outcome. What it tells of a household (Zones, Contact, Text,
// Notes, and With, Note and Ref of tasks) is forgotten at Forget.
type Case struct {
	ID          CaseID        `json:"id"`
	Version     int64         `json:"version"`
	State       CaseState     `json:"state"`
	Kind        CaseKind      `json:"kind"`
	Class       string        `json:"class,omitempty"`
	Playbook    string        `json:"playbook"`
	Title       Text          `json:"title"` // the playbook's
	Private     bool          `json:"private"`
	Always      bool          `json:"always,omitempty"` // Deadline counts around the clock
	Key         string        `json:"key,omitempty"`    // given by whoever opened it, so that one opening is one case
	Zones       []ZoneID      `json:"zones,omitempty"`  // flats or other places that it is about; none: nobody in particular
	Asset       AssetID       `json:"asset,omitempty"`
	Order       OrderID       `json:"order,omitempty"` // it has to do with
	Contact     string        `json:"contact,omitempty"`
	Text        string        `json:"text,omitempty"` // what it is about
	Opened      Instant       `json:"opened"`
	Actor       string        `json:"actor"` // who has opened it
	By          PersonID      `json:"by"`    // of the staff, who took it in
	Responsible PersonID      `json:"responsible,omitempty"`
	Begun       Instant       `json:"begun"` // of the present round
	Deadline    CaseDue       `json:"deadline"`
	Never       []Text        `json:"never,omitempty"`
	Tasks       []CaseTask    `json:"tasks"`
	Outcomes    []CaseOutcome `json:"outcomes"`
	Notes       []CaseNote    `json:"notes,omitempty"`
	Earlier     []CaseRound   `json:"earlier,omitempty"`
	Outcome     string        `json:"outcome,omitempty"`
	Closed      Instant       `json:"closed,omitzero"`
	ClosedBy    PersonID      `json:"closed_by,omitempty"`
	Keep        Duration      `json:"keep"`
	Forget      Instant       `json:"forget,omitzero"`    // when what it tells of people is forgotten; zero: it is open
	Forgotten   Instant       `json:"forgotten,omitzero"` // it was
	Salt        Salt          `json:"salt,omitzero"`      // the key of its commitments in the ledger; gone once it is forgotten
	Due         Instant       `json:"due,omitzero"`       // when time alone will next change it; zero: never
}

// Task returns the case's task of the present round, nil where it has none of
// that name.
func (c *Case) Task(id string) *CaseTask {
	for i := range c.Tasks {
		if c.Tasks[i].ID == id {
			return &c.Tasks[i]
		}
	}
	return nil
}
