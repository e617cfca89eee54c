package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/roster"
)

// Comparison holds what a past came to, and would have come to under offers.
type Comparison struct {
	From        plantroom.Instant  `json:"from"`
	To          plantroom.Instant  `json:"to"`
	Zone        string             `json:"zone"`
	Currency    string             `json:"currency"`
	Goal        plantroom.Duration `json:"goal"`
	Unproved    int                `json:"unproved"` // episodes left out
	Recorded    Result             `json:"recorded"`
	Results     []Result           `json:"results"`
	Assumptions []string           `json:"assumptions"`
}

// Compare tries offers on a past. Episodes that none of them covers are left out.
func (h *House) Compare(p Past, offers []Offer, goal time.Duration) (Comparison, error) {
	uncovered := func(c Case) bool {
		return !slices.ContainsFunc(offers, func(o Offer) bool { return covers(&o.Contract, &c) })
	}
	p.Cases = slices.DeleteFunc(slices.Clone(p.Cases), uncovered)
	p.left = slices.DeleteFunc(slices.Clone(p.left), uncovered)
	c := Comparison{From: p.From, To: p.To, Zone: h.Estate.Zone, Currency: h.Estate.Currency, Goal: plantroom.Duration(goal), Unproved: len(p.left),
		Recorded: p.Recorded(goal), Assumptions: assumptions()}
	for i := range offers {
		r, err := h.Replay(&p, &offers[i], goal)
		if err != nil {
			return c, err
		}
		c.Results = append(c.Results, r)
	}
	return c, nil
}

// assumptions are what a replay takes for granted.
func assumptions() []string {
	return []string{
		"The faults are those of the record, whoever had repaired them; a contract counts as in force all the time.",
		fmt.Sprintf("Who is on the estate is at the asset after %s, an estimate; anybody else after the contract's travel. Whoever is free and on duty by the roster goes at once.", plantroom.Duration(roster.OnSiteWalk)),
		"One technician sees to one asset at a time, in the order of the faults; nobody leaves a job for a graver one. Whoever is at an asset sees to its other faults too.",
		"A repair takes as long as it took in the record, from the arrival to the sensor's proof.",
		"Where nobody arrived before the proof, the fault was over when it was over in the record: it went by itself, or was put right from afar. Nobody is charged for having been on the way.",
		"Somebody accepts the order as soon as somebody did in the record, and at the latest on arrival.",
		"Windows are those of the contract, of the law and of the house, as for real orders; penalties only for the contract's own, month by month with its bound. Nothing pauses. A fault that comes back within a contract's reopen time goes on with its restore window, unless the contract says otherwise.",
		"A year costs the yearly price, a part of it by the days.",
	}
}

// rows are the table: a row of headings, then each figure.
func (c *Comparison) rows() [][]string {
	all := append([]Result{c.Recorded}, c.Results...)
	var rows [][]string
	add := func(what string, cell func(*Result) string, recorded bool) {
		row := []string{what}
		for i := range all {
			if i == 0 && !recorded {
				row = append(row, "")
				continue
			}
			row = append(row, cell(&all[i]))
		}
		if slices.ContainsFunc(row[1:], func(cell string) bool { return cell != "-" }) { // nobody had such a window
			rows = append(rows, row)
		}
	}
	add("", func(r *Result) string { return string(r.Contract) }, true)
	add("faults", func(r *Result) string { return strconv.Itoa(r.Covered) }, true)
	add("over within "+c.Goal.String(), func(r *Result) string { return part(r.WithinGoal, r.Covered) }, true)
	for _, kind := range []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore} {
		add("windows kept: "+string(kind), func(r *Result) string { return part(r.Kept[kind], r.Kept[kind]+r.Missed[kind]) }, true)
	}
	add("somebody is there after (median)", func(r *Result) string { return length(r.Arrival) }, true)
	add("a fault lasts (median)", func(r *Result) string { return length(r.Median) }, true)
	add("19 of 20 are over after", func(r *Result) string { return length(r.P95) }, true)
	add("the longest", func(r *Result) string { return length(r.Longest) }, true)
	add("downtime together", func(r *Result) string { return length(r.Downtime) }, true)
	if c.some(func(r *Result) bool { return r.Unattended > 0 }) {
		add("faults to which nobody would come", func(r *Result) string { return strconv.Itoa(r.Unattended) }, false)
	}
	if c.some(func(r *Result) bool { return r.Uncovered > 0 }) {
		add("faults that it does not cover", func(r *Result) string { return strconv.Itoa(r.Uncovered) }, false)
	}
	add("yearly price", func(r *Result) string { return Money(r.Fixed) }, false)
	add("call-outs", func(r *Result) string { return fmt.Sprintf("%s (%d)", Money(r.CallOuts), r.Visits) }, false)
	add("work by the hour", func(r *Result) string { return fmt.Sprintf("%s (%s)", Money(r.Work), length(r.Hours)) }, false)
	add("penalties", func(r *Result) string { return Money(-r.Penalties) }, false)
	add("total, "+c.Currency, func(r *Result) string { return Money(r.Total) }, false)
	return rows
}

func (c *Comparison) some(has func(*Result) bool) bool {
	return slices.ContainsFunc(c.Results, func(r Result) bool { return has(&r) })
}

// part is "3 of 4 (75 %)", a percentage never being rounded up to 100.
func part(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d (%d %%)", n, of, n*100/of)
}

func (c *Comparison) title(zone *time.Location) string {
	return fmt.Sprintf("%s to %s (%s)", clock(c.From, zone)[:10], clock(c.To-1, zone)[:10], c.Zone)
}

// Text writes the comparison for a terminal.
func (c *Comparison) Text(w io.Writer, zone *time.Location) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The faults from %s under each contract\n\n", c.title(zone))
	rows := c.rows()
	right := make([]int, len(rows[0])-1)
	for i := range right {
		right[i] = i + 1
	}
	if err := columns(&b, rows, right...); err != nil {
		return err
	}
	b.WriteString("\n")
	if c.Unproved > 0 {
		fmt.Fprintf(&b, "Left out: %d that were cancelled or are not repaired yet.\n", c.Unproved)
	}
	b.WriteString("Assumed:\n")
	for _, a := range c.Assumptions {
		fmt.Fprintf(&b, "- %s\n", a)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the table and what is assumed, for a page.
func (c *Comparison) Markdown(w io.Writer, zone *time.Location) error {
	var b strings.Builder
	for i, r := range c.rows() {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r, " | "))
		if i == 0 {
			fmt.Fprintf(&b, "|---|%s\n", strings.Repeat("--:|", len(r)-1))
		}
	}
	fmt.Fprintf(&b, "\nThe faults are those from %s.", c.title(zone))
	if c.Unproved > 0 {
		fmt.Fprintf(&b, " Left out: %d that were cancelled or are not repaired yet.", c.Unproved)
	}
	b.WriteString(" What is assumed:\n\n")
	for _, a := range c.Assumptions {
		fmt.Fprintf(&b, "- %s\n", a)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
