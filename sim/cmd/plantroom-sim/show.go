package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"plantroom"
	"plantroom/sim/scenario"
)

// show writes for a person: aligned, and in colour on a terminal only.
type show struct {
	out    io.Writer
	colour bool
	width  int // of the longest file name
	since  int // of the longest time since the start
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}

// The colours: SGR codes.
const (
	bold   = "1"
	grey   = "90"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
)

func (s show) paint(code, text string) string {
	if !s.colour || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s show) title(f *scenario.Scenario) {
	fmt.Fprintf(s.out, "\n%s\n", s.paint(bold, f.Title))
	if f.About != "" {
		fmt.Fprintln(s.out, s.paint(grey, strings.TrimSpace(f.About)))
	}
	fmt.Fprintln(s.out)
}

// of returns a show whose lines have room for every time of a scenario.
func (s show) of(f *scenario.Scenario) show {
	s.since = widestOffset(time.Duration(f.Length))
	return s
}

// widestOffset is how much room "+" and a time before the end may take, in
// whole seconds.
func widestOffset(length time.Duration) int {
	full := "+59m59s"
	if hours := (length - time.Second) / time.Hour; hours > 0 {
		full = fmt.Sprintf("+%dh59m59s", hours)
	}
	return len(full)
}

func (s show) line(l scenario.Line) {
	colour := ""
	switch {
	case l.Who == "world", l.Who == "stage":
		colour = blue
	case strings.Contains(l.Text, "breach"), strings.Contains(l.Text, "refused"), strings.Contains(l.Text, "contradict"):
		colour = red
	case strings.Contains(l.Text, "prove"), strings.Contains(l.Text, "close"):
		colour = green
	case l.Who == "call":
		colour = yellow
	}
	fmt.Fprintf(s.out, "%s  %*s  %s  %s  %s\n", l.Local, s.since, "+"+l.Since.String(), pad(l.Who, 20), pad(l.Subject, 20), s.paint(colour, l.Text))
}

func (s show) outcome(r *scenario.Result) {
	fmt.Fprintf(s.out, "\n%s  (%s, seed %d)\n", s.paint(bold, r.Title), r.File, r.Seed)
	width := 0
	for _, c := range r.Checks {
		width = max(width, utf8.RuneCountInString(c.Text))
	}
	for _, c := range r.Checks {
		mark, note := s.paint(green, "ok  "), c.When
		if !c.OK {
			mark, note = s.paint(red, "MISS"), "saw: "+c.Saw
		}
		if note != "" && c.OK {
			note = "at " + note
		}
		fmt.Fprintf(s.out, "  %s  line %3d  %s  %s\n", mark, c.Line, pad(c.Text, width), s.paint(grey, note))
	}
	n := r.Numbers
	fmt.Fprintf(s.out, "  %d readings accepted, %d points stored, %d lost, %d quarantined; %d incidents, %d orders, %d open, %d calls; %s played in %s\n",
		n.Accepted, n.Stored, n.Lost, n.Quarantined, n.Incidents, n.Orders, n.OpenOrders, n.Calls, r.Length, r.Took)
}

// row is one scenario's line in the table.
func (s show) row(r *scenario.Result) {
	ok := 0
	for _, c := range r.Checks {
		if c.OK {
			ok++
		}
	}
	mark := s.paint(red, "FAIL")
	if r.OK() {
		mark = s.paint(green, "pass")
	}
	fmt.Fprintf(s.out, "%s  %s  %2d of %2d  %8s  %s\n", mark, pad(r.File, s.width), ok, len(r.Checks), r.Took, r.Title)
}

func (s show) summary(rs []*scenario.Result) {
	passed := 0
	var virtual, real time.Duration
	for _, r := range rs {
		if r.OK() {
			passed++
		}
		virtual += time.Duration(r.Length)
		real += time.Duration(r.Took)
	}
	fmt.Fprintf(s.out, "\n%d passed, %d failed\n", passed, len(rs)-passed)
	fmt.Fprintf(s.out, "%s of the estate's life, played in %s\n", plantroom.Duration(virtual), real.Round(time.Millisecond))
}

func pad(s string, width int) string {
	if n := utf8.RuneCountInString(s); n < width {
		return s + strings.Repeat(" ", width-n)
	}
	return s
}
