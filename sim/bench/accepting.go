package bench

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"plantroom/gateway/spool"
	"plantroom/sim/load"
)

// acceptFor is how long each rate lasts in one run.
const acceptFor = 20 * time.Second

func accepting() Measurement {
	const how = "20 s of records of 60 bytes one by one, default linger and group size: from Submit until its callback says that the fsync has returned"
	return Measurement{
		Name: "accept",
		Figures: []Figure{
			{Name: "accepted to fsync at 100/s, p99", Unit: "ms", Sense: AtMost, Target: 250, How: how},
			{Name: "the slowest of them", Unit: "ms", Sense: Recorded, How: "as above"},
			{Name: "accepted to fsync at 10,000/s, p99", Unit: "ms", Sense: AtMost, Target: 250, How: how},
			{Name: "the slowest of those", Unit: "ms", Sense: Recorded, How: "as above"},
		},
		Begin: func(_ context.Context, e *Env, _ int) (Run, error) {
			dir, err := e.scratch("accept")
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, n int) (out []float64, err error) {
				for _, rate := range []int{100, 10_000} {
					took, err := accept(ctx, filepath.Join(dir, strconv.Itoa(n)+"-"+strconv.Itoa(rate)), rate)
					if err != nil {
						return nil, err
					}
					slices.Sort(took)
					out = append(out, milliseconds(quantile(took, 0.99)), milliseconds(took[len(took)-1]))
				}
				return out, nil
			}, nil
		},
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// accept submits at a rate, and returns how long each record took.
func accept(ctx context.Context, dir string, rate int) ([]time.Duration, error) {
	s, _, err := spool.Open(spool.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	n := rate * int(acceptFor/time.Second)
	took := make([]time.Duration, n)
	var failed error
	var durable sync.WaitGroup
	record := make([]byte, 60)
	err = load.Pace(ctx, float64(rate), n, func(i int) error {
		durable.Add(1)
		begun := time.Now()
		err := s.Submit(record, func(_ uint64, err error) {
			took[i] = time.Since(begun)
			if err != nil {
				failed = err // from one goroutine
			}
			durable.Done()
		})
		if err != nil {
			durable.Done()
		}
		return err
	}, func() error { return nil })
	durable.Wait()
	if err == nil {
		err = failed
	}
	return took, err
}
