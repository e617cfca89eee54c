package roster

import (
	"fmt"
	"slices"
	"strings"

	"plantroom"
	"plantroom/services/icalendar"
)

// StandIns reads overrides from the events of a calendar. An event's summary
// says who, by name or id:
//
//	Zhao                 comes besides those who are on duty
//	Zhao for Li          comes in the place of Li; several are parted by commas
//	Li away              is not there, and nobody comes
//
// Faults name the line at which an event begins.
func StandIns(c *plantroom.Contractor, people []plantroom.Person, events []icalendar.Occurrence) ([]plantroom.Override, error) {
	var out []plantroom.Override
	var faults icalendar.Faults
	for _, ev := range events {
		o := plantroom.Override{From: ev.Start, To: ev.End, Reason: reason(ev)}
		problem := ""
		in, away, replaces := cutWord(ev.Summary, " for ", " instead of ", "代替")
		gone, _, off := cutWord(ev.Summary+" ", " away ", " off ", "休")
		switch {
		case replaces:
			if o.People, problem = named(c, people, in); problem == "" {
				o.InsteadOf, problem = named(c, people, away)
			}
		case off:
			o.InsteadOf, problem = named(c, people, gone)
		default:
			o.People, problem = named(c, people, ev.Summary)
		}
		if problem == "" && slices.ContainsFunc(o.People, func(p plantroom.PersonID) bool { return slices.Contains(o.InsteadOf, p) }) {
			problem = "the same person comes and is away"
		}
		if problem == "" {
			out = append(out, o)
			continue
		}
		if faults = append(faults, icalendar.Fault{Line: ev.Line, Problem: problem,
			Remedy: fmt.Sprintf("write the summary as in %q, %q or %q, with technicians of %s", "Zhao", "Zhao for Li", "Li away", c.ID)}); len(faults) == mostFaults {
			break
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

// mostFaults is how many are named of one calendar.
const mostFaults = 20

// maxReason bounds what is taken of an event's text, in bytes; the estate's
// file takes as many characters.
const maxReason = 200

// reason is the first line of an event's description, else its summary.
func reason(ev icalendar.Occurrence) string {
	s, _, _ := strings.Cut(strings.TrimSpace(ev.Description), "\n")
	if s = strings.TrimSpace(s); s == "" {
		s = strings.TrimSpace(ev.Summary)
	}
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "")
	}
	return s
}

// cutWord cuts a text at the first of some words that it has.
func cutWord(s string, words ...string) (before, after string, found bool) {
	low := strings.ToLower(s)
	if len(low) != len(s) {
		low = s // a letter whose other case is longer: places would not agree
	}
	for _, w := range words {
		if i := strings.Index(low, w); i >= 0 {
			return s[:i], s[i+len(w):], true
		}
	}
	return s, "", false
}

// named finds technicians of a contractor by id or name, parted by commas.
func named(c *plantroom.Contractor, people []plantroom.Person, s string) (out []plantroom.PersonID, problem string) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '，' || r == '、' }) {
		part = strings.TrimSpace(part)
		var found []plantroom.PersonID
		for _, p := range people {
			if slices.Contains(c.Technicians, p.ID) && (strings.EqualFold(string(p.ID), part) || strings.EqualFold(p.Name, part)) {
				found = append(found, p.ID)
			}
		}
		switch {
		case len(found) == 0:
			return nil, fmt.Sprintf("%s has no technician %q", c.ID, shorten(part))
		case len(found) > 1:
			return nil, fmt.Sprintf("%q is the name of several technicians of %s: use the id", part, c.ID)
		case !slices.Contains(out, found[0]):
			out = append(out, found[0])
		}
	}
	if len(out) == 0 {
		return nil, "the summary names nobody"
	}
	return out, ""
}

func shorten(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
