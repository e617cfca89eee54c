package plantroom

// Penalty is what a contractor owes for a window of its contract that it has
// missed. Amounts are in minor units of the estate's currency.
type Penalty struct {
	Clock     ClockKind
	Severity  Severity // it is owed for this severity and those above it
	Amount    int64    // for each window that was missed
	Per       Duration // a period of lateness; 0: lateness costs nothing more
	PerAmount int64    // for each Per that has begun
	Most      int64    // for one window, however late; 0: no bound
	Source    string   // where it is written
}

// PenaltyCap bounds what the penalties of one month come to. Of two bounds the
// lower one counts; the zero PenaltyCap does not bound.
type PenaltyCap struct {
	Amount     int64 // in minor units; 0: no such bound
	Hundredths int64 // of a percent of a twelfth of the yearly price, at most 10,000; 0: no such bound
	Source     string
}

// Exclusion frees a contractor from penalties for what it cannot help. It speaks
// of the orders that have one of its causes and one of its rules; an empty list
// does not restrict.
type Exclusion struct {
	Causes []string // slugs of the domain's vocabulary, as in power_loss
	Rules  []RuleID
	Source string
}
