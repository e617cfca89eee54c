package estate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// money lays out what a contract says of prices and penalties, and finds what
// contradicts itself.
func (c *checker) money(at string, out *plantroom.Contract, k contract) {
	out.Price = plantroom.Price{Yearly: c.minor(at+"/price/yearly", k.Price.Yearly),
		CallOut: c.minor(at+"/price/call_out", k.Price.CallOut), Hour: c.minor(at+"/price/hour", k.Price.Hour), Outside: k.Price.Outside}
	if k.Price.Outside != "" && k.Price.CallOut == 0 {
		c.fault(at+"/price/call_out_outside", "it says when a call-out is charged, and a call-out costs nothing", "add call_out, or take it away")
	}
	for i, p := range k.Penalties {
		out.Penalties = append(out.Penalties, c.penalty(fmt.Sprintf("%s/penalties/%d", at, i), out, p))
	}
	out.Cap = plantroom.PenaltyCap{Amount: c.minor(at+"/penalty_cap/amount", k.PenaltyCap.Amount), Source: k.PenaltyCap.Source,
		Hundredths: c.minor(at+"/penalty_cap/percent", k.PenaltyCap.Percent)}
	if out.Cap.Hundredths > 0 && out.Price.Yearly == 0 {
		c.fault(at+"/penalty_cap/percent", "a part of the yearly price bounds the penalties, and there is no yearly price", "add price.yearly, or bound them by amount")
	}
	if out.Cap != (plantroom.PenaltyCap{}) && len(k.Penalties) == 0 {
		c.fault(at+"/penalty_cap", "it bounds penalties, and the contract has none", "add penalties, or take it away")
	}
	for i, x := range k.Exclusions {
		c.exclusion(fmt.Sprintf("%s/exclusions/%d", at, i), k, x)
		out.Exclusions = append(out.Exclusions, plantroom.Exclusion(x))
	}
	out.Reply = k.Reply
	c.windows(at, out)
}

// minor turns an amount into hundredths.
func (c *checker) minor(at string, amount float64) int64 {
	hundredths := math.Round(amount * 100)
	if math.Abs(amount*100-hundredths) > 1e-4 {
		c.fault(at, fmt.Sprintf("%v has more than two decimals", amount), "round it to hundredths")
	}
	return int64(hundredths)
}

func (c *checker) penalty(at string, k *plantroom.Contract, p penalty) plantroom.Penalty {
	if p.Severity == plantroom.NoSeverity {
		p.Severity = lowest(k.Windows, p.Clock)
	}
	out := plantroom.Penalty{Clock: p.Clock, Severity: p.Severity, Amount: c.minor(at+"/amount", p.Amount), Per: p.Per,
		PerAmount: c.minor(at+"/per_amount", p.PerAmount), Most: c.minor(at+"/most", p.Most), Source: p.Source}
	if p.Percent != 0 {
		out.Amount = c.part(at, k, p)
	}
	switch {
	case p.Per == 0 && p.PerAmount != 0:
		c.fault(at+"/per_amount", "it is owed for each period of lateness, and there is no period", "add per, as in per: 1h")
	case p.Per != 0 && p.PerAmount == 0:
		c.fault(at+"/per", "a period of lateness costs nothing", "add per_amount, or take per away")
	case p.Per != 0 && time.Duration(p.Per) < time.Minute:
		c.fault(at+"/per", p.Per.String()+" is shorter than a minute", "use 1m or more")
	case p.Amount == 0 && p.PerAmount == 0 && p.Percent == 0:
		c.fault(at, "the penalty is nothing", "add amount, or per and per_amount")
	case out.Most != 0 && out.Most < out.Amount:
		c.fault(at+"/most", "the bound for one window is below the amount for it", "use "+fmt.Sprint(float64(out.Amount)/100)+" or more")
	}
	if slices.ContainsFunc(k.Penalties, func(q plantroom.Penalty) bool { return q.Clock == p.Clock && q.Severity == p.Severity }) {
		c.fault(at, fmt.Sprintf("there is a penalty for %s from severity %s on already", p.Clock, p.Severity), "put both into one, or give one another severity")
	}
	c.penalised(at, k, out)
	return out
}

// part is what a penalty in percent comes to: of a twelfth of the yearly price,
// to the nearest hundredth with a half upwards. 1e11 hundredths at 1e4 of a
// percent are far from what an int64 holds.
func (c *checker) part(at string, k *plantroom.Contract, p penalty) int64 {
	switch {
	case p.Amount != 0:
		c.fault(at+"/percent", "the penalty has an amount as well", "keep the one that was agreed")
	case k.Price.Yearly == 0:
		c.fault(at+"/percent", "it is a part of the yearly price, and there is no yearly price", "add price.yearly, or say an amount")
	}
	const whole = 12 * 10_000
	return (k.Price.Yearly*c.minor(at+"/percent", p.Percent) + whole/2) / whole
}

// penalised checks that a window of the contract can be missed for a penalty,
// at a severity to which no other penalty applies.
func (c *checker) penalised(at string, k *plantroom.Contract, p plantroom.Penalty) {
	if !slices.ContainsFunc(k.Windows, func(w plantroom.Window) bool { return w.Clock == p.Clock }) {
		c.fault(at+"/clock", fmt.Sprintf("the contract has no window for %s, so that none can be missed", p.Clock), "add one to windows, or take the penalty away")
		return
	}
	if low := lowest(k.Windows, p.Clock); p.Severity < low {
		c.fault(at+"/severity", fmt.Sprintf("below severity %s the contract has no window for %s, so that none can be missed", low, p.Clock), "use "+low.String()+", or add a window")
	}
}

// lowest returns the least severity for which there is a window of a clock, Low
// where there is none at all.
func lowest(ws []plantroom.Window, kind plantroom.ClockKind) plantroom.Severity {
	low := plantroom.NoSeverity
	for _, w := range ws {
		if w.Clock == kind && (low == plantroom.NoSeverity || w.Severity < low) {
			low = w.Severity
		}
	}
	return max(low, plantroom.Low)
}

func (c *checker) exclusion(at string, k contract, x exclusion) {
	if len(x.Causes) == 0 && len(x.Rules) == 0 {
		c.fault(at, "it would free from every penalty", "add causes or rules")
	}
	if len(k.Penalties) == 0 {
		c.fault(at, "it frees from penalties, and the contract has none", "add penalties, or take it away")
	}
	var rules, causes []string
	for _, d := range c.known.Domains {
		if slices.Contains(k.Domains, d.Name) {
			causes = append(causes, slices.Sorted(maps.Keys(d.Causes))...)
			for _, r := range d.Rules {
				rules = append(rules, string(r.ID))
			}
		}
	}
	for i, cause := range x.Causes {
		if len(causes) > 0 && !slices.Contains(causes, cause) {
			c.fault(fmt.Sprintf("%s/causes/%d", at, i), fmt.Sprintf("no sensor tells the cause %q, so that it would free from nothing", cause),
				"use one of "+strings.Join(causes, ", ")+"; what no sensor can tell, as vandalism, is settled by an objection to the statement")
		}
	}
	for i, r := range x.Rules {
		if len(rules) > 0 && !slices.Contains(rules, string(r)) {
			c.fault(fmt.Sprintf("%s/rules/%d", at, i), fmt.Sprintf("no domain of the contract has a rule %q", r), "use one of "+strings.Join(rules, ", "))
		}
	}
}

// windows finds promises that cannot all be meant: twice the same, a graver case
// with more time, or people who are to be out, or a lift that is to run, before
// anybody has to be there.
func (c *checker) windows(at string, k *plantroom.Contract) {
	for i, w := range k.Windows {
		path := fmt.Sprintf("%s/windows/%d", at, i)
		if w.Length <= 0 {
			c.fault(path+"/length", "a window of no length promises nothing", "give it a length, as in 30m")
		}
		c.stops(path, &w)
		for j, v := range k.Windows {
			if i == j || w.From != v.From || w.Calendar != v.Calendar {
				continue
			}
			first := c.doc.Line(fmt.Sprintf("%s/windows/%d", at, j))
			switch {
			case w.Clock == v.Clock && w.Severity == v.Severity && j < i:
				c.fault(path, fmt.Sprintf("line %d promises %s from severity %s on already", first, v.Clock, v.Severity), "keep the one that was agreed")
			case w.Clock == v.Clock && w.Severity > v.Severity && w.Length > v.Length:
				c.fault(path+"/length", fmt.Sprintf("%s of severity %s has %s, and the lesser severity %s on line %d has %s, which counts here too", w.Clock, w.Severity, w.Length, v.Severity, first, v.Length),
					"use "+v.Length.String()+" or less")
			case later(v.Clock, w.Clock) && v.Severity <= w.Severity && w.Length < v.Length && !tighter(k.Windows, v, w):
				c.fault(path+"/length", fmt.Sprintf("%s within %s, and line %d lets %s take %s: nobody has to be there by then", w.Clock, w.Length, first, v.Clock, v.Length),
					fmt.Sprintf("use %s or more, or a shorter window for %s", v.Length, v.Clock))
			}
		}
	}
}

// stops checks that a window can be kept by what is to keep it.
func (c *checker) stops(path string, w *plantroom.Window) {
	if stops := w.Clock.Stops(); len(stops) > 0 && !slices.Contains(stops, w.Until) {
		names := make([]string, len(stops))
		for i, s := range stops {
			names[i] = string(s)
		}
		c.fault(path+"/until", fmt.Sprintf("%s is not kept by %q", w.Clock, w.Until), "use "+strings.Join(names, ", "))
	}
	if w.Clock == plantroom.Acknowledge && w.From == plantroom.FromAcknowledged {
		c.fault(path+"/from", "it would end with the event from which it runs", "use occurred, raised or dispatched")
	}
}

// twice finds another contract of the same contractor for the same thing at the
// same time: nobody could say under which of them an order is.
func (c *checker) twice(at string, k *plantroom.Contract, before []plantroom.Contract) {
	if c.given != nil {
		return // an offer stands beside what there is
	}
	for i := range before {
		b := &before[i]
		if b.Contractor != k.Contractor || !b.To.IsZero() && b.To <= k.From || !k.To.IsZero() && k.To <= b.From {
			continue
		}
		if len(b.Buildings) > 0 && len(k.Buildings) > 0 && !meet(b.Buildings, k.Buildings) {
			continue
		}
		if j := slices.IndexFunc(k.Domains, func(d plantroom.DomainName) bool { return slices.Contains(b.Domains, d) }); j >= 0 {
			c.fault(fmt.Sprintf("%s/domains/%d", at, j), fmt.Sprintf("contract %q of %s covers %s too, at the same time", b.ID, b.Contractor, k.Domains[j]),
				"let one end before the other begins, or give them other buildings")
		}
	}
}

func meet[T comparable](a, b []T) bool {
	return slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

// later reports whether the second clock cannot be kept before the first one.
func later(first, second plantroom.ClockKind) bool {
	return first == plantroom.Attend && (second == plantroom.Release || second == plantroom.Restore)
}

// tighter reports whether another window of v's clock covers w's severity and is
// as short as w.
func tighter(ws []plantroom.Window, v, w plantroom.Window) bool {
	return slices.ContainsFunc(ws, func(x plantroom.Window) bool {
		return x.Clock == v.Clock && x.Severity <= w.Severity && x.From == w.From && x.Calendar == w.Calendar && x.Length <= w.Length
	})
}
