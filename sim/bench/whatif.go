package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/report"
	"plantroom/services/store"
	"plantroom/sim/estates"
	"plantroom/sim/year"
)

// An estate's year: 60 faults of each of the story's eight lifts, which is more
// than a dozen lifts would have, and stands for the other domains too.
const (
	whatIfEstates = 100
	whatIfFaults  = 60
)

func whatIf() Measurement {
	return Measurement{
		Name: "whatif",
		Figures: []Figure{{Name: "what-if over a year of 100 estates", Unit: "s", Sense: AtMost, Target: 10,
			How: fmt.Sprintf("a year of the story's estate with %d faults a lift, read from SQLite and replayed under two contracts, %d times", whatIfFaults, whatIfEstates)}},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			dir, err := e.scratch("whatif")
			if err != nil {
				return nil, err
			}
			estate, err := estates.Load("story")
			if err != nil {
				return nil, err
			}
			s, err := store.Open(ctx, filepath.Join(dir, "plantroom.db"))
			if err != nil {
				return nil, err
			}
			e.onStop(func() { _ = s.Close() })
			from, end, err := year.Of(estate, 2026)
			if err != nil {
				return nil, err
			}
			if err := year.Play(ctx, year.Options{Estate: estate, Store: s, From: from, To: end, Seed: 1, Faults: whatIfFaults}); err != nil {
				return nil, err
			}
			house, err := report.NewHouse(estate, app.Domains())
			if err != nil {
				return nil, err
			}
			offers, err := house.Offers([]plantroom.ContractID{"quicklift-2026", "grandlift-2026"})
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, _ int) ([]float64, error) {
				begin := time.Now()
				for range whatIfEstates {
					if err := compareOnce(ctx, s, house, offers, from, end); err != nil {
						return nil, err
					}
				}
				return []float64{time.Since(begin).Seconds()}, nil
			}, nil
		},
	}
}

func compareOnce(ctx context.Context, s plantroom.Store, house *report.House, offers []report.Offer, from, to plantroom.Instant) error {
	var past report.Past
	err := s.View(ctx, func(tx plantroom.Tx) (err error) {
		past, err = house.Past(tx, from, to, to)
		return err
	})
	if err != nil {
		return err
	}
	c, err := house.Compare(past, offers, 30*time.Minute)
	if err == nil && c.Recorded.Covered < 100 {
		err = plantroom.Errorf(plantroom.CodeInternal, "only %d faults were compared", c.Recorded.Covered)
	}
	return err
}
