package sla

import (
	"fmt"

	"plantroom"
)

// Clocks makes the clocks of an order about a matter, in the order of kinds
// and all waiting. For each kind it takes the strictest window that the
// contract (nil: none) promises for the severity and the strictest that the
// profile demands of the matter, and of these two the stricter one. Where the
// contract has none, the strictest of targets, the domain's defaults, stands
// in for it: a law that asks less than the house does not loosen it. A kind
// without any window gets no clock: what nobody promised is not timed. Basis
// says in words which window it is, and which contract the law has overruled.
func Clocks(kinds []plantroom.ClockKind, m Matter, sev plantroom.Severity, c *plantroom.Contract, p Profile, targets []plantroom.Window) []plantroom.Clock {
	demands := p.demands(m)
	var clocks []plantroom.Clock
	for _, kind := range kinds {
		if w, basis := binding(kind, sev, c, p.ID, demands, targets); w != nil {
			clocks = append(clocks, plantroom.Clock{
				Kind: kind, State: plantroom.ClockWaiting, From: start(w), Window: w.Length, Basis: basis,
			})
		}
	}
	return clocks
}

// binding finds the window that binds, and says why; nil where there is none.
// Of two that ask the same a contract goes before the law, and the law before
// a default.
func binding(kind plantroom.ClockKind, sev plantroom.Severity, c *plantroom.Contract, profile string, demands, targets []plantroom.Window) (*plantroom.Window, string) {
	var promised *plantroom.Window
	if c != nil {
		promised = strictest(kind, sev, c.Windows)
	}
	demanded, usual := strictest(kind, sev, demands), strictest(kind, sev, targets)
	switch {
	case promised != nil && demanded != nil && stricter(demanded, promised):
		return demanded, fmt.Sprintf("%s, where contract %s promises %s from %s",
			because("profile "+profile, demanded), c.ID, promised.Length, start(promised))
	case promised != nil:
		return promised, because("contract "+string(c.ID), promised)
	case demanded != nil && (usual == nil || !stricter(usual, demanded)):
		return demanded, because("profile "+profile, demanded)
	case usual != nil:
		return usual, because("default", usual)
	}
	return nil, ""
}

func because(who string, w *plantroom.Window) string {
	if w.Source == "" {
		return who
	}
	return who + ": " + w.Source
}

// strictest returns the window that asks most of those that cover a kind and
// a severity, nil where none does. A window without a length promises nothing.
func strictest(kind plantroom.ClockKind, sev plantroom.Severity, ws []plantroom.Window) *plantroom.Window {
	var best *plantroom.Window
	for i := range ws {
		w := &ws[i]
		if w.Clock != kind || w.Severity > sev || w.Length <= 0 {
			continue
		}
		if best == nil || stricter(w, best) {
			best = w
		}
	}
	return best
}

// stricter reports whether a asks more than b. A window from the
// acknowledgement asks less than any other, however short: whoever never
// acknowledges would never be late. Otherwise the shorter one asks more, and
// of two equally long ones the one that starts earlier.
func stricter(a, b *plantroom.Window) bool {
	if aw, bw := start(a) == plantroom.FromAcknowledged, start(b) == plantroom.FromAcknowledged; aw != bw {
		return bw
	}
	if a.Length != b.Length {
		return a.Length < b.Length
	}
	return rank(a) < rank(b)
}

// start returns the event from which a window runs; one that does not say
// runs from the raising of the order.
func start(w *plantroom.Window) plantroom.ClockStart {
	if w.From == "" {
		return plantroom.FromRaised
	}
	return w.From
}

// rank orders starting events as they follow each other.
func rank(w *plantroom.Window) int {
	switch start(w) {
	case plantroom.FromOccurred:
		return 0
	case plantroom.FromRaised:
		return 1
	case plantroom.FromDispatched:
		return 2
	}
	return 3
}
