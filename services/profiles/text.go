package profiles

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"plantroom"
)

// none stands in a table where there is nothing.
const none = "–"

// Table writes a line for each window of profiles, and one for a profile that
// has none.
func Table(w io.Writer, all []plantroom.Profile) error {
	t := table{}
	t.row("profile", "binds", "severity", "clock", "window", "sure", "title")
	for _, p := range all {
		if len(p.Demands) == 0 {
			t.row(p.ID, none, none, none, none, none, p.Title.En)
		}
		for i := range p.Demands {
			d := &p.Demands[i]
			t.row(p.ID, Scope(d), d.Severity.String(), string(d.Clock), Words(d), string(d.Sure), p.Title.En)
		}
	}
	return t.write(w)
}

// Show writes all that a profile says, with its sources.
func Show(w io.Writer, p plantroom.Profile) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", p.ID, p.Title.En)
	for i := range p.Demands {
		d := &p.Demands[i]
		t := table{}
		t.row("", "", "")
		t.row("", "clock", string(d.Clock))
		t.row("", "window", Words(d))
		t.row("", "binds", Scope(d))
		t.row("", "from severity", d.Severity.String())
		t.row("", "source", d.Source)
		t.row("", "sure", string(d.Sure))
		if err := t.write(&b); err != nil {
			return err
		}
	}
	for _, d := range p.Duties {
		t := table{}
		t.row("", "", "")
		t.row("", "duty", d.Text.En)
		t.row("", "source", d.Source)
		t.row("", "sure", string(d.Sure))
		if err := t.write(&b); err != nil {
			return err
		}
	}
	if len(p.Duties) > 0 {
		b.WriteString("\n  No clock of an order times a duty.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Words says a window: "4h of calendar office from raised until fixed".
func Words(d *plantroom.Demand) string {
	s := d.Length.String()
	if d.Calendar != "" {
		s += " of calendar " + string(d.Calendar)
	}
	return fmt.Sprintf("%s from %s until %s", s, d.From, d.Keeps())
}

// Scope says of which incidents a demand speaks.
func Scope(d *plantroom.Demand) string {
	s := list(d.Rules)
	if len(d.Rules) == 0 {
		s = list(d.Domains)
	}
	if len(d.Kinds) > 0 {
		s += " of kind " + list(d.Kinds)
	}
	if len(d.Causes) > 0 {
		s += " by " + list(d.Causes)
	}
	return s
}

// table aligns columns.
type table struct{ rows [][]string }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) error {
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range t.rows {
		fmt.Fprintln(tw, strings.Join(r, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}
