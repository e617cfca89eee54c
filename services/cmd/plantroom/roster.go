package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/app/config"
	"plantroom/services/calendarlink"
	"plantroom/services/report"
	"plantroom/services/roster"
)

// rosterFlags are those of all that is done with a roster.
type rosterFlags struct {
	days               int
	json               bool
	person, contractor string
	out                string
	renew, revoke      bool
}

func (f *rosterFlags) parse(args []string) (rest []string, err error) {
	fs := flag.NewFlagSet("roster", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.IntVar(&f.days, "days", 0, "")
	fs.BoolVar(&f.json, "json", false, "")
	fs.StringVar(&f.person, "person", "", "")
	fs.StringVar(&f.contractor, "contractor", "", "")
	fs.StringVar(&f.out, "o", "", "")
	fs.BoolVar(&f.renew, "new", false, "")
	fs.BoolVar(&f.revoke, "revoke", false, "")
	if rest, err = interspersed(fs, args); err != nil {
		return nil, err
	}
	if f.days < 0 || f.days > roster.MaxDays {
		return nil, usageError{fmt.Errorf("--days %d is not 1 to %d", f.days, roster.MaxDays)}
	}
	return rest, nil
}

// within is the number of days that was asked for, or else the usual one.
func (f *rosterFlags) within(usual int) int {
	if f.days == 0 {
		return usual
	}
	return f.days
}

// showRoster shows who is on duty, or does something with that.
func showRoster(args []string, out io.Writer) error {
	var f rosterFlags
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	do := "show"
	if len(rest) > 1 {
		do, rest = rest[0], rest[1:]
	}
	wanted := 1
	if do == "import" {
		wanted = 2
	}
	if len(rest) != wanted || !slices.Contains([]string{"show", "export", "import", "link"}, do) {
		return usageError{errors.New("a roster is shown by its file, or exported, imported or linked to; plantroom help shows how")}
	}
	cfg, err := load(rest[0])
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(cfg.Estate.Zone)
	if err != nil {
		return err
	}
	now := plantroom.At(time.Now())
	switch do {
	case "export":
		return f.export(cfg, zone, now, out)
	case "import":
		return f.take(cfg, rest[1], zone, now, out)
	case "link":
		return f.link(cfg, rest[0], out)
	}
	return f.show(cfg, zone, now, out)
}

func (f *rosterFlags) show(cfg *config.Config, zone *time.Location, now plantroom.Instant, out io.Writer) error {
	look := roster.Look(&cfg.Estate, zone, now, f.within(30))
	if f.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(look)
	}
	return writeRoster(out, look, zone)
}

// writeRoster writes a table, and what is wrong below it.
func writeRoster(out io.Writer, look roster.Outlook, zone *time.Location) error {
	rows := [][]string{{"from", "to", "contractor", "on duty", "by"}}
	for _, l := range look.Duties {
		who, by := l.Name, l.By
		switch {
		case l.Person == "":
			who = "NOBODY"
		case l.Of != "":
			by += ", for " + string(l.Of)
		}
		rows = append(rows, []string{wallTime(l.From, zone), wallTime(l.To, zone), string(l.Contractor), who, by})
	}
	if err := report.Columns(out, rows); err != nil {
		return err
	}
	for _, n := range look.Findings {
		grade := "warning"
		if n.Error {
			grade = "error"
		}
		if _, err := fmt.Fprintf(out, "%s: %s: %s; %s\n", grade, strings.ReplaceAll(strings.TrimPrefix(n.Path, "/"), "/", "."), n.Problem, n.Remedy); err != nil {
			return err
		}
	}
	return nil
}

func wallTime(at plantroom.Instant, zone *time.Location) string {
	return at.Time().In(zone).Format("Mon 2006-01-02 15:04 MST")
}

// whose says of whom the calendar is that was asked for.
func (f *rosterFlags) whose(e *plantroom.Estate) (calendarlink.Whose, error) {
	switch {
	case (f.person == "") == (f.contractor == ""):
		return calendarlink.Whose{}, usageError{errors.New("a calendar is of one: give --person or --contractor")}
	case f.person != "":
		if !slices.ContainsFunc(e.People, func(p plantroom.Person) bool { return string(p.ID) == f.person }) {
			return calendarlink.Whose{}, usageError{fmt.Errorf("the estate has no person %q", f.person)}
		}
		return calendarlink.Whose{Kind: calendarlink.Person, ID: f.person}, nil
	}
	_, err := f.firm(e)
	return calendarlink.Whose{Kind: calendarlink.Contractor, ID: f.contractor}, err
}

func (f *rosterFlags) firm(e *plantroom.Estate) (*plantroom.Contractor, error) {
	for i := range e.Contractors {
		if string(e.Contractors[i].ID) == f.contractor {
			return &e.Contractors[i], nil
		}
	}
	return nil, usageError{fmt.Errorf("the estate has no contractor %q: give --contractor", f.contractor)}
}

// export writes a calendar. When the roster was last changed is when its file
// was.
func (f *rosterFlags) export(cfg *config.Config, zone *time.Location, now plantroom.Instant, out io.Writer) error {
	if _, err := f.whose(&cfg.Estate); err != nil {
		return err
	}
	info, err := os.Stat(cfg.EstateFile)
	if err != nil {
		return err
	}
	c, err := roster.Feed(&cfg.Estate, plantroom.PersonID(f.person), plantroom.ContractorID(f.contractor), zone, now, plantroom.At(info.ModTime()), f.within(roster.FeedAhead))
	if err != nil {
		return err
	}
	if f.out != "" {
		return writeFile(f.out, out, func(w io.Writer) error { _, err := w.Write(c.Bytes()); return err })
	}
	_, err = out.Write(c.Bytes())
	return err
}

// link opens, replaces or closes the link to a calendar.
func (f *rosterFlags) link(cfg *config.Config, file string, out io.Writer) error {
	book := app.Calendars(cfg.Data)
	if f.revoke { // also of somebody who has left the estate's file
		w := calendarlink.Whose{Kind: calendarlink.Person, ID: f.person}
		if f.contractor != "" {
			w = calendarlink.Whose{Kind: calendarlink.Contractor, ID: f.contractor}
		}
		if err := book.Close(w); err != nil {
			return asUsage(err)
		}
		fmt.Fprintln(out, "the link of", w, "is void")
		return nil
	}
	w, err := f.whose(&cfg.Estate)
	if err != nil {
		return err
	}
	token, err := book.Open(w, f.renew)
	if err != nil {
		return asUsage(err)
	}
	base := strings.TrimRight(cfg.Web.PublicURL, "/")
	if base == "" {
		base = "http://" + cfg.Web.Listen
	}
	fmt.Fprintf(out, "%s/calendar/%s.ics\n", base, token)
	fmt.Fprintf(out, "This is shown once. Whoever has it sees when %s is on duty; plantroom roster link %s --%s %s --revoke voids it.\n", w.ID, file, w.Kind, w.ID)
	return nil
}
