package works

import (
	"slices"
	"strings"

	"plantroom"
)

// Field is a part of a declaration that can be wrong, by its name in the API.
type Field string

// The fields.
const (
	FieldID         Field = "id"
	FieldTitle      Field = "title"
	FieldText       Field = "text"
	FieldAssets     Field = "assets"
	FieldFloors     Field = "floors"
	FieldContractor Field = "contractor"
	FieldTo         Field = "to"
	FieldHold       Field = "hold"
)

// Fault is one thing that is wrong with a declaration. Err says it in English,
// with CodeInvalid or CodeTooLarge; Field and Kind say it to whoever speaks
// another language.
type Fault struct {
	Field Field
	Kind  Kind
	Err   error
}

// Kind is what is wrong with a field.
type Kind string

// The kinds.
const (
	Malformed Kind = "malformed" // it has not the form of a name
	Reserved  Kind = "reserved"  // it is the name of something else, as of an order
	Missing   Kind = "missing"
	TooMuch   Kind = "too_much"  // longer, or more, than Max… says
	Unknown   Kind = "unknown"   // the estate has no such thing
	Backwards Kind = "backwards" // the end does not come after the beginning
	Past      Kind = "past"      // the end is over
)

// Faults lists what is wrong with a declaration on an estate, at most one for each field.
func Faults(e *plantroom.Estate, w *plantroom.Works, now plantroom.Instant) []Fault {
	var faults []Fault
	add := func(f Field, k Kind, code plantroom.Code, format string, args ...any) {
		if !slices.ContainsFunc(faults, func(x Fault) bool { return x.Field == f }) {
			faults = append(faults, Fault{f, k, plantroom.Errorf(code, "works %s"+format, append([]any{w.ID}, args...)...)})
		}
	}
	const invalid, large = plantroom.CodeInvalid, plantroom.CodeTooLarge
	if err := plantroom.ValidID(string(w.ID)); err != nil {
		faults = append(faults, Fault{FieldID, Malformed, err})
	}
	if w.ID.Reserved() {
		add(FieldID, Reserved, invalid, ": the name is that of something else, as of an order: choose another one")
	}
	if strings.TrimSpace(w.Title.En) == "" {
		add(FieldTitle, Missing, invalid, ": give them a title")
	}
	if len(w.Title.En)+len(w.Title.Zh) > MaxText {
		add(FieldTitle, TooMuch, large, ": the title is longer than %d bytes", MaxText)
	}
	if len(w.Text.En)+len(w.Text.Zh) > MaxText {
		add(FieldText, TooMuch, large, ": the text is longer than %d bytes", MaxText)
	}
	switch n := len(w.Assets); {
	case n == 0:
		add(FieldAssets, Missing, invalid, ": name 1 to %d assets", MaxAssets)
	case n > MaxAssets:
		add(FieldAssets, TooMuch, invalid, ": name 1 to %d assets", MaxAssets)
	}
	for _, id := range w.Assets {
		if !slices.ContainsFunc(e.Assets, func(a plantroom.Asset) bool { return a.ID == id }) {
			add(FieldAssets, Unknown, invalid, ": the estate has no asset %q", id)
		}
	}
	if len(w.Floors) > MaxFloors {
		add(FieldFloors, TooMuch, invalid, ": name at most %d floors", MaxFloors)
	}
	if !slices.ContainsFunc(e.Contractors, func(c plantroom.Contractor) bool { return c.ID == w.Contractor }) {
		add(FieldContractor, Unknown, invalid, ": the estate has no contractor %q", w.Contractor)
	}
	switch {
	case w.To <= w.From:
		add(FieldTo, Backwards, invalid, " end before they begin")
	case w.From < w.To.Add(-MaxLength):
		add(FieldTo, TooMuch, invalid, " last longer than %s: declare parts of them", MaxLength)
	case w.To <= now:
		add(FieldTo, Past, invalid, " have ended already")
	}
	if w.Hold != plantroom.HoldNothing && w.Hold != plantroom.HoldManagers && w.Hold != plantroom.HoldAll {
		add(FieldHold, Unknown, invalid, ": hold is %q: leave it out, or use managers or all", w.Hold)
	}
	return faults
}
