package main

import (
	"context"
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
	"plantroom/services/report"
	"plantroom/services/store"
)

// statementFlags are those of all that is done with a statement.
type statementFlags struct {
	contract, month string
	json, csv       bool
	html            string
	line, why       string
	by, whom        string // of the office, and of the contractor
}

func (f *statementFlags) parse(args []string) (rest []string, err error) {
	fs := flag.NewFlagSet("statement", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&f.contract, "contract", "", "")
	fs.StringVar(&f.month, "month", "", "")
	fs.BoolVar(&f.json, "json", false, "")
	fs.BoolVar(&f.csv, "csv", false, "")
	fs.StringVar(&f.html, "html", "", "")
	fs.StringVar(&f.line, "line", "", "")
	fs.StringVar(&f.by, "by", "", "")
	fs.StringVar(&f.whom, "of", "", "")
	fs.StringVar(&f.why, "reason", "", "")
	return interspersed(fs, args)
}

// interspersed parses flags that may stand before and behind other arguments.
func interspersed(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, usageError{fmt.Errorf("%w; plantroom help lists the flags", err)}
		}
		if args = fs.Args(); len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// statement shows a statement, or does something about one.
func statement(args []string, out io.Writer) error {
	var f statementFlags
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	var do report.Step
	if len(rest) == 2 && slices.Contains(report.Steps(), report.Step(rest[0])) {
		do, rest = report.Step(rest[0]), rest[1:]
	}
	if len(rest) != 1 || f.contract == "" || f.month == "" {
		return usageError{errors.New("a statement wants the server's file, --contract and --month; plantroom help shows how")}
	}
	month, err := report.ParseMonth(f.month)
	if err != nil {
		return usageError{err}
	}
	cfg, err := load(rest[0])
	if err != nil {
		return err
	}
	house, err := report.NewHouse(cfg.Estate, app.Domains())
	if err != nil {
		return err
	}
	if _, err := house.Offers([]plantroom.ContractID{plantroom.ContractID(f.contract)}); err != nil {
		return asUsage(err) // before it is said that nothing is recorded yet
	}
	ctx := context.Background()
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	now := plantroom.At(time.Now())
	if do != "" {
		return f.act(ctx, s, cfg, house, month, now, report.Request{Do: do}, out)
	}
	var st report.Statement
	err = s.View(ctx, func(tx plantroom.Tx) (err error) {
		st, err = house.Statement(tx, plantroom.ContractID(f.contract), month, now)
		return err
	})
	if err != nil {
		return asUsage(err)
	}
	return f.write(&st, house.Zone, cfg.Web.PublicURL, out)
}

func (f *statementFlags) write(st *report.Statement, zone *time.Location, pages string, out io.Writer) error {
	switch {
	case f.json:
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(st)
	case f.csv:
		return st.CSV(out, zone)
	case f.html != "":
		return writeFile(f.html, out, func(w io.Writer) error { return st.HTML(w, zone, strings.TrimRight(pages, "/")) })
	}
	return st.Text(out, zone)
}

// writeFile writes a file whole, or leaves what was there.
func writeFile(path string, out io.Writer, write func(io.Writer) error) error {
	file, err := os.Create(path + ".new")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(file.Name()))
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	fmt.Fprintln(out, "wrote", path)
	return nil
}

// act takes a step about a statement.
func (f *statementFlags) act(ctx context.Context, s *store.SQLite, cfg *config.Config, house *report.House, month report.Month, now plantroom.Instant, r report.Request, out io.Writer) error {
	if err := mayDecide(cfg.Estate, f.by); err != nil {
		return usageError{err}
	}
	r.Actor, r.Line, r.Reason, r.By = "person:"+f.by, f.line, f.why, f.whom
	err := s.Update(ctx, func(tx plantroom.Tx) error {
		_, err := house.Do(tx, plantroom.ContractID(f.contract), month, now, r)
		return err
	})
	if err != nil {
		return asUsage(err)
	}
	fmt.Fprintf(out, "noted in the ledger: %s, statement of %s for %s\n", r.Do, f.contract, month)
	return nil
}

// mayDecide checks that somebody decides who may.
func mayDecide(e plantroom.Estate, by string) error {
	var may []string
	for _, p := range e.People {
		if p.Role == "manager" || p.Role == "engineer" {
			if string(p.ID) == by {
				return nil
			}
			may = append(may, string(p.ID))
		}
	}
	return fmt.Errorf("--by %q is not a manager or an engineer of the estate: use one of %s", by, strings.Join(may, ", "))
}

// asUsage makes what the caller can mend a fault of the command line.
func asUsage(err error) error {
	switch plantroom.CodeOf(err) {
	case plantroom.CodeNotFound, plantroom.CodeInvalid, plantroom.CodeTooLarge, plantroom.CodeConflict, plantroom.CodeTransition, plantroom.CodeExpired, plantroom.CodeForbidden:
		return usageError{err}
	}
	return err
}
