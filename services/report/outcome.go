package report

import (
	"fmt"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// Verdict says what became of a window.
type Verdict string

// The verdicts.
const (
	Kept   Verdict = "kept"
	Missed Verdict = "missed"
	Open   Verdict = "open" // it still runs, or pauses
	Void   Verdict = "void" // it does not count; Reason says why
)

// Evidence is a row of the ledger that a line stands on.
type Evidence struct {
	Seq  int64             `json:"seq"`
	Hash plantroom.Hash    `json:"hash"`
	Kind string            `json:"kind"`
	At   plantroom.Instant `json:"at"`
}

// Outcome is what became of one window of one contractor.
type Outcome struct {
	ID         string                 `json:"id"` // order, dispatch and clock, as in wo-000012.1.restore
	Order      plantroom.OrderID      `json:"order"`
	Of         plantroom.OrderID      `json:"of,omitempty"` // whose window it is too: the whole's, or that of an order that was merged
	Incident   plantroom.IncidentID   `json:"incident"`
	Asset      plantroom.AssetID      `json:"asset"`
	Rule       plantroom.RuleID       `json:"rule"`
	Cause      string                 `json:"cause"`
	Severity   plantroom.Severity     `json:"severity"` // when the window ended
	Contract   plantroom.ContractID   `json:"contract"` // of whom had the order when it ended
	Contractor plantroom.ContractorID `json:"contractor"`
	Clock      plantroom.ClockKind    `json:"clock"`
	Window     plantroom.Duration     `json:"window"`
	Calendar   plantroom.CalendarID   `json:"calendar,omitempty"`
	Until      plantroom.ClockStop    `json:"until,omitempty"` // what keeps it
	Basis      string                 `json:"basis"`
	Promised   bool                   `json:"promised"` // by the contract itself, not by the law or a default of the house
	Due        plantroom.Instant      `json:"due,omitzero"`
	Stopped    plantroom.Instant      `json:"stopped,omitzero"` // when it was kept, in time or late
	Verdict    Verdict                `json:"verdict"`
	Late       plantroom.Duration     `json:"late,omitzero"`     // Missed: by how much, on the window's calendar
	Counting   bool                   `json:"counting,omitzero"` // Missed, and Late still grows
	Paused     plantroom.Duration     `json:"paused,omitzero"`   // how long the clock has stood still
	Resumed    plantroom.Instant      `json:"resumed,omitzero"`  // since when it goes on after a repair that did not last
	Spent      plantroom.Duration     `json:"spent,omitzero"`    // what was used up by then, more than Window where it was late
	Reason     string                 `json:"reason,omitempty"`
	Ground     Ground                 `json:"-"`
	Evidence   []Evidence             `json:"evidence,omitempty"`

	began   plantroom.Instant // when the clock was first started
	into    string            // WentOn: the line in which it goes on
	claimed bool              // it is kept by a word that no sensor has borne out or contradicted yet
}

// when is the instant by which an outcome belongs to a month.
func (o *Outcome) when() plantroom.Instant {
	if o.Due.IsZero() {
		return o.Stopped
	}
	return o.Due
}

// Calendars are an estate's, by their ids.
type Calendars map[plantroom.CalendarID]*sla.Calendar

// Outcomes returns what became of every window of an order as seen at an instant.
// A window belongs to whoever had the order when it ended, or when it was kept;
// one that had not ended when the order went on to somebody else is nobody's
// any more. A window whose start is still awaited does not appear. One that goes
// on after a repair that did not last is one window: what it had come to before
// does not count.
func Outcomes(r *Record, cals Calendars, at plantroom.Instant) ([]Outcome, error) {
	rs, err := rounds(r)
	if err != nil {
		return nil, err
	}
	return slices.Concat(outcomes(r, rs, cals, at)...), nil
}

// outcomes are those of each round. Of one that began after the instant nothing was known.
func outcomes(r *Record, rs []*round, cals Calendars, at plantroom.Instant) [][]Outcome {
	out := make([][]Outcome, len(rs))
	for n, round := range rs {
		if round.begun > at {
			break
		}
		for i, st := range round.stints {
			for j := range st.clocks {
				o, ok := judged(rs[:n+1], i, &st.clocks[j], cals, at)
				if !ok {
					continue
				}
				o.ID = fmt.Sprintf("%s.%d.%s", r.Order.ID, st.link, o.Clock)
				o.Order, o.Asset, o.Rule, o.Incident = r.Order.ID, r.Order.Asset, r.Order.Rule, round.incident
				o.Cause = r.incident(roundAt(rs[:n+1], &st.clocks[j], o.when()).incident).Cause
				o.Contract, o.Contractor = st.contract, st.contractor
				o.Paused = paused(round, &st.clocks[j], at)
				o.claimed = o.Verdict == Kept && o.Until == plantroom.UntilFixed && !st.fixed.IsZero() && st.proved.IsZero() && st.to.IsZero()
				o.Evidence = evidence(st, &o)
				goneOn(out[:n], round, &o)
				out[n] = append(out[n], o)
			}
		}
	}
	return out
}

// judged says what became of one clock of the i-th stint of the last of some rounds;
// false where it is not this contractor's.
func judged(rs []*round, i int, c *plantroom.Clock, cals Calendars, at plantroom.Instant) (Outcome, bool) {
	r := rs[len(rs)-1]
	st := r.stints[i]
	if c.Due.IsZero() && (c.Stopped.IsZero() || c.State != plantroom.ClockMet) {
		return Outcome{}, false // it has never begun
	}
	if stopped := c.Stopped; !stopped.IsZero() && stopped < st.from && (c.Due.IsZero() || stopped <= c.Due) {
		return Outcome{}, false // kept by the one before
	}
	if st.why == declined && !c.Stopped.IsZero() && (c.Kind == plantroom.Acknowledge || c.Kind == plantroom.Attend) && c.Stopped <= c.Due {
		return Outcome{}, false // taken back by the declining
	}
	o := Judge(c, st.contract, cals, at, st.to)
	o.Severity, o.Of = roundAt(rs, c, o.when()).at(o.when()), c.Of
	own := lateBefore(r, i, c) ||
		c.Of != "" && c.Of != r.partOf && o.Promised // it came with an order that was merged, under the same contract
	if !own && !c.Due.IsZero() && c.Due < st.from && (o.Verdict == Missed || o.Verdict == Open) {
		if hadBefore(r, i, c.Due) {
			return Outcome{}, false // missed by the one before
		}
		o.Verdict, o.Late, o.Counting = Void, 0, false
		o.Reason, o.Ground = "the window had ended before the order was given away", GivenLate
	}
	if !st.to.IsZero() && o.Verdict != Kept && o.Verdict != Void && c.Due > st.to {
		return Outcome{}, false // it went on to the next one
	}
	if o.Verdict == Void && o.Reason == "" {
		o.Reason, o.Ground = "it had gone by itself before the window ended", GoneAlone
		if st.why == cancelled {
			o.Reason, o.Ground = cancelled+" before the window ended", CalledOff
		}
	}
	return o, true
}

// hadBefore reports whether an earlier stint of the round had the order at an instant.
func hadBefore(r *round, i int, at plantroom.Instant) bool {
	for _, st := range r.stints[:i] {
		if st.from <= at && (st.to.IsZero() || at <= st.to) {
			return true
		}
	}
	return false
}

// Judge says what became of a clock under a contract as seen at an instant. taken
// is when the order was taken from the contractor, zero where it was not: lateness
// does not grow beyond it. A window that had ended before its order was cancelled
// stays missed.
func Judge(c *plantroom.Clock, contract plantroom.ContractID, cals Calendars, at, taken plantroom.Instant) Outcome {
	o := Outcome{Clock: c.Kind, Window: c.Window, Calendar: c.Calendar, Until: c.Keeps(), Basis: c.Basis, Promised: c.Contract != "" && c.Contract == contract,
		Due: c.Due, Stopped: c.Stopped, Resumed: c.Resumed, Spent: c.Spent, began: c.Started}
	end, counting := at, true
	for _, e := range []plantroom.Instant{taken, c.Stopped} {
		if !e.IsZero() && e <= end {
			end, counting = e, false
		}
	}
	switch {
	case c.State == plantroom.ClockMet:
		o.Verdict = Kept
	case c.State == plantroom.ClockVoid && c.Breached.IsZero():
		o.Verdict = Void
	case c.State == plantroom.ClockPaused, c.Due >= at && c.Stopped.IsZero():
		o.Verdict = Open
	default:
		o.Verdict = Missed
		o.Late = plantroom.Duration(sla.Spent(c, max(end, c.Due), cals[c.Calendar])) - c.Window
		o.Counting = counting
	}
	return o
}

// paused is how long a clock has stood still in the pauses of its round.
func paused(r *round, c *plantroom.Clock, at plantroom.Instant) plantroom.Duration {
	var sum time.Duration
	for _, p := range r.pauses {
		if p.Begun.IsZero() || p.Begun < c.Started {
			continue
		}
		for _, kind := range p.Clocks {
			if kind == c.Kind {
				end := p.Ended
				if end.IsZero() {
					end = at
				}
				sum += max(0, end.Sub(p.Begun))
			}
		}
	}
	return plantroom.Duration(sum)
}

// keeps names the row that shows a clock stopped.
var keeps = map[plantroom.ClockStop]string{plantroom.UntilAcknowledged: "order.acknowledge", plantroom.UntilAttended: "order.arrive",
	plantroom.UntilReleased: "incident.released", plantroom.UntilProved: "order.prove", plantroom.UntilFixed: "order.fix"}

// evidence finds the rows on which a clock's verdict stands.
func evidence(st *stint, o *Outcome) []Evidence {
	var out []Evidence
	for i := range st.rows {
		row := &st.rows[i]
		fits := false
		switch row.Kind {
		case "order.dispatch", "order.cancel", "order.decline", "order.transfer", "order.merge", "order.carries", "order.worsened", keeps[o.Until]:
			fits = true
		case "order.prove":
			fits = o.Verdict == Void || o.Until == plantroom.UntilFixed // it went before anybody came, or bears the word out
		case "order.contradict", "order.doubt":
			fits = o.Until == plantroom.UntilFixed // a word counts no more
		case "clock.breached", "clock.corrected", "clock.disbelieved":
			e, err := told(row)
			fits = err == nil && e.Clock == o.Clock
		case "order.pause", "order.agree_pause", "order.continue":
			fits = o.Paused > 0
		}
		if fits {
			out = append(out, Evidence{Seq: row.Seq, Hash: row.Hash, Kind: row.Kind, At: row.At})
		}
	}
	return out
}
