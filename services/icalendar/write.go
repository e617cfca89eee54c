package icalendar

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"plantroom"
)

// Calendar is what is written.
type Calendar struct {
	Product string        // who has made it: RFC 5545 section 3.7.3
	Name    string        // what a reader's list of calendars shows
	Refresh time.Duration // how often a subscriber should ask again; 0: nothing is said
	From    plantroom.Instant
	To      plantroom.Instant // of what time it speaks
	Stamp   plantroom.Instant // when what it says was last changed
	Events  []Event
}

// Event is one time with a name. It takes up nobody's time in the eyes of
// other calendars.
type Event struct {
	UID         string // the same for the same event each time that it is written
	Start, End  plantroom.Instant
	Summary     string
	Description string
}

// The longest line, in bytes without its end: RFC 5545 section 3.1.
const foldAt = 75

// MediaType is the content type of a calendar.
const MediaType = "text/calendar; charset=utf-8"

// Bytes gives the calendar as it is sent. The same calendar gives the same bytes.
func (c *Calendar) Bytes() []byte {
	var w writer
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", text(c.Product))
	w.line("CALSCALE", "GREGORIAN")
	if c.Name != "" {
		w.line("NAME", text(c.Name))         // RFC 7986 section 5.1
		w.line("X-WR-CALNAME", text(c.Name)) // what most readers know instead
	}
	if c.Refresh > 0 {
		every := fmt.Sprintf("PT%dM", max(1, int(c.Refresh.Minutes())))
		w.line("REFRESH-INTERVAL;VALUE=DURATION", every) // RFC 7986 section 5.7
		w.line("X-PUBLISHED-TTL", every)
	}
	for _, e := range c.Events {
		w.line("BEGIN", "VEVENT")
		w.line("UID", text(e.UID))
		w.line("DTSTAMP", utc(c.Stamp))
		w.line("DTSTART", utc(e.Start))
		w.line("DTEND", utc(e.End))
		w.line("SUMMARY", text(e.Summary))
		if e.Description != "" {
			w.line("DESCRIPTION", text(e.Description))
		}
		w.line("TRANSP", "TRANSPARENT")
		w.line("END", "VEVENT")
	}
	if len(c.Events) == 0 { // a calendar has at least one component: section 3.6
		w.line("BEGIN", "VFREEBUSY")
		w.line("UID", "nothing@plantroom")
		w.line("DTSTAMP", utc(c.Stamp))
		w.line("DTSTART", utc(c.From))
		w.line("DTEND", utc(c.To))
		w.line("END", "VFREEBUSY")
	}
	w.line("END", "VCALENDAR")
	return []byte(w.b.String())
}

type writer struct{ b strings.Builder }

// line writes a content line, folded between characters.
func (w *writer) line(name, value string) {
	room := foldAt
	for _, r := range name + ":" + value {
		n := utf8.RuneLen(r)
		if room < n {
			w.b.WriteString("\r\n ")
			room = foldAt - 1
		}
		w.b.WriteRune(r)
		room -= n
	}
	w.b.WriteString("\r\n")
}

// text escapes a value of type TEXT: RFC 5545 section 3.3.11. What is no
// character, and control characters, become what cannot break a line.
func text(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD") {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\\' || r == ';' || r == ',':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ' && r != '\t' || r == 0x7f:
			b.WriteRune(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// utc gives an instant to the second.
func utc(at plantroom.Instant) string { return at.Time().UTC().Format("20060102T150405Z") }
