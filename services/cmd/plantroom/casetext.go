package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"plantroom"
)

// caseText is a case as it is shown in a terminal.
type caseText struct{ plantroom.Case }

// bookView is a playbook of cases as the API gives it.
type bookView struct {
	Case     string                  `json:"case"`
	Kind     string                  `json:"kind"`
	Class    string                  `json:"class,omitempty"`
	Title    plantroom.Text          `json:"title"`
	Within   plantroom.Duration      `json:"within"`
	Hours    string                  `json:"hours"`
	Keep     plantroom.Duration      `json:"keep"`
	Source   string                  `json:"source"`
	Sure     string                  `json:"sure"`
	Private  bool                    `json:"private"`
	Never    []plantroom.Text        `json:"never"`
	Steps    []json.RawMessage       `json:"steps"`
	Outcomes []plantroom.CaseOutcome `json:"outcomes"`
}

// plainText keeps what somebody wrote from moving the cursor or colouring the screen.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

func moment(at plantroom.Instant, zone *time.Location) string {
	if at.IsZero() {
		return "–"
	}
	return at.Time().In(zone).Format("2006-01-02 15:04")
}

// aligned writes a table whose columns stand below each other.
func aligned(out io.Writer, head string, rows func(tw io.Writer)) error {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, head)
	rows(tw)
	return tw.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func (f *caseFlags) table(items []json.RawMessage) error {
	type item struct {
		ID          string
		State       string
		Playbook    string
		Responsible string
		Opened      plantroom.Instant
		Deadline    plantroom.Instant
		Next        string
		NextDue     plantroom.Instant `json:"next_due"`
		Late        []string
		Outcome     string
	}
	var list []item
	for _, raw := range items {
		var i item
		if err := json.Unmarshal(raw, &i); err != nil {
			return err
		}
		list = append(list, i)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(f.out, "no cases")
		return err
	}
	return aligned(f.out, "CASE\tSTATE\tPLAYBOOK\tRESPONSIBLE\tOPENED\tBY\tNEXT\tDUE\tLATE", func(tw io.Writer) {
		for _, i := range list {
			state := i.State
			if i.Outcome != "" {
				state += " (" + i.Outcome + ")"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.ID, state, i.Playbook, orDash(i.Responsible), moment(i.Opened, f.zone()), moment(i.Deadline, f.zone()),
				orDash(i.Next), moment(i.NextDue, f.zone()), orDash(strings.Join(i.Late, ", ")))
		}
	})
}

func (f *caseFlags) books(list []bookView) error {
	return aligned(f.out, "PLAYBOOK\tKIND\tTITLE\tWITHIN\tKEPT\tTIMES\tOUTCOMES", func(tw io.Writer) {
		for _, p := range list {
			var ends []string
			for _, o := range p.Outcomes {
				ends = append(ends, o.ID)
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s (%s)\t%s\t%s\t%s\n", p.Case, p.Kind, plainText(p.Title.En), p.Within, p.Hours, p.Keep, p.Sure, strings.Join(ends, ", "))
		}
	})
}

// stands says in a line how a case stands.
func (c *caseText) stands(zone *time.Location) string {
	switch {
	case !c.Forgotten.IsZero():
		return "forgotten"
	case c.State == plantroom.CaseClosed:
		return fmt.Sprintf("closed with the outcome %s, forgotten on %s", c.Outcome, moment(c.Forget, zone))
	case c.Responsible == "":
		return fmt.Sprintf("open until %s, and nobody is responsible", moment(c.Deadline.At, zone))
	}
	return fmt.Sprintf("open until %s, %s is responsible", moment(c.Deadline.At, zone), c.Responsible)
}

func (c *caseText) write(out io.Writer, zone *time.Location) error {
	fmt.Fprintf(out, "%s  %s\n%s\n", c.ID, plainText(c.Title.En), c.stands(zone))
	var zones []string
	for _, z := range c.Zones {
		zones = append(zones, string(z))
	}
	for _, line := range [][2]string{{"about", strings.Join(zones, ", ")}, {"asset", string(c.Asset)}, {"order", string(c.Order)}, {"contact", c.Contact}, {"text", c.Text}} {
		if line[1] != "" {
			fmt.Fprintf(out, "%-9s%s\n", line[0], plainText(line[1]))
		}
	}
	fmt.Fprintf(out, "%-9s%s by %s\n", "opened", moment(c.Opened, zone), c.By)
	for _, never := range c.Never {
		fmt.Fprintf(out, "%-9s%s\n", "never", plainText(never.En))
	}
	fmt.Fprintln(out)
	err := aligned(out, "STEP\tROLE\tPROOF\tDUE\tDONE\tBY\tWHAT", func(tw io.Writer) {
		for i := range c.Tasks {
			t := &c.Tasks[i]
			due := moment(t.Due.At, zone)
			switch {
			case t.Done.IsZero() && t.From.IsZero():
				due = "after " + t.After
			case t.Done.IsZero() && !t.Due.Told.IsZero():
				due += " LATE"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, orDash(t.Role), t.Proof, due, moment(t.Done, zone), orDash(string(t.By)),
				strings.ReplaceAll(plainText(t.Title.En), "\n", " "))
		}
	})
	if err != nil {
		return err
	}
	for i := range c.Tasks {
		if t := &c.Tasks[i]; t.With+t.Note+t.Ref != "" {
			fmt.Fprintf(out, "\n%s: %s", t.ID, plainText(strings.Join(nonEmpty(t.With, t.Note, t.Ref), " · ")))
		}
	}
	for _, n := range c.Notes {
		to := ""
		if n.To != "" {
			to = " to " + n.To + ", " + n.How
		}
		fmt.Fprintf(out, "\n%s  %s by %s%s: %s", moment(n.At, zone), n.Kind, n.By, plainText(to), plainText(n.Text))
	}
	var ends []string
	for _, o := range c.Outcomes {
		end := o.ID
		if len(o.Needs) > 0 {
			end += " (needs " + strings.Join(o.Needs, ", ") + ")"
		}
		ends = append(ends, end)
	}
	_, err = fmt.Fprintf(out, "\n\noutcomes: %s\n", strings.Join(ends, "; "))
	return err
}

func nonEmpty(all ...string) (some []string) {
	for _, s := range all {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}

// showRecord prints the ledger of a case, and what does not agree with it.
func (f *caseFlags) showRecord(ctx context.Context, path string) error {
	var record struct {
		Items []struct {
			Seq   int64             `json:"seq"`
			At    plantroom.Instant `json:"at"`
			Kind  string            `json:"kind"`
			Actor string            `json:"actor"`
			Body  json.RawMessage   `json:"body"`
		} `json:"items"`
		Checked  bool     `json:"checked"`
		Findings []string `json:"findings"`
	}
	if err := f.read(ctx, path, &record); err != nil {
		return err
	}
	if f.json {
		return writeJSON(f.out, record)
	}
	err := aligned(f.out, "ROW\tAT\tKIND\tACTOR\tWHAT", func(tw io.Writer) {
		for _, r := range record.Items {
			fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\n", r.Seq, moment(r.At, f.zone()), r.Kind, r.Actor, plainText(string(r.Body)))
		}
	})
	switch {
	case err != nil:
		return err
	case !record.Checked:
		fmt.Fprintln(f.out, "the case is forgotten: what its rows commit to is gone")
	case len(record.Findings) == 0:
		fmt.Fprintln(f.out, "case and ledger bear each other out")
	default:
		for _, finding := range record.Findings {
			fmt.Fprintln(f.out, plainText(finding))
		}
		return errBroken
	}
	return nil
}
