package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/app"
	"plantroom/services/app/config"
	"plantroom/sim/backfill"
	"plantroom/sim/scenario"
)

// backfillCommand is "plantroom-sim backfill".
type backfillCommand struct {
	weeks int
	seed  uint64
	once  bool
}

// maxWeeks is the longest past before the day: three years.
const maxWeeks = 156

func (c *backfillCommand) flags(fs *flag.FlagSet) {
	fs.IntVar(&c.weeks, "weeks", 13, "")
	fs.Uint64Var(&c.seed, "seed", 1, "")
	fs.BoolVar(&c.once, "once", false, "")
}

func (c *backfillCommand) run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 || c.weeks < 0 || c.weeks > maxWeeks {
		return usageError{fmt.Errorf("backfill: give the server's file (plantroom.yaml) and --weeks from 0 to %d", maxWeeks)}
	}
	cfg, err := config.Load(args[0], app.Known())
	if errors.As(err, new(yamldoc.Faults)) || plantroom.CodeOf(err) == plantroom.CodeNotFound {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "make the data directory", Message: cfg.Data, Hint: "make it writable for this user", Err: err}
	}
	now := plantroom.At(time.Now().Truncate(time.Second))
	fmt.Fprintf(out, "%d weeks of lift faults, and then a day, sensor by sensor; this takes some minutes\n", c.weeks)
	r, err := backfill.Run(ctx, backfill.Options{Config: cfg, Now: now, Weeks: c.weeks, Seed: c.seed, Tell: hourly(out),
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	switch {
	case plantroom.CodeOf(err) == plantroom.CodeConflict && c.once:
		fmt.Fprintln(out, "there are orders already: nothing was written")
		return nil
	case plantroom.CodeOf(err) == plantroom.CodeInvalid:
		return usageError{err}
	case err != nil:
		return err
	}
	n := r.Numbers
	fmt.Fprintf(out, "done in %s: %d readings, %d points in InfluxDB, %d incidents, %d orders\n", time.Duration(r.Took).Round(time.Second), n.Accepted, n.Stored, n.Incidents, n.Orders)
	return nil
}

// hourly says each hour of the day that is behind it.
func hourly(out io.Writer) func(scenario.Line) {
	said := 0
	return func(l scenario.Line) {
		for ; said < int(time.Duration(l.Since)/time.Hour); said++ {
			fmt.Fprintf(out, "%2d of 24 hours\n", said+1)
		}
	}
}
