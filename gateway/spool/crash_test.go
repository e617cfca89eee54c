package spool_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

// day is a scripted run: records in groups of different sizes, over several
// segments, trimmed now and then, with a proper stop in between. It ends
// early when the machine stops.
func day(t *testing.T, fs *faultfs.FS, l *ledger) {
	for range 2 {
		s, _, err := spool.Open(small(fs))
		if err != nil {
			return
		}
		for i := range 14 {
			recs := l.payloads(1 + i%4)
			first, err := s.Append(t.Context(), recs...)
			if err == nil {
				l.accept(t, first, recs...)
			}
			if i%5 == 4 {
				l.trimmed = max(l.trimmed, first/2)
				_ = s.Trim(l.trimmed)
			}
		}
		_ = s.Close()
	}
}

// A crash after any single operation loses nothing that was accepted,
// whatever becomes of the unsynced writes; and the spool goes on.
func TestCrashAfterEveryOperation(t *testing.T) {
	whole := faultfs.New()
	day(t, whole, newLedger())
	total := whole.Ops()
	if total < 100 {
		t.Fatalf("the script does only %d operations", total)
	}
	tearings := 12
	if testing.Short() {
		tearings = 3
	}
	for _, tc := range []struct {
		name  string
		loss  faultfs.Loss
		seeds int
	}{{"killed", faultfs.KeepAll, 1}, {"unsynced writes lost", faultfs.LoseAll, 1}, {"torn", faultfs.Torn, tearings}} {
		t.Run(tc.name, func(t *testing.T) {
			for stop := 1; stop <= total; stop++ {
				for seed := range tc.seeds {
					crashOnce(t, stop, uint64(seed), tc.loss)
				}
			}
		})
	}
}

func crashOnce(t *testing.T, stop int, seed uint64, loss faultfs.Loss) {
	fs, l := faultfs.New(), newLedger()
	rng := rand.New(rand.NewPCG(uint64(stop), seed))
	fs.StopAfter(stop)
	day(t, fs, l)

	torn := false
	for boot := range 3 {
		fs = fs.Crash(loss, rng)
		torn = torn || loss == faultfs.Torn
		loss = faultfs.Loss(rng.IntN(3)) // of the crash after this boot
		s, rec, err := spool.Open(small(fs))
		if err != nil {
			t.Fatalf("stop %d seed %d boot %d: Open: %v", stop, seed, boot, err)
		}
		at := scoped{t, fmt.Sprintf("stop %d seed %d boot %d: ", stop, seed, boot)}
		if !torn && (len(rec.Gaps) > 0 || len(rec.SetAside) > 0) {
			at.Fatalf("a plain crash was taken for damage: %+v", rec)
		}
		if rec.NewEpoch && len(l.accepted) > 0 {
			at.Fatalf("a new epoch although records had been accepted: %+v", rec)
		}
		l.check(at, s, false)
		l.offered(at, s)
		recs := l.payloads(3)
		first, err := s.Append(t.Context(), recs...)
		if err != nil {
			at.Fatalf("Append after recovery: %v", err)
		}
		l.accept(at, first, recs...)
		l.check(at, s, false)
		fs.Stop() // the next boot follows another crash
		if err := s.Close(); !errors.Is(err, faultfs.ErrStopped) {
			at.Fatalf("Close on a dead machine: %v", err)
		}
	}
}

// scoped puts the place before a failure's text.
type scoped struct {
	failer
	where string
}

func (s scoped) Fatalf(format string, args ...any) {
	s.Helper()
	s.failer.Fatalf(s.where+format, args...)
}
