package remote_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/remote"
	"plantroom/gateway/spool/faultfs"
)

// story is what happens to a gateway: 6 is proven, 7 is proven, 8 is faulty,
// 9 cuts the gateway off. after is called behind each step.
func story(t *testing.T, k *remote.Keeper, s *site, after func()) {
	t.Helper()
	for _, n := range []uint64{6, 7, 8, 9} {
		k.Offer(s, message(t, n))
		after()
		s.ack()
		for range 3 {
			time.Sleep(remote.DefaultProbation / 2)
			k.Look(s)
		}
		after()
	}
}

func storied() *site {
	s := newSite()
	s.faults[8], s.cutOff[9] = errFaulty, true
	return s
}

// TestWheneverThePowerGoesOneOfTheTwoRuns cuts the power behind each operation
// on the disk, in each of three ways, and starts again.
func TestWheneverThePowerGoesOneOfTheTwoRuns(t *testing.T) {
	total := 0
	synctest.Test(t, func(t *testing.T) {
		fs := newFS()
		k, s := open(t, fs), storied()
		if err := k.Begin(s); err != nil {
			t.Fatal(err)
		}
		story(t, k, s, func() {})
		runs(t, s, 7)
		total = fs.Ops()
	})
	if total < 20 {
		t.Fatalf("only %d operations", total)
	}
	for n := 1; n <= total; n++ {
		for _, loss := range []faultfs.Loss{faultfs.KeepAll, faultfs.LoseAll, faultfs.Torn} {
			seeds := uint64(1)
			if loss == faultfs.Torn { // chance decides what is left
				seeds = 8
			}
			for seed := range seeds {
				synctest.Test(t, func(t *testing.T) { crashAfter(t, n, loss, rand.New(rand.NewPCG(seed, uint64(n)))) })
			}
		}
	}
}

// promise is what the world has been told while the machine still ran.
type promise struct {
	applied uint64   // the newest that was answered for as applied
	over    []uint64 // those that were refused or taken back
}

func crashAfter(t *testing.T, n int, loss faultfs.Loss, rng *rand.Rand) {
	t.Helper()
	fs := newFS()
	k, s := open(t, fs), storied()
	fs.StopAfter(n)
	var p promise
	note := func() {
		if fs.Stopped() {
			return
		}
		switch a := answer(t, k); a.Outcome {
		case wire.Applied:
			p.applied = a.Serial
		case wire.Refused, wire.Reverted:
			p.over = append(p.over, a.Serial)
		}
	}
	if err := k.Begin(s); err == nil {
		note()
		story(t, k, s, note)
	}
	fs = fs.Crash(loss, rng)
	for start := 1; start <= remote.MaxStarts+2; start++ {
		k, s = open(t, fs), storied()
		if err := k.Begin(s); err != nil {
			t.Fatalf("operation %d, loss %d, start %d: nothing runs: %v", n, loss, start, err)
		}
		switch {
		case s.running == idle, s.running == 8:
			t.Errorf("operation %d, loss %d, start %d: %d runs", n, loss, start, s.running)
		case s.running < p.applied:
			t.Errorf("operation %d, loss %d, start %d: %d runs, and %d was said to be applied", n, loss, start, s.running, p.applied)
		case s.running == 9 && start > remote.MaxStarts:
			t.Errorf("operation %d, loss %d: 9 still runs at start %d", n, loss, start)
		}
		for _, serial := range p.over {
			if s.running == serial {
				t.Errorf("operation %d, loss %d, start %d: %d runs, and was said to be over", n, loss, start, serial)
			}
		}
	}
	proven(t, k, s, 10) // and it goes on from there
}
