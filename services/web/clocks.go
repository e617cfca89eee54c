package web

import (
	"math"
	"time"

	"plantroom"
)

// The levels of a window, each with a colour and a text. Unknown is grey and
// never green: a clock that does not run has not been kept.
const (
	levelUnknown = "unknown"
	levelGreen   = "green"  // less than half is used up
	levelYellow  = "yellow" // from 50 %
	levelOrange  = "orange" // from 80 %
	levelRed     = "red"    // late
	levelDone    = "done"   // kept in time
)

// clockView is one clock as a bar with text.
type clockView struct {
	Label string
	Level string
	Used  int // percent of the bar that is filled, 0 to 100
	Text  string
	Due   string
	Basis string // which promise, and where it is written
	Runs  string // from what until what
	Sure  string // how well a law's text is known; "" for a contract
	Over  bool   // it no longer counts: text is enough
}

func (s words) clock(c plantroom.Clock) clockView {
	v := clockView{Label: s.t("clock." + string(c.Kind)), Level: level(&c, s.now), Due: s.moment(c.Due), Basis: s.basis(c.Basis), Over: !c.Open(),
		Used: int(math.Round(100 * min(1, max(0, c.Used(s.now)))))}
	v.Runs = s.t("clock.runs", s.t("from."+string(c.From)), s.t("until."+string(c.Keeps())))
	if c.Sure != "" {
		v.Sure = s.t("sure." + string(c.Sure))
	}
	left := c.Left(s.now)
	switch {
	case c.State == plantroom.ClockWaiting:
		v.Text = s.t("clock.text.waiting", s.span(time.Duration(c.Window)))
	case c.State == plantroom.ClockPaused:
		v.Text = s.t("clock.text.paused")
	case c.State == plantroom.ClockVoid:
		v.Text, v.Used = s.t("clock.text.void"), 0
	case v.Level == levelDone:
		v.Text = s.t("clock.text.met", s.span(c.Took()))
	case !c.Stopped.IsZero():
		v.Text = s.t("clock.text.kept_late", s.span(left))
	case v.Level == levelRed:
		v.Text = s.t("clock.text.late", s.span(left))
	case v.Level == levelUnknown:
		v.Text, v.Used = s.t("clock.text.unknown"), 0
	default:
		v.Text = s.t("clock.text.left", s.span(left), s.span(time.Duration(c.Window)))
	}
	return v
}

// level is the colour of a clock at an instant.
func level(c *plantroom.Clock, now plantroom.Instant) string {
	switch {
	case c.State == plantroom.ClockMet:
		return levelDone
	case c.State == plantroom.ClockBreached:
		return levelRed
	case c.State != plantroom.ClockRunning || c.Started.IsZero() || c.Due <= c.Started:
		return levelUnknown
	}
	switch used := c.Used(now); {
	case used >= 1:
		return levelRed
	case used >= 0.8:
		return levelOrange
	case used >= 0.5:
		return levelYellow
	}
	return levelGreen
}

// pressing returns the clock that runs out first of those that still count,
// nil where none runs.
func pressing(o *plantroom.WorkOrder) *plantroom.Clock {
	var first *plantroom.Clock
	for i := range o.Clocks {
		c := &o.Clocks[i]
		if c.Open() && !c.Due.IsZero() && (first == nil || c.Due < first.Due) {
			first = c
		}
	}
	return first
}

// urgency orders two open orders: danger to life first, then the window that
// runs out (or ran out) first; what has no running clock comes last.
func urgency(a, b *plantroom.WorkOrder) int {
	if la, lb := a.Severity == plantroom.Life, b.Severity == plantroom.Life; la != lb {
		return before(la)
	}
	ca, cb := pressing(a), pressing(b)
	switch {
	case ca == nil && cb == nil:
		return before(a.Raised < b.Raised)
	case ca == nil || cb == nil:
		return before(ca != nil)
	case ca.Due != cb.Due:
		return before(ca.Due < cb.Due)
	}
	return before(a.ID < b.ID)
}

func before(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

func (s words) clocks(list []plantroom.Clock) []clockView {
	out := make([]clockView, len(list))
	for i, c := range list {
		out[i] = s.clock(c)
	}
	return out
}
