package report

import "strconv"

// Ground is why a line costs what it costs, or why it does not count: what Why
// and Reason say in English, for whoever says it in another language.
type Ground string

// The grounds of a line.
const (
	Owed      Ground = "owed"       // under a term of the contract; Source is where it is written
	NotOwn    Ground = "not_own"    // the window is the law's or a default of the house, not the contract's
	NoTerm    Ground = "no_term"    // the contract has no penalty for this window at this severity
	Excluded  Ground = "excluded"   // an exclusion frees it; Source is where it is written
	OneWindow Ground = "one_window" // one window with another line, Source, that costs more
	Upheld    Ground = "upheld"     // the contractor's objection was accepted; Source is the office's answer
	GivenLate Ground = "given_late" // the window had ended before the order was given away
	GoneAlone Ground = "gone"       // the fault went by itself before the window ended
	WentOn    Ground = "went_on"    // the repair did not last, and the window goes on as another line, Source
	CalledOff Ground = "cancelled"  // the order was cancelled before the window ended
)

// DoubtKind is why a statement may still change.
type DoubtKind string

// The doubts.
const (
	MonthLasts   DoubtKind = "month_lasts" // the month is not over
	StillOpen    DoubtKind = "open"        // windows that still run
	StillLate    DoubtKind = "late"        // windows that are late and not yet kept
	StillAtWork  DoubtKind = "at_work"     // visits that have not ended
	StillClaimed DoubtKind = "claimed"     // windows that are kept by a word which no sensor has confirmed
)

// Doubt is one reason why a statement may still change, and how often it holds.
type Doubt struct {
	Kind  DoubtKind
	Count int
}

var doubtWords = map[DoubtKind]string{MonthLasts: notOver, StillOpen: "windows that still run", StillLate: "windows that are late and not yet kept",
	StillAtWork: "visits that have not ended", StillClaimed: "windows kept by a word that no sensor has confirmed"}

// doubt notes a reason, in both forms.
func (s *Statement) doubt(kind DoubtKind, n int) {
	text := doubtWords[kind]
	if kind != MonthLasts {
		text += ": " + strconv.Itoa(n)
	}
	s.Doubts, s.Provisional = append(s.Doubts, Doubt{kind, n}), append(s.Provisional, text)
}
