package spool_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

// With PLANTROOM_FULL=1 the tests of power cuts and kills take the size that the
// promise is measured with, a million accepted readings and 250 killed
// processes; without it, one that a build can wait for.
var full = os.Getenv("PLANTROOM_FULL") == "1"

// estateLife is a spool whose power is cut again and again, between devices
// that want their readings accepted and services that acknowledge what they
// have read.
type estateLife struct {
	t    *testing.T
	rng  *rand.Rand
	fs   *faultfs.FS
	seed maphash.Seed

	waiting map[uint64]uint64 // accepted and not heard by the services: number -> hash
	heard   map[uint64]uint64 // by the services
	spare   map[uint64]bool
	stored  uint64 // the services have acknowledged up to here
	away    bool   // they do not listen

	tried, accepted, refused, dropped, cuts int
	losses                                  [3]int
}

// No reading that was accepted is lost, however often the power is cut,
// whatever becomes of unsynced writes, sizes and names, while the disk fails
// and fills up now and then, segments are packed, and spare readings make
// room: accepted − (heard by the services ∪ declared dropped) is empty.
func TestPowerCutTorture(t *testing.T) {
	want := 30_000
	if full {
		want = 1_000_000
	}
	seed := uint64(time.Now().UnixNano())
	l := &estateLife{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), fs: faultfs.New(), seed: maphash.MakeSeed(),
		waiting: map[uint64]uint64{}, heard: map[uint64]uint64{}, spare: map[uint64]bool{},
	}
	begun := time.Now()
	for l.accepted-l.dropped < want {
		l.life()
	}
	l.drain()
	if len(l.waiting) > 0 {
		t.Errorf("seed %d: %d accepted readings are lost", seed, len(l.waiting))
	}
	if l.cuts < want/2000 || l.dropped == 0 || l.refused == 0 {
		t.Errorf("the torture shows little: %d cuts, %d dropped, %d refused", l.cuts, l.dropped, l.refused)
	}
	t.Logf("%d readings accepted, %d refused, %d heard, %d declared dropped, %d lost; %d power cuts (%d kept all, %d lost all that was not synced, %d torn) in %v",
		l.accepted, l.refused, len(l.heard), l.dropped, len(l.waiting), l.cuts, l.losses[faultfs.KeepAll], l.losses[faultfs.LoseAll], l.losses[faultfs.Torn],
		time.Since(begun).Round(time.Millisecond))
}

func (l *estateLife) options() spool.Options {
	return spool.Unkept(spool.Options{Dir: dir, FS: l.fs, MaxBytes: 96 << 10, SegmentBytes: 8 << 10, Linger: -1})
}

// life is from one start to the next cut.
func (l *estateLife) life() {
	l.fs.StopAfter(l.fs.Ops() + 1 + l.rng.IntN(300))
	l.away = l.rng.IntN(3) > 0
	s, rec, err := spool.Open(l.options())
	if err == nil {
		l.sane(rec)
		for steps := 0; steps < 300 && !l.fs.Stopped(); steps++ {
			l.step(s)
		}
		l.fs.Stop()
		_ = s.Close() // only ends its goroutines
	} else if !errors.Is(err, faultfs.ErrStopped) {
		l.t.Fatalf("Open after cut %d: %v", l.cuts, err)
	}
	loss := faultfs.Loss(l.rng.IntN(3))
	l.cuts++
	l.losses[loss]++
	l.fs = l.fs.Crash(loss, l.rng)
}

// sane finds fault with what a spool says of itself after a cut.
func (l *estateLife) sane(rec spool.Recovery) {
	if rec.NewEpoch && l.accepted > 0 {
		l.t.Fatalf("a new epoch after cut %d: %+v", l.cuts, rec)
	}
	for _, g := range rec.Gaps {
		for seq := range l.waiting {
			if g.First <= seq && seq <= g.Last {
				l.t.Fatalf("cut %d: reading %d was accepted and is in the gap %+v", l.cuts, seq, g)
			}
		}
	}
}

func (l *estateLife) step(s *spool.Spool) {
	switch n := l.rng.IntN(20); {
	case n < 12:
		l.put(s)
	case n < 15 && l.away:
		l.put(s)
	case n < 15:
		l.hear(s)
	case n < 17:
		_ = s.Keep() // it fails with the disk
	case n < 18:
		l.fs.SetSpace([]int64{0, 100, 3_000, 20_000, -1, -1, -1}[l.rng.IntN(7)])
	default:
		l.fs.Fail(nil)
		if l.rng.IntN(4) == 0 {
			kind := []faultfs.Kind{faultfs.OpSync, faultfs.OpWrite, faultfs.OpCreate, faultfs.OpRename, faultfs.OpSyncDir, faultfs.OpTruncate}[l.rng.IntN(6)]
			l.fs.Fail(once(kind, "", syscall.EIO))
		}
	}
}

// put hands a group of readings over and waits for what becomes of it.
func (l *estateLife) put(s *spool.Spool) {
	type result struct {
		hash uint64
		seq  uint64
		err  error
	}
	n, spare := 1+l.rng.IntN(40), l.rng.IntN(3) > 0
	submit := s.Submit
	if spare {
		submit = s.SubmitSpare
	}
	results := make(chan result, n)
	for range n {
		l.tried++
		rec := fmt.Appendf(nil, "%d ", l.tried)
		for range l.rng.IntN(8) { // what packing cannot make much smaller
			rec = binary.LittleEndian.AppendUint64(rec, l.rng.Uint64())
		}
		hash := maphash.Bytes(l.seed, rec)
		err := submit(rec, func(seq uint64, err error) { results <- result{hash, seq, err} })
		if err != nil {
			results <- result{err: err}
		}
	}
	for range n {
		r := <-results
		if r.err != nil {
			l.refused++
			continue
		}
		if _, used := l.waiting[r.seq]; used || l.heard[r.seq] != 0 {
			l.t.Fatalf("cut %d: number %d was used twice", l.cuts, r.seq)
		}
		l.accepted++
		l.waiting[r.seq] = r.hash
		if spare {
			l.spare[r.seq] = true
		}
	}
}

// hear lets the services read some batches, and acknowledge them or not.
func (l *estateLife) hear(s *spool.Spool) {
	from := max(l.stored+1, s.Base())
	for range 1 + l.rng.IntN(6) {
		first, recs, err := s.Read(from, 1+l.rng.IntN(200), 1<<20)
		if err != nil || len(recs) == 0 {
			break
		}
		for i, rec := range recs {
			l.one(first+uint64(i), rec)
		}
		from = first + uint64(len(recs))
	}
	if l.rng.IntN(3) > 0 {
		l.stored = max(l.stored, from-1)
		_ = s.Trim(l.stored) // it fails with the disk
	}
}

// one takes a record in.
func (l *estateLife) one(seq uint64, rec []byte) {
	hash := maphash.Bytes(l.seed, rec)
	want, waits := l.waiting[seq]
	switch was := l.heard[seq]; {
	case string(rec) == dropped:
		if waits && !l.spare[seq] {
			l.t.Fatalf("cut %d: reading %d was dropped, which was to stay", l.cuts, seq)
		}
		if waits {
			l.dropped++
		}
	case waits && want != hash:
		l.t.Fatalf("cut %d: reading %d is %q, which is not what was accepted", l.cuts, seq, rec)
	case was != 0 && was != hash && !l.spare[seq]:
		l.t.Fatalf("cut %d: reading %d has changed to %q", l.cuts, seq, rec)
	}
	delete(l.waiting, seq)
	l.heard[seq] = hash
}

// drain lets the services hear what is left.
func (l *estateLife) drain() {
	s, rec, err := spool.Open(l.options())
	if err != nil {
		l.t.Fatal(err)
	}
	defer s.Close()
	l.sane(rec)
	for from := l.stored + 1; ; {
		first, recs, err := s.Read(from, 1000, 1<<20)
		if err != nil {
			l.t.Fatal(err)
		}
		if len(recs) == 0 {
			return
		}
		for i, rec := range recs {
			l.one(first+uint64(i), rec)
		}
		from = first + uint64(len(recs))
	}
}
