package sla

import (
	"fmt"
	"time"

	"plantroom"
)

// Terms is everything that promises something about an order.
type Terms struct {
	Contract  *plantroom.Contract // nil: none
	Profile   plantroom.Profile
	Targets   []plantroom.Window // the domain's defaults
	Calendars map[plantroom.CalendarID]*Calendar
}

// Clocks makes the clocks of an order about a matter, in the order of kinds
// and all waiting. For each kind it takes the strictest window that the
// contract promises for the severity and the strictest that the profile demands
// of the matter, and of these two the stricter one. Where the contract has none,
// the strictest of the domain's defaults stands in for it: a law that asks less
// than the house does not loosen it. A kind without any window gets no clock:
// what nobody promised is not timed. Basis says in words which window it is, and
// which one it has overruled, the contract's or the law's; Contract or Profile
// whose it is.
//
// Which of two windows is stricter may depend on the day, where one counts
// on a calendar: then the one counts that ends first if both begin at an instant.
func (t Terms) Clocks(kinds []plantroom.ClockKind, m plantroom.Matter, sev plantroom.Severity, at plantroom.Instant) []plantroom.Clock {
	judge := judge{at, t.Calendars}
	demands := t.Profile.DemandsOf(m)
	var clocks []plantroom.Clock
	for _, kind := range kinds {
		if b := t.binding(judge, kind, sev, demands); b.window != nil {
			w := b.window
			clocks = append(clocks, plantroom.Clock{
				Kind: kind, State: plantroom.ClockWaiting, From: start(w), Until: w.Keeps(), Window: w.Length, Calendar: w.Calendar,
				Contract: b.contract, Profile: b.profile, ByLaw: b.law, Basis: b.basis, Source: w.Source, Sure: w.Sure,
			})
		}
	}
	return clocks
}

// bound is the window that binds, and why.
type bound struct {
	window   *plantroom.Window // nil: there is none
	contract plantroom.ContractID
	profile  string
	law      bool // the law speaks of the clock, be the window its own or a stricter one
	basis    string
}

// binding finds the window that binds. Of two that ask the same a contract goes
// before the law, and the law before a default.
func (t Terms) binding(j judge, kind plantroom.ClockKind, sev plantroom.Severity, demands []plantroom.Window) bound {
	var promised *plantroom.Window
	if t.Contract != nil {
		promised = j.strictest(kind, sev, t.Contract.Windows)
	}
	demanded, usual := j.strictest(kind, sev, demands), j.strictest(kind, sev, t.Targets)
	switch {
	case promised != nil && demanded != nil && j.stricter(demanded, promised):
		return bound{window: demanded, profile: t.Profile.ID, law: true,
			basis: fmt.Sprintf("%s, where contract %s promises %s", because("profile "+t.Profile.ID, demanded), t.Contract.ID, inWords(promised))}
	case promised != nil && demanded != nil:
		return bound{window: promised, contract: t.Contract.ID, law: true,
			basis: fmt.Sprintf("%s, where profile %s wants %s", because("contract "+string(t.Contract.ID), promised), t.Profile.ID, because(inWords(demanded), demanded))}
	case promised != nil:
		return bound{window: promised, contract: t.Contract.ID, basis: because("contract "+string(t.Contract.ID), promised)}
	case demanded != nil && (usual == nil || !j.stricter(usual, demanded)):
		return bound{window: demanded, profile: t.Profile.ID, law: true, basis: because("profile "+t.Profile.ID, demanded)}
	case usual != nil && demanded != nil:
		return bound{window: usual, law: true,
			basis: fmt.Sprintf("%s, where profile %s wants %s", because("default", usual), t.Profile.ID, because(inWords(demanded), demanded))}
	case usual != nil:
		return bound{window: usual, basis: because("default", usual)}
	}
	return bound{}
}

// inWords is a window with its calendar, its start and, where that is not the
// usual one, its end: "4h of calendar office from raised until fixed".
func inWords(w *plantroom.Window) string {
	s := w.Length.String()
	if w.Calendar != "" {
		s += fmt.Sprintf(" of calendar %s", w.Calendar)
	}
	s += fmt.Sprintf(" from %s", start(w))
	if stops := w.Clock.Stops(); len(stops) > 0 && w.Keeps() != stops[0] {
		s += fmt.Sprintf(" until %s", w.Keeps())
	}
	return s
}

func because(who string, w *plantroom.Window) string {
	if w.Source == "" {
		return who
	}
	return who + ": " + w.Source
}

// judge compares windows as they are at an instant.
type judge struct {
	at        plantroom.Instant
	calendars map[plantroom.CalendarID]*Calendar
}

// strictest returns the window that asks most of those that cover a kind and
// a severity, nil where none does. A window without a length promises nothing,
// and one on a calendar nothing about lives: they do not wait for office hours.
func (j judge) strictest(kind plantroom.ClockKind, sev plantroom.Severity, ws []plantroom.Window) *plantroom.Window {
	var best *plantroom.Window
	for i := range ws {
		w := &ws[i]
		if w.Clock != kind || w.Severity > sev || w.Length <= 0 || w.Calendar != "" && sev >= plantroom.Life {
			continue
		}
		if best == nil || j.stricter(w, best) {
			best = w
		}
	}
	return best
}

// stricter reports whether a asks more than b. A window from the
// acknowledgement asks less than any other, however short: whoever never
// acknowledges would never be late. Otherwise the one that would end first asks
// more; of two that end together the one that starts earlier, and then the one
// that a word does not keep.
func (j judge) stricter(a, b *plantroom.Window) bool {
	if aw, bw := start(a) == plantroom.FromAcknowledged, start(b) == plantroom.FromAcknowledged; aw != bw {
		return bw
	}
	if x, y := j.end(a), j.end(b); x != y {
		return x < y
	}
	if x, y := rank(a), rank(b); x != y {
		return x < y
	}
	return b.Keeps() == plantroom.UntilFixed && a.Keeps() != plantroom.UntilFixed
}

func (j judge) end(w *plantroom.Window) plantroom.Instant {
	return j.calendars[w.Calendar].Add(j.at, time.Duration(w.Length))
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
