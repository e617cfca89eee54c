package main

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"time"
)

// governor lets a gateway in which little happens do with one processor. With
// more, each message that wakes it wakes a second thread as well, which finds
// nothing to do: a sixth of the time that a quiet gateway uses.
type governor struct {
	all   bool
	quiet int // looks in a row that found it quiet
}

const (
	governEvery = time.Second
	// busyAbove is from which part of one processor on all of them are used, and
	// quietLooks how many looks have to find less before it is one again.
	busyAbove  = 0.2
	quietLooks = 10
)

// look is told which part of one processor the process has used since the last
// look, and says whether all processors are to be used, and whether that is
// new.
func (g *governor) look(used float64) (all, changed bool) {
	was := g.all
	if used >= busyAbove {
		g.all, g.quiet = true, 0
	} else if g.quiet++; g.quiet >= quietLooks {
		g.all = false
	}
	return g.all, g.all != was
}

// govern runs a governor until ctx ends. GOMAXPROCS in the environment
// overrides it.
func govern(ctx context.Context) {
	if os.Getenv("GOMAXPROCS") != "" || runtime.NumCPU() == 1 {
		return
	}
	g, last, at := governor{}, processTime(), time.Now()
	runtime.GOMAXPROCS(1)
	defer runtime.SetDefaultGOMAXPROCS()
	t := time.NewTicker(governEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			used := processTime()
			all, changed := g.look(float64(used-last) / float64(max(now.Sub(at), 1)))
			last, at = used, now
			switch {
			case changed && all:
				runtime.SetDefaultGOMAXPROCS()
			case changed:
				runtime.GOMAXPROCS(1)
			}
		}
	}
}

// processTime is the processor time of this process so far, all threads
// together; 0 where the system does not say.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
