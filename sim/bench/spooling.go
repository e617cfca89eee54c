package bench

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/gateway/spool"
)

// What goes through the spool in one run.
const (
	spoolRecords = 1_000_000
	spoolRecord  = 150 // bytes, what a long reading takes
	spoolCallers = 4
	spoolRead    = 1_000 // records in one Read: a batch of the uplink
)

func spooling() Measurement {
	return Measurement{
		Name: "spool",
		Figures: []Figure{
			{Name: "spool, appended", Unit: "readings/s", Sense: AtLeast, Target: 500_000,
				How: "1,000,000 records of 150 bytes submitted one by one by 4 goroutines, default linger and group size, until the last fsync has returned"},
			{Name: "spool, drained", Unit: "readings/s", Sense: AtLeast, Target: 300_000,
				How: "the same records read 1,000 at a time and trimmed behind each read, as the uplink does"},
		},
		Begin: func(_ context.Context, e *Env, _ int) (Run, error) {
			dir, err := e.scratch("spool")
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, n int) ([]float64, error) {
				return throughSpool(ctx, filepath.Join(dir, strconv.Itoa(n)))
			}, nil
		},
	}
}

func throughSpool(ctx context.Context, dir string) ([]float64, error) {
	s, _, err := spool.Open(spool.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	begin := time.Now()
	if err := submitAll(s); err != nil {
		return nil, err
	}
	appended := time.Since(begin)
	begin = time.Now()
	if err := drainAll(ctx, s); err != nil {
		return nil, err
	}
	return []float64{spoolRecords / appended.Seconds(), spoolRecords / time.Since(begin).Seconds()}, nil
}

// submitAll submits all records and waits until all are durable.
func submitAll(s *spool.Spool) error {
	var durable sync.WaitGroup
	var failed atomic.Pointer[error]
	done := func(_ uint64, err error) {
		if err != nil {
			failed.Store(&err)
		}
		durable.Done()
	}
	var callers sync.WaitGroup
	durable.Add(spoolRecords)
	for range spoolCallers {
		callers.Go(func() {
			record := make([]byte, spoolRecord)
			for range spoolRecords / spoolCallers {
				if err := s.Submit(record, done); err != nil {
					done(0, err)
				}
			}
		})
	}
	callers.Wait()
	durable.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// drainAll reads and trims all records.
func drainAll(ctx context.Context, s *spool.Spool) error {
	const mostBytes = 1 << 20
	for next := uint64(1); next <= spoolRecords; {
		if err := ctx.Err(); err != nil {
			return err
		}
		first, recs, err := s.Read(next, spoolRead, mostBytes)
		if err != nil {
			return err
		}
		if first != next || len(recs) == 0 {
			return plantroom.Errorf(plantroom.CodeInternal, "the spool gives %d records from %d on, not those from %d on", len(recs), first, next)
		}
		next += uint64(len(recs))
		if err := s.Trim(next - 1); err != nil {
			return err
		}
	}
	return nil
}
