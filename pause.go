package plantroom

import "slices"

// PauseTerm is a reason for which a contract lets its windows stand still.
// What the law demands, and an order on which a life depends, never pauses.
type PauseTerm struct {
	Code    string      // a slug, as in no_access
	Title   Text        // in words
	Clocks  []ClockKind // none: attend and restore
	Proof   bool        // it has to be proved: by a photo or a letter, or the number of one
	Second  bool        // somebody of the estate has to agree before it begins
	Longest Duration    // after which the clocks run again by themselves; 0: until somebody says so
	Source  string      // where it is written
}

// Pauses reports whether the term lets a clock stand still.
func (t *PauseTerm) Pauses(kind ClockKind) bool {
	if len(t.Clocks) == 0 {
		return kind == Attend || kind == Restore
	}
	return slices.Contains(t.Clocks, kind)
}

// Pause is one pause of an order's clocks: asked for, perhaps agreed to, and
// ended. Refused pauses have ended without having begun.
type Pause struct {
	Code    string      `json:"code"`
	Clocks  []ClockKind `json:"clocks,omitempty"` // that stood still
	Asked   Instant     `json:"asked"`
	By      string      `json:"by"` // actor
	Reason  string      `json:"reason,omitempty"`
	Proof   string      `json:"proof,omitempty"`
	Files   []Hash      `json:"files,omitempty"` // of proof, among the order's
	Begun   Instant     `json:"begun,omitzero"`  // zero: waits for a second person
	Second  string      `json:"second,omitempty"`
	Ends    Instant     `json:"ends,omitzero"` // by itself
	Ended   Instant     `json:"ended,omitzero"`
	EndedBy string      `json:"ended_by,omitempty"`
}

// Pause returns the order's pause that is asked for or lasts, nil where none.
func (o *WorkOrder) Pause() *Pause {
	if n := len(o.Pauses); n > 0 && o.Pauses[n-1].Ended.IsZero() {
		return &o.Pauses[n-1]
	}
	return nil
}
