package icalendar

import (
	"fmt"
	"strings"
	"time"

	"plantroom"
)

// Occurrence is one time of an event that was read.
type Occurrence struct {
	Line        int // where its event begins
	UID         string
	Summary     string
	Description string
	Start, End  plantroom.Instant // End is after Start
}

// event is a VEVENT as it is written.
type event struct {
	line                 int
	uid, summary, detail string
	start, end           moment
	ends                 bool // it has an end
	days                 int  // its length, where it has none
	exact                time.Duration
	lasts                bool
	rule                 *rule
	until                moment // where the rule has one
	bounded              bool
	except, besides      []moment
	of                   moment // the occurrence that it takes the place of
	instead              bool
	cancelled            bool
	seen                 map[string]bool
}

// Read returns the occurrences in a calendar that touch the time from one
// instant to another, events in their order. Times without a zone are in local.
// The error is of type Faults; what is refused is so as a whole.
func Read(src []byte, local *time.Location, from, to plantroom.Instant) ([]Occurrence, error) {
	events, faults := readEvents(src, local)
	if len(faults) > 0 {
		return nil, faults
	}
	e := expansion{from: from, to: to, moved: map[string]map[plantroom.Instant]bool{}}
	for _, ev := range events {
		if ev.instead {
			if e.moved[ev.uid] == nil {
				e.moved[ev.uid] = map[plantroom.Instant]bool{}
			}
			e.moved[ev.uid][ev.of.instant()] = true
		}
	}
	for _, ev := range events {
		if f := e.expand(ev); f != nil {
			return nil, Faults{*f}
		}
	}
	return e.out, nil
}

// readEvents reads the events of the one calendar in src.
func readEvents(src []byte, local *time.Location) ([]*event, Faults) {
	lines, f := unfold(src)
	if f != nil {
		return nil, Faults{*f}
	}
	r := reader{local: local}
	for _, l := range lines {
		if len(r.faults) == maxFaults {
			return nil, r.faults
		}
		p, f := parse(l)
		if f == nil {
			f = r.take(p)
		}
		if f != nil {
			r.faults = append(r.faults, *f)
		}
	}
	if len(r.faults) == 0 && (len(r.open) > 0 || !r.begun) {
		last := 1
		if len(lines) > 0 {
			last = lines[len(lines)-1].number
		}
		r.faults = append(r.faults, Fault{last, "the calendar is not whole", "it begins with BEGIN:VCALENDAR and ends with END:VCALENDAR"})
	}
	return r.events, r.faults
}

// reader goes through the lines of a calendar.
type reader struct {
	local  *time.Location
	open   []string // components that have begun
	begun  bool
	events []*event
	rules  int
	faults Faults
}

// maxRecurring bounds the work of recurrences.
const maxRecurring = 200

func (r *reader) take(p property) *Fault {
	switch p.name {
	case "BEGIN":
		return r.begin(p)
	case "END":
		return r.end(p)
	}
	switch {
	case len(r.open) == 0:
		return &Fault{p.line, "this stands outside the calendar", "begin with BEGIN:VCALENDAR"}
	case len(r.open) == 2 && r.open[1] == "VEVENT":
		return r.property(r.events[len(r.events)-1], p)
	}
	return nil
}

func (r *reader) begin(p property) *Fault {
	name := strings.ToUpper(p.value)
	switch {
	case len(r.open) == 0 && (name != "VCALENDAR" || r.begun):
		return &Fault{p.line, "this is not within the one calendar", "keep one VCALENDAR in a file"}
	case len(r.open) == maxDepth:
		return &Fault{p.line, "components lie too deep within each other", fmt.Sprintf("at most %d are read", maxDepth)}
	case len(r.open) == 1 && name == "VEVENT":
		if len(r.events) == MaxEvents {
			return &Fault{p.line, "the calendar has too many events", fmt.Sprintf("export a shorter time: at most %d are read", MaxEvents)}
		}
		r.events = append(r.events, &event{line: p.line, seen: map[string]bool{}})
	}
	r.begun = true
	r.open = append(r.open, name)
	return nil
}

func (r *reader) end(p property) *Fault {
	name := strings.ToUpper(p.value)
	if len(r.open) == 0 || r.open[len(r.open)-1] != name {
		return &Fault{p.line, fmt.Sprintf("%q ends here and has not begun", clip(name)), "see that each BEGIN has its END"}
	}
	r.open = r.open[:len(r.open)-1]
	if len(r.open) == 1 && name == "VEVENT" {
		return r.events[len(r.events)-1].check()
	}
	return nil
}

// property takes one property of an event. What a roster has no use for is
// passed over.
func (r *reader) property(e *event, p property) (f *Fault) {
	switch p.name {
	case "UID", "SUMMARY", "DESCRIPTION", "STATUS", "DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID":
		if e.seen[p.name] {
			return &Fault{p.line, p.name + " stands twice", "keep one"}
		}
		e.seen[p.name] = true
	}
	switch p.name {
	case "UID":
		e.uid = unescape(p.value)
	case "SUMMARY":
		e.summary = unescape(p.value)
	case "DESCRIPTION":
		e.detail = unescape(p.value)
	case "STATUS":
		e.cancelled = strings.EqualFold(p.value, "CANCELLED")
	case "DTSTART":
		e.start, f = readMoment(p, p.value, r.local)
	case "DTEND":
		e.end, f = readMoment(p, p.value, r.local)
		e.ends = true
	case "DURATION":
		e.days, e.exact, e.lasts = readDuration(p.value)
		if !e.lasts {
			f = &Fault{p.line, fmt.Sprintf("DURATION is %q", clip(p.value)), "write it as in P1D or PT8H"}
		}
	case "RRULE":
		f = r.rule(e, p)
	case "RECURRENCE-ID":
		if p.params["RANGE"] != "" {
			return &Fault{p.line, "it changes this and all later occurrences", "end the old event, and make a new one for what comes after"}
		}
		e.of, f = readMoment(p, p.value, r.local)
		e.instead = true
	case "EXDATE":
		e.except, f = r.list(e.except, p)
	case "RDATE":
		e.besides, f = r.list(e.besides, p)
	case "EXRULE":
		f = &Fault{p.line, "EXRULE is not taken", "leave single dates out with EXDATE"}
	}
	return f
}

func (r *reader) rule(e *event, p property) *Fault {
	if r.rules++; r.rules > maxRecurring {
		return &Fault{p.line, "the calendar has too many recurring events", fmt.Sprintf("at most %d are read", maxRecurring)}
	}
	u, err := parseRule(p.value)
	if err == nil && u.until != "" {
		var f *Fault
		if e.until, f = readMoment(property{line: p.line, name: "UNTIL"}, u.until, r.local); f != nil {
			return f
		}
		e.bounded = true
	}
	if err != nil {
		return &Fault{p.line, "the recurrence is not taken: " + err.Error(), "write single events, or a rule with FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS and WKST"}
	}
	e.rule = &u
	return nil
}

func (r *reader) list(have []moment, p property) ([]moment, *Fault) {
	for v := range strings.SplitSeq(p.value, ",") {
		if len(have) == maxExceptions {
			return have, &Fault{p.line, "the event has too many exceptions", fmt.Sprintf("at most %d are read", maxExceptions)}
		}
		m, f := readMoment(p, v, r.local)
		if f != nil {
			return have, f
		}
		have = append(have, m)
	}
	return have, nil
}

// check finds what a single property cannot show.
func (e *event) check() *Fault {
	switch {
	case !e.seen["DTSTART"] && !e.cancelled:
		return &Fault{e.line, "the event has no DTSTART", "say when it begins"}
	case e.ends && e.lasts:
		return &Fault{e.line, "the event has DTEND and DURATION", "keep one of them"}
	case e.ends && e.end.allDay != e.start.allDay:
		return &Fault{e.line, "one of DTSTART and DTEND is a day, and the other a time", "write both in the same form"}
	case e.rule != nil && e.instead:
		return &Fault{e.line, "the event takes the place of one occurrence and recurs itself", "make it an event of its own"}
	case !e.ends && !e.lasts && !e.start.allDay && !e.cancelled:
		return &Fault{e.line, "the event has no end", "give it DTEND or DURATION"}
	}
	return nil
}
