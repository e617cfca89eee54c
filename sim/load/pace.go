package load

import (
	"context"
	"time"
)

// beat is how often a pace looks at the clock. What came due since is sent at
// once, so a rate above 1/beat comes in small bursts, as traffic does.
const beat = 2 * time.Millisecond

// Pace calls send for 0, 1, 2 … n-1 at a rate per second, and flush after each
// burst. It catches up where send was slow, so that the mean rate holds. It
// ends early with the context or with the first error.
func Pace(ctx context.Context, rate float64, n int, send func(i int) error, flush func() error) error {
	t := time.NewTicker(beat)
	defer t.Stop()
	begin := time.Now()
	for i := 0; i < n; {
		due := min(n, due(rate, time.Since(begin)))
		if i < due {
			for ; i < due; i++ {
				if err := send(i); err != nil {
					return err
				}
			}
			if err := flush(); err != nil {
				return err
			}
		}
		if i == n {
			break
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// due is how many calls a rate asks for within a time: the first at once.
func due(rate float64, elapsed time.Duration) int {
	return 1 + int(rate*elapsed.Seconds())
}
