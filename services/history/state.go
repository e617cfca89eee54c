package history

import (
	"cmp"
	"container/heap"
	"slices"

	"plantroom"
)

// State is how an asset is, in one word.
type State string

// The states, the worst first: where several facts speak of an asset at once, the
// worst one counts.
const (
	Fault       State = "fault"       // an episode of severity high or life, or the window to restore is overrun
	Degraded    State = "degraded"    // an episode of severity medium
	Warning     State = "warning"     // an episode of any lesser severity
	Maintenance State = "maintenance" // planned works, or somebody is there for an order
	Unknown     State = "unknown"     // its devices or their gateway are judged silent, or it was never heard of
	OK          State = "ok"
)

// AssetStates lists them, the worst first.
var AssetStates = []State{Fault, Degraded, Warning, Maintenance, Unknown, OK}

// rank of a state; higher is worse.
func (s State) rank() int { return len(AssetStates) - slices.Index(AssetStates, s) }

// episodeState is what an episode of a rule makes of an asset, for as long as it
// lasts and at the severity that it reached. Silence is no fault of the asset:
// nothing is known then.
func episodeState(rule plantroom.RuleID, s plantroom.Severity) State {
	switch {
	case silence(rule):
		return Unknown
	case s >= plantroom.High:
		return Fault
	case s == plantroom.Medium:
		return Degraded
	}
	return Warning
}

// fact is something that makes an asset's state what it is, for a time.
type fact struct {
	span
	state    State
	text     string
	order    uint32 // 0: none
	incident uint32 // row + 1; 0: none
}

// Segment is a time in which an asset's state stayed the same, for one reason.
type Segment struct {
	From     plantroom.Instant    `json:"from"`
	To       plantroom.Instant    `json:"to"`
	State    State                `json:"state"`
	Text     string               `json:"text"` // why, in the estate's language; "" where all is well
	Order    plantroom.OrderID    `json:"order,omitempty"`
	Incident plantroom.IncidentID `json:"incident,omitempty"`

	by *fact // nil: nothing speaks of the asset
}

// What is said where no rule or works have words of their own.
var (
	neverHeard    = plantroom.Text{En: "nothing was heard of it yet", Zh: "尚无任何消息"}
	somebodyThere = plantroom.Text{En: "somebody is there", Zh: "有人在现场处理"}
	overrunWords  = plantroom.Text{En: "window to restore overrun", Zh: "修复时限已过"}
)

// segments lays facts over [from, to) so that they cover it wholly, without gaps:
// at each moment the worst one counts, of equal ones the one that began first.
// Before known, where nothing speaks of the asset, its state is unknown; from it on
// it is ok. A zero known: it never is. The facts are put into another order.
func segments(facts []fact, known, from, to plantroom.Instant) []Segment {
	slices.SortFunc(facts, func(x, y fact) int { return cmp.Compare(x.From, y.From) })
	var out []Segment
	var present worst
	for at, next := from, 0; at < to; {
		for ; next < len(facts) && facts[next].From <= at; next++ {
			heap.Push(&present, &facts[next])
		}
		for len(present) > 0 && !present[0].To.IsZero() && present[0].To <= at {
			heap.Pop(&present)
		}
		s := Segment{From: at, To: to, State: OK}
		switch {
		case len(present) > 0:
			s.by = present[0]
			s.State, s.Text = s.by.state, s.by.text
			if !s.by.To.IsZero() {
				s.To = min(s.To, s.by.To)
			}
		case known.IsZero() || at < known:
			s.State = Unknown
			if !known.IsZero() {
				s.To = min(s.To, known)
			}
		}
		if next < len(facts) {
			s.To = min(s.To, facts[next].From)
		}
		if n := len(out) - 1; n >= 0 && out[n].by == s.by && out[n].State == s.State {
			out[n].To = s.To
		} else {
			out = append(out, s)
		}
		at = s.To
	}
	return out
}

// worst is a heap of facts, the one that counts on top.
type worst []*fact

func (w worst) Len() int { return len(w) }
func (w worst) Less(i, j int) bool {
	x, y := w[i], w[j]
	return cmp.Or(cmp.Compare(y.state.rank(), x.state.rank()), cmp.Compare(x.From, y.From), cmp.Compare(x.order, y.order), cmp.Compare(x.text, y.text)) < 0
}
func (w worst) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *worst) Push(x any)   { *w = append(*w, x.(*fact)) }
func (w *worst) Pop() any {
	old := *w
	x := old[len(old)-1]
	*w = old[:len(old)-1]
	return x
}
