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
	"plantroom/services/estate"
	"plantroom/services/report"
)

// contracts gathers a flag that may stand several times.
type contracts []string

func (c *contracts) String() string { return strings.Join(*c, ", ") }

func (c *contracts) Set(s string) error {
	*c = append(*c, s)
	return nil
}

// whatIf replays what has happened against other contracts.
func whatIf(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("whatif", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	var named contracts
	fs.Var(&named, "contract", "")
	from, to := fs.String("from", "", ""), fs.String("to", "", "")
	goal := fs.Duration("goal", 30*time.Minute, "")
	asJSON := fs.Bool("json", false, "")
	rest, err := interspersed(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 || len(named) == 0 || *from == "" || *to == "" {
		return usageError{errors.New("a what-if wants the server's file, --contract, --from and --to; plantroom help shows how")}
	}
	cfg, err := load(rest[0])
	if err != nil {
		return err
	}
	e, ids, err := alternatives(cfg.Estate, named)
	if err != nil {
		return err
	}
	house, err := report.NewHouse(e, app.Domains())
	if err != nil {
		return err
	}
	begin, end, err := days(*from, *to, house.Zone)
	if err != nil {
		return usageError{err}
	}
	offers, err := house.Offers(ids)
	if err != nil {
		return asUsage(err)
	}
	ctx := context.Background()
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	var past report.Past
	err = s.View(ctx, func(tx plantroom.Tx) (err error) {
		past, err = house.Past(tx, begin, end, plantroom.At(time.Now()))
		return err
	})
	if err != nil {
		return err
	}
	c, err := house.Compare(past, offers, *goal)
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(c)
	}
	return c.Text(out, house.Zone)
}

// alternatives takes each --contract for a contract of the estate, or else for a
// file with offers, and returns the estate with these, and all ids.
func alternatives(e plantroom.Estate, named []string) (plantroom.Estate, []plantroom.ContractID, error) {
	var ids []plantroom.ContractID
	for _, name := range named {
		if slices.ContainsFunc(e.Contracts, func(c plantroom.Contract) bool { return string(c.ID) == name }) {
			ids = append(ids, plantroom.ContractID(name))
			continue
		}
		if _, err := os.Stat(name); err != nil {
			return e, nil, usageError{fmt.Errorf("--contract %s is neither a contract of the estate nor a file: %w", name, err)}
		}
		known := app.Known()
		known.Channels = nil // nobody is called
		more, added, err := estate.LoadOffer(name, known, e)
		if err != nil {
			return e, nil, err
		}
		e, ids = more, append(ids, added...)
	}
	return e, ids, nil
}

// days reads the first and the last day of a time, both of which belong to it.
func days(from, to string, zone *time.Location) (begin, end plantroom.Instant, err error) {
	first, err := time.ParseInLocation(time.DateOnly, from, zone)
	if err != nil {
		return 0, 0, fmt.Errorf("--from %q is not a day: write it as 2026-01-31", from)
	}
	last, err := time.ParseInLocation(time.DateOnly, to, zone)
	if err != nil {
		return 0, 0, fmt.Errorf("--to %q is not a day: write it as 2026-01-31", to)
	}
	if begin, end = plantroom.At(first), plantroom.At(last.AddDate(0, 0, 1)); begin >= end || first.Year() < 1970 || last.Year() > 2200 {
		return 0, 0, fmt.Errorf("--from %s does not lie before --to %s", from, to)
	}
	return begin, end, nil
}
