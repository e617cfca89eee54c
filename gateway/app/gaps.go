package app

import (
	"context"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// declareAgain is how long after a failure gaps are declared again.
const declareAgain = 30 * time.Second

// declareGaps puts what the spool found missing at this start on the road to
// the services. A disk that takes nothing now does not keep the gateway from
// starting: delivering what is there is what frees space, and meanwhile the
// services see the gaps in the numbers. It is tried again until stop.
func (a *App) declareGaps() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	left := a.declare(ctx, a.found.Gaps)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(declareAgain)
		defer t.Stop()
		for len(left) > 0 {
			select {
			case <-t.C:
				left = a.declare(ctx, left)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// declare appends gaps to the spool, and returns those that it does not take.
func (a *App) declare(ctx context.Context, gaps []plantroom.Gap) (left []plantroom.Gap) {
	for i, g := range gaps {
		b, err := wire.AppendRecord(nil, plantroom.Record{Gap: &g})
		if err == nil {
			_, err = a.spool.Append(ctx, b)
		}
		if err != nil {
			a.log.Error("lost records cannot be declared yet", "gaps", len(gaps)-i, "again_in", declareAgain, "error", err)
			return gaps[i:]
		}
	}
	return nil
}
