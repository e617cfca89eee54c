package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/app/config"
	"plantroom/services/icalendar"
	"plantroom/services/roster"
)

// take prints the events of a calendar that are not over as overrides, to be
// put below a contractor of the estate's file.
func (f *rosterFlags) take(cfg *config.Config, path string, zone *time.Location, now plantroom.Instant, out io.Writer) error {
	firm, err := f.firm(&cfg.Estate)
	if err != nil {
		return err
	}
	src, err := readBounded(path)
	if err != nil {
		return usageError{err}
	}
	events, err := icalendar.Read(src, zone, now, now.Add(time.Duration(f.within(roster.MaxDays))*24*time.Hour))
	if err != nil {
		return placed(path, err)
	}
	overrides, err := roster.StandIns(firm, cfg.Estate.People, events)
	if err != nil {
		return placed(path, err)
	}
	return writeOverrides(out, overrides, filepath.Base(path), zone)
}

// readBounded reads no more of a file than a calendar may have, and one byte.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the calendar: %w", err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, icalendar.MaxSize+1))
}

// placed gives the faults of a calendar with its name.
func placed(path string, err error) error {
	var faults icalendar.Faults
	if !errors.As(err, &faults) {
		return err
	}
	var out yamldoc.Faults
	for _, f := range faults {
		out = append(out, yamldoc.Fault{File: path, Line: f.Line, Col: 1, Problem: f.Problem, Remedy: f.Remedy})
	}
	return out
}

func writeOverrides(out io.Writer, list []plantroom.Override, source string, zone *time.Location) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "    overrides: # from %s\n", strings.Map(printable, source))
	for _, o := range list {
		from, exact := wallMinute(o.From, zone, false)
		to, alike := wallMinute(o.To, zone, true)
		if !exact || !alike {
			b.WriteString("      # clocks show one of these times twice or never, or it has seconds: look whether they are what is meant\n")
		}
		fmt.Fprintf(&b, "      - {from: %s, to: %s", from, to)
		if len(o.People) > 0 {
			fmt.Fprintf(&b, ", people: [%s]", idList(o.People))
		}
		if len(o.InsteadOf) > 0 {
			fmt.Fprintf(&b, ", instead_of: [%s]", idList(o.InsteadOf))
		}
		reason, err := quoted(o.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, ", reason: %s}\n", reason)
	}
	if len(list) == 0 {
		b.WriteString("      [] # no event that is not over\n")
	}
	_, err := out.Write(b.Bytes())
	return err
}

// wallMinute writes an instant as the estate's file has it, and says whether
// the file will give it back. An end with seconds is rounded up.
func wallMinute(at plantroom.Instant, zone *time.Location, end bool) (string, bool) {
	t := at.Time().In(zone)
	if end && t.Second() > 0 {
		t = t.Add(time.Minute)
	}
	first, last := roster.Moment(zone, plantroom.DateOf(plantroom.At(t), zone), time.Duration(t.Hour())*time.Hour+time.Duration(t.Minute())*time.Minute)
	back := first
	if end {
		back = last
	}
	return t.Format("2006-01-02 15:04"), back == at
}

func idList(ids []plantroom.PersonID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}

// quoted writes a text as JSON, which YAML reads alike.
func quoted(s string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(strings.Map(printable, s))
	return strings.TrimSpace(b.String()), err
}

// printable keeps control characters out of what a terminal is shown.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
		return ' '
	}
	return r
}
