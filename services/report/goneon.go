package report

import (
	"fmt"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// A window that goes on after a repair that did not last is one promise, and one
// line: that of the round in which it was last seen.

// roundAt is the round of an instant, of those over which a clock has run.
func roundAt(rs []*round, c *plantroom.Clock, at plantroom.Instant) *round {
	n := len(rs) - 1
	for !c.Resumed.IsZero() && n > 0 && rs[n].begun > at && rs[n].begun > c.Started {
		n--
	}
	return rs[n]
}

// lateBefore reports whether a clock was late already when it went on, and the
// i-th stint of the round is the first that has it: its miss is that contractor's,
// although it lies before the round.
func lateBefore(r *round, i int, c *plantroom.Clock) bool {
	if c.Resumed.IsZero() || c.Of != "" || c.Due > c.Resumed {
		return false
	}
	for _, st := range r.stints[:i] {
		if st.contract == r.stints[i].contract {
			return false
		}
	}
	return true
}

// goneOn takes into the outcome of a window that goes on what it had come to in the
// rounds before, which counts no more, and the rows on which that stood.
func goneOn(before [][]Outcome, r *round, o *Outcome) {
	if o.Resumed.IsZero() || o.Of != "" {
		return
	}
	for n := len(before) - 1; n >= 0; n-- {
		for i := range before[n] {
			old := &before[n][i]
			if old.Clock != o.Clock || old.Contract != o.Contract || old.began != o.began || old.Verdict == Void {
				continue
			}
			o.Paused += old.Paused
			o.Evidence = append(append(append([]Evidence{}, old.Evidence...), r.reopened...), o.Evidence...)
			old.Verdict, old.Late, old.Counting = Void, 0, false
			old.Ground, old.into, old.Reason = WentOn, o.ID, fmt.Sprintf("the repair did not last: the window goes on as %s", o.ID)
			return
		}
	}
}

// fault is what can come back.
type fault struct {
	asset plantroom.AssetID
	rule  plantroom.RuleID
}

func faultOf(c *Case) fault { return fault{c.Asset, c.Rule} }

// repaired is a repair of a replay.
type repaired struct {
	over    plantroom.Instant // zero: it was none
	clock   plantroom.Clock
	outcome Outcome
}

// goneOn lets the restore window of the repair before go on in an episode, where
// the offer says so and it does not end later than the new one.
func (r *replay) goneOn(c *Case, clocks []plantroom.Clock) []plantroom.Clock {
	k, before := &r.offer.Contract, r.repaired[faultOf(c)]
	i := slices.IndexFunc(clocks, func(c plantroom.Clock) bool { return c.Kind == plantroom.Restore })
	if i < 0 || before.clock.Profile != "" || k.Anew || k.Reopen <= 0 || before.over.IsZero() || c.Occurred.Sub(before.over) > time.Duration(k.Reopen) ||
		k.Excludes(c.Rule, c.Cause) != nil || k.Excludes(c.Rule, before.outcome.Cause) != nil {
		return clocks
	}
	old, at := before.clock, c.Raised
	if old.From == plantroom.FromOccurred {
		at = c.Occurred
	}
	if sla.Reopen(&old, at, r.house.calendars[old.Calendar]) && !sla.Sooner(clocks[i], old) {
		clocks[i] = old
	}
	return clocks
}

// instead takes the outcome of the repair before back, where its window has gone on
// in that of an episode. One that was lost by then was lost with the severity and the
// cause of then.
func (r *replay) instead(c *Case, o Outcome) Outcome {
	before := r.repaired[faultOf(c)]
	if o.Resumed.IsZero() {
		return o
	}
	r.count(&before.outcome, -1)
	if o.Due <= o.Resumed {
		o.Severity, o.Cause = before.outcome.Severity, before.outcome.Cause
	}
	return o
}
