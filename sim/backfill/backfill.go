// Package backfill gives a Plantroom a past: the lift faults of some weeks, and a
// whole day of the story's estate, sensor by sensor, that ends now. Boards and
// pages have something to show then, before a first device is wired.
//
// It fills a database that has no orders, and InfluxDB, while no server runs. It
// adds nothing to a real past and invents nothing about an estate but the story's.
package backfill

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/app/config"
	"plantroom/services/ingest"
	"plantroom/services/store"
	"plantroom/sim/scenario"
	"plantroom/sim/year"
)

//go:embed day.yaml
var day []byte

// Options of a past.
type Options struct {
	Config *config.Config // of the server; its estate is the story's
	Now    plantroom.Instant
	Weeks  int // of lift faults before the day; 0: none
	Seed   uint64
	Tell   func(scenario.Line) // hears the day as it unfolds; nil: nobody
	Logger *slog.Logger        // of an influxd that is started; nil: no log
}

// Faults is how often a lift fails in a week: invented, fourteen times a year.
const Faults = 14.0 / 52

// Run fills database and InfluxDB. CodeConflict: the database has orders already,
// and nothing was written. CodeInvalid: the estate is another one.
func Run(ctx context.Context, o Options) (*scenario.Result, error) {
	story, err := scenario.Parse("day.yaml", day)
	if err != nil {
		return nil, err
	}
	if string(o.Config.Estate.ID) != storyEstate {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "fill in a past", Message: fmt.Sprintf("the estate is %s, and the day is one of %s", o.Config.Estate.ID, storyEstate),
			Hint: "write files for it: plantroom-sim estate story DIR"}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	start := o.Now.Add(-time.Duration(story.Length))
	database := filepath.Join(o.Config.Data, "plantroom.db")
	if err := before(ctx, o, database, start); err != nil {
		return nil, err
	}
	w, stop, err := app.WriteTo(ctx, o.Config, o.Logger)
	if err != nil {
		return nil, err
	}
	defer stop()
	return play(ctx, o, story, database, start, w)
}

// storyEstate is the id of the estate that the day is written for.
const storyEstate = "story"

// before plays the weeks before the day.
func before(ctx context.Context, o Options, database string, start plantroom.Instant) error {
	s, err := store.Open(ctx, database)
	if err != nil {
		return err
	}
	defer s.Close()
	err = s.View(ctx, func(tx plantroom.Tx) error {
		orders, err := tx.Orders(plantroom.OrderFilter{Limit: 1})
		if err == nil && len(orders) > 0 {
			return &plantroom.Error{Code: plantroom.CodeConflict, Op: "fill in a past", Message: database + " has orders already", Hint: "name a server whose data directory is empty"}
		}
		return err
	})
	if err != nil || o.Weeks == 0 {
		return err
	}
	from := start.Add(-time.Duration(o.Weeks) * 7 * 24 * time.Hour)
	return year.Play(ctx, year.Options{Estate: o.Config.Estate, Store: s, From: from, To: start, Seed: o.Seed, Faults: Faults * float64(o.Weeks)})
}

func play(ctx context.Context, o Options, story *scenario.Scenario, database string, start plantroom.Instant, w ingest.Writer) (*scenario.Result, error) {
	r, err := scenario.Play(ctx, story, scenario.Options{Seed: &o.Seed, Tell: o.Tell, Estate: &o.Config.Estate, Start: start, Database: database, Writer: w})
	if err != nil {
		return nil, fmt.Errorf("play a day that ends now: %w", err)
	}
	return r, nil
}
