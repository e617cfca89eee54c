package report

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"plantroom"
)

// penaltyFor is the penalty of a contract for a window at a severity: that of the
// gravest severity which covers it. nil where there is none.
func penaltyFor(c *plantroom.Contract, kind plantroom.ClockKind, s plantroom.Severity) *plantroom.Penalty {
	var best *plantroom.Penalty
	for i := range c.Penalties {
		if p := &c.Penalties[i]; p.Clock == kind && p.Severity <= s && (best == nil || p.Severity > best.Severity) {
			best = p
		}
	}
	return best
}

// owed is what a window costs that was missed by a time. A period that has
// begun counts whole; being late by nothing begins none.
func owed(p *plantroom.Penalty, late time.Duration) int64 {
	sum := p.Amount
	if p.Per > 0 && late > 0 {
		periods := int64((late-1)/time.Duration(p.Per)) + 1
		if p.PerAmount > 0 && periods > (math.MaxInt64-sum)/p.PerAmount {
			sum = math.MaxInt64
		} else {
			sum += periods * p.PerAmount
		}
	}
	if p.Most > 0 {
		sum = min(sum, p.Most)
	}
	return min(sum, maxPenalty)
}

// maxPenalty bounds one window's penalty, so that sums cannot overflow: a billion
// units, as much as the estate's file can say.
const maxPenalty = 100_000_000_000

// charge says what an outcome costs under a contract, and why so, or why nothing.
func (l *Line) charge(c *plantroom.Contract) {
	if l.Ground == WentOn {
		l.Source = l.into
	}
	if l.Verdict != Missed {
		return
	}
	if !l.Promised {
		l.Ground, l.Why = NotOwn, "no penalty: the window is not this contract's own ("+l.Basis+")"
		return
	}
	p := penaltyFor(c, l.Clock, l.Severity)
	if p == nil {
		l.Ground, l.Why = NoTerm, fmt.Sprintf("no penalty: the contract has none for %s at severity %s", l.Clock, l.Severity)
		return
	}
	if x := c.Excludes(l.Rule, l.Cause); x != nil {
		l.Ground, l.Source, l.Why = Excluded, x.Source, sourced("no penalty: excluded"+matter(x), x.Source)
		return
	}
	l.Ground, l.Source, l.Why = Owed, p.Source, sourced("penalty", p.Source)
	l.Penalty = owed(p, time.Duration(l.Late))
}

func matter(x *plantroom.Exclusion) string {
	var parts []string
	parts = append(parts, x.Causes...)
	for _, r := range x.Rules {
		parts = append(parts, string(r))
	}
	return " for " + strings.Join(parts, ", ")
}

func sourced(what, source string) string {
	if source == "" {
		return what
	}
	return what + ": " + source
}

// limit is what a month's penalties come to at most; ok is false where nothing
// bounds them. A part of a cent counts for the contractor.
func limit(c *plantroom.Contract) (most int64, ok bool) {
	most = math.MaxInt64
	if c.Cap.Amount > 0 {
		most, ok = c.Cap.Amount, true
	}
	if c.Cap.Hundredths > 0 {
		most, ok = min(most, share(c.Price.Yearly, c.Cap.Hundredths, 12*10_000, false)), true
	}
	return most, ok
}

// share is amount × part / whole, to the nearest minor unit with a half upwards,
// or else downwards. whole is positive, amount and part are not negative.
func share(amount, part, whole int64, nearest bool) int64 {
	n := new(big.Int).Mul(big.NewInt(amount), big.NewInt(part))
	if nearest {
		n.Lsh(n, 1).Add(n, big.NewInt(whole))
		return n.Div(n, new(big.Int).Lsh(big.NewInt(whole), 1)).Int64()
	}
	return n.Div(n, big.NewInt(whole)).Int64()
}

// callOut is what an arrival costs.
func callOut(p *plantroom.Price, cals Calendars, arrived plantroom.Instant) int64 {
	if k := cals[p.Outside]; k != nil && k.Counts(arrived) {
		return 0
	}
	return p.CallOut
}

// work is what some time costs at a price by the hour.
func work(hour int64, d time.Duration) int64 {
	return share(hour, max(0, int64(d/time.Second)), 3600, true)
}
