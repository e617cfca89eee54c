package spool_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

// tight are options of a spool of the least size: its keeper only works when
// it is told to.
func tight(fs *faultfs.FS) spool.Options {
	return spool.Unkept(spool.Options{Dir: dir, FS: fs, MaxBytes: 64 << 10, SegmentBytes: 4 << 10, Linger: -1})
}

// noise makes a payload that cannot be compressed.
func (l *ledger) noise(n int) []byte {
	b := l.payload()[:8]
	rng := rand.New(rand.NewPCG(uint64(l.tried), 1))
	for len(b) < n {
		b = append(b, byte(rng.Uint32()))
	}
	return b
}

// put stores one record, spare or not, and reports the error that refused it.
func put(t failer, s *spool.Spool, l *ledger, rec []byte, spare bool) error {
	t.Helper()
	type result struct {
		seq uint64
		err error
	}
	stored := make(chan result, 1)
	submit := s.Submit
	if spare {
		submit = s.SubmitSpare
	}
	if err := submit(rec, func(seq uint64, err error) { stored <- result{seq, err} }); err != nil {
		return err
	}
	r := <-stored
	if r.err == nil {
		l.accept(t, r.seq, rec)
		l.spare[r.seq] = spare
	}
	return r.err
}

// mixed stores n records, every third of which has to stay.
func mixed(t failer, s *spool.Spool, l *ledger, n, size int) (refused int) {
	t.Helper()
	for i := range n {
		switch err := put(t, s, l, l.noise(size), i%3 != 0); {
		case err == nil:
		case errors.Is(err, spool.ErrFull), errors.Is(err, spool.ErrReserve), permitted(err):
			refused++
		default:
			t.Fatalf("Submit: %v", err)
		}
	}
	return refused
}

// gone counts the numbers that were dropped, and finds fault with any that was
// to stay.
func gone(t failer, s *spool.Spool, l *ledger) (n int, last uint64) {
	t.Helper()
	for seq, payload := range contents(t, s) {
		if payload != dropped {
			continue
		}
		if _, known := l.accepted[seq]; known && !l.spare[seq] {
			t.Fatalf("record %d was dropped, which was to stay", seq)
		}
		n, last = n+1, max(last, seq)
	}
	return n, last
}

// noLeftovers finds fault with a copy that was not put in place.
func noLeftovers(t failer, fs *faultfs.FS) {
	t.Helper()
	for name := range fs.Image() {
		if strings.HasSuffix(name, ".new") {
			t.Fatalf("%s is left", name)
		}
	}
}

func TestPackedSegmentsAreSmallerAndHoldTheSame(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, spool.Unkept(spool.Options{Dir: dir, FS: fs, SegmentBytes: 64 << 10, Linger: -1}))
	for range 400 {
		recs := l.payloads(10)
		first, err := s.Append(t.Context(), recs...)
		if err != nil {
			t.Fatal(err)
		}
		l.accept(t, first, recs...)
	}
	if _, _, err := s.Read(1, 5, 1<<20); err != nil { // the reader stands in the first segment
		t.Fatal(err)
	}
	before := s.Stats()
	if err := s.Pack(); err != nil {
		t.Fatal(err)
	}
	after := s.Stats()
	if after.Bytes > before.Bytes/3 || after.Packed != uint64(before.Segments-1) || after.Records != before.Records || after.Dropped != 0 {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	checkBytes(t, s, fs)
	l.check(t, s, false)
	for _, from := range []uint64{1, 2, 777, 1500, 3999} { // any place in a block
		if first, recs, err := s.Read(from, 3, 1<<20); err != nil || first != from || string(recs[0]) != l.accepted[from] {
			t.Errorf("Read(%d) = %d, %q, %v", from, first, recs, err)
		}
	}
	again, rec := mustOpen(t, small(fs.Crash(faultfs.LoseAll, nil)))
	if rec.Healed() || rec.Records != 4000 {
		t.Fatalf("%+v", rec)
	}
	l.check(t, again, false)
	appendAll(t, again, l, 3)
	if err := again.Trim(1500); err != nil {
		t.Fatal(err)
	}
	l.trimmed = 1500
	l.check(t, again, false)
}

func TestWhenRoomIsShortTheOldestSpareRecordsGoAndTheOthersStay(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, tight(fs))
	refused := mixed(t, s, l, 250, 300)
	if st := s.Stats(); refused == 0 || st.Level != spool.LevelFull || !errors.Is(st.Refusal, spool.ErrFull) {
		t.Fatalf("%d refused, %+v", refused, st)
	}
	if err := s.Keep(); err != nil {
		t.Fatal(err)
	}
	st := s.Stats()
	n, last := gone(t, s, l)
	if n == 0 || uint64(n) != st.Dropped || st.Level != spool.LevelOK || st.Refusal != nil {
		t.Fatalf("%d dropped up to %d, %+v", n, last, st)
	}
	for seq := range l.accepted { // the oldest: everything spare before the last that went
		if _, recs, _ := s.Read(seq, 1, 1<<20); l.spare[seq] && seq < last && string(recs[0]) != dropped {
			t.Fatalf("record %d is still there, and %d is not", seq, last)
		}
	}
	l.check(t, s, false)
	checkBytes(t, s, fs)
	if refused := mixed(t, s, l, 20, 300); refused > 0 {
		t.Fatalf("%d records were refused after room was made", refused)
	}
	again, rec := mustOpen(t, tight(fs.Crash(faultfs.LoseAll, nil)))
	if rec.Healed() || rec.Next != s.Next() {
		t.Fatalf("%+v", rec)
	}
	if m, _ := gone(t, again, l); m != n {
		t.Fatalf("%d numbers are declared dropped after a power cut, %d before it", m, n)
	}
	l.check(t, again, false)
}

// A burst comes in one group, and that in one segment, which is the newest and
// hence left alone: it must not be the whole spool.
func TestABurstThatFillsTheSpoolLeavesSomethingToDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, err := spool.Open(spool.Options{Dir: dir, FS: faultfs.New(), MaxBytes: 64 << 10, Linger: spool.MaxLinger, MaxGroup: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		l, end := newLedger(), time.Now().Add(time.Hour)
		for n := 0; n < 1000; {
			l.tried++
			switch err := s.SubmitSpare(l.noise(300), func(uint64, error) {}); {
			case err == nil:
				n++
			case !errors.Is(err, spool.ErrFull):
				t.Fatal(err)
			case time.Now().After(end):
				t.Fatalf("for an hour no reading was taken after the first %d, and all of them may be dropped: %+v", n, s.Stats())
			default:
				time.Sleep(time.Second) // until the keeper has made room
			}
		}
	})
}

func TestWhereNothingMayBeDroppedRecordsAreRefusedAndNothingIsLost(t *testing.T) {
	l := newLedger()
	s, _ := mustOpen(t, tight(faultfs.New()))
	refused := 0
	for range 300 {
		if err := put(t, s, l, l.noise(300), false); errors.Is(err, spool.ErrFull) {
			refused++
		}
	}
	if err := s.Keep(); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); refused == 0 || st.Dropped > 0 || st.Level != spool.LevelFull {
		t.Fatalf("%d refused, %+v", refused, st)
	}
	l.check(t, s, false)
}

// A disk that others fill is not filled to the end by the spool, and it goes
// on soon after there is space again.
func TestTheReserveOfTheDiskIsLeftToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const reserve = 20_000
		fs, l := faultfs.New(), newLedger()
		s, _, err := spool.Open(spool.Options{Dir: dir, FS: fs, SegmentBytes: 4 << 10, Reserve: reserve, Linger: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		fs.SetSpace(3 * reserve)
		time.Sleep(2 * time.Second) // virtual: it looks
		for range 200 {
			err := put(t, s, l, l.noise(500), false)
			if err != nil && !errors.Is(err, spool.ErrReserve) {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		free, _ := fs.Free(dir)
		if st := s.Stats(); free < reserve-4<<10 || free > 2*reserve || st.Level != spool.LevelFull || !errors.Is(st.Refusal, spool.ErrReserve) {
			t.Fatalf("%d bytes are free, %+v", free, st)
		}
		fs.SetSpace(0) // somebody else takes the rest
		time.Sleep(2 * time.Second)
		if err := put(t, s, l, l.payload(), false); !errors.Is(err, spool.ErrReserve) {
			t.Fatalf("on a full disk: %v", err)
		}
		fs.SetSpace(1 << 20)
		if healed := untilStored(t, s, l); healed > 5*time.Second {
			t.Fatalf("healed only after %v", healed)
		}
		if st := s.Stats(); st.Level != spool.LevelOK {
			t.Fatalf("%+v", st)
		}
		l.check(t, s, false)
	})
}

func TestAShortDiskMakesSpareRecordsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, l := faultfs.New(), newLedger()
		s, _, err := spool.Open(spool.Options{Dir: dir, FS: fs, SegmentBytes: 4 << 10, Reserve: 20_000, Linger: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		mixed(t, s, l, 100, 300)
		fs.SetSpace(30_000) // below twice the reserve
		time.Sleep(2 * time.Second)
		if n, _ := gone(t, s, l); n == 0 || s.Stats().Level == spool.LevelFull {
			t.Fatalf("%d dropped, %+v", n, s.Stats())
		}
		l.check(t, s, false)
	})
}

func TestASegmentIsPackedOnceTheServicesHaveBeenAwayForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, l := faultfs.New(), newLedger()
		s, _, err := spool.Open(spool.Options{Dir: dir, FS: fs, SegmentBytes: 4 << 10, Linger: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		appendAll(t, s, l, 400)
		time.Sleep(20 * time.Second)
		if n := s.Stats().Packed; n > 0 {
			t.Fatalf("%d segments are packed already", n)
		}
		time.Sleep(12 * time.Second)
		if st := s.Stats(); st.Packed != uint64(st.Segments-1) {
			t.Fatalf("%+v", st)
		}
		l.check(t, s, false)
	})
}

func TestADiskThatFailsWhileRoomIsMadeLosesNothingAndIsTriedAgain(t *testing.T) {
	for _, kind := range []faultfs.Kind{faultfs.OpCreate, faultfs.OpWrite, faultfs.OpSync, faultfs.OpRename, faultfs.OpSyncDir, faultfs.OpRead} {
		fs, l := faultfs.New(), newLedger()
		s, _ := mustOpen(t, tight(fs))
		mixed(t, s, l, 250, 300)
		fs.Fail(once(kind, "", syscall.EIO))
		if err := s.Keep(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("%s fails: %v", kind, err)
		}
		l.check(t, s, false)
		checkBytes(t, s, fs)
		if err := s.Keep(); err != nil {
			t.Fatalf("%s failed: the next try: %v", kind, err)
		}
		l.check(t, s, false)
		checkBytes(t, s, fs)
		noLeftovers(t, fs)
	}
}

// coarse are tight ones with room for few records.
func coarse(fs *faultfs.FS) spool.Options {
	o := tight(fs)
	o.SegmentBytes = 16 << 10
	return o
}

// squeeze is a scripted run in which segments are packed and records dropped.
func squeeze(t *testing.T, fs *faultfs.FS, l *ledger) {
	for range 2 {
		s, _, err := spool.Open(coarse(fs))
		if err != nil {
			return
		}
		for range 2 {
			for i := range 8 {
				_ = put(t, s, l, l.noise(5000), i%3 != 0) // it may be refused, or the machine stop
			}
			_ = s.Keep()
			if next := s.Next(); next > 15 {
				l.trimmed = max(l.trimmed, next-15)
				_ = s.Trim(l.trimmed)
			}
		}
		_ = s.Close()
	}
}

// A crash after any single operation of making room loses nothing that was to
// stay, and each record that is not there is declared dropped.
func TestCrashAfterEveryOperationOfMakingRoom(t *testing.T) {
	whole, l := faultfs.New(), newLedger()
	squeeze(t, whole, l)
	s, _ := mustOpen(t, coarse(whole))
	if n, _ := gone(t, s, l); n < 4 {
		t.Fatalf("the script drops only %d records that are not trimmed", n)
	}
	total, every, tearings := whole.Ops(), 1, 3
	if testing.Short() {
		every, tearings = 5, 1
	}
	for _, tc := range []struct {
		loss  faultfs.Loss
		seeds int
	}{{faultfs.KeepAll, 1}, {faultfs.LoseAll, 1}, {faultfs.Torn, tearings}} {
		for stop := 1; stop <= total; stop += every {
			for seed := range tc.seeds {
				crashWhileSqueezed(t, stop, uint64(seed), tc.loss)
			}
		}
	}
}

func crashWhileSqueezed(t *testing.T, stop int, seed uint64, loss faultfs.Loss) {
	fs, l := faultfs.New(), newLedger()
	rng := rand.New(rand.NewPCG(uint64(stop), seed))
	fs.StopAfter(stop)
	squeeze(t, fs, l)
	at := scoped{t, fmt.Sprintf("stop %d loss %d seed %d: ", stop, loss, seed)}
	fs = fs.Crash(loss, rng)
	s, rec, err := spool.Open(coarse(fs))
	if err != nil {
		at.Fatalf("Open: %v", err)
	}
	defer s.Close()
	if loss != faultfs.Torn && (len(rec.Gaps) > 0 || len(rec.SetAside) > 0) {
		at.Fatalf("a plain crash was taken for damage: %+v", rec)
	}
	l.check(at, s, false)
	gone(at, s, l)
	if err := s.Keep(); err != nil {
		at.Fatalf("Keep after recovery: %v", err)
	}
	l.check(at, s, false)
	gone(at, s, l)
	noLeftovers(at, fs)
}

// Whatever byte of a packed segment is damaged: at most its block is lost, and
// the loss is reported; no panic.
func TestEveryByteOfAPackedSegmentDamaged(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, spool.Unkept(spool.Options{Dir: dir, FS: fs, SegmentBytes: 64 << 10, Linger: -1}))
	for i := range 90 {
		if err := put(t, s, l, append(l.payload(), make([]byte, 2000)...), i%3 != 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Pack(); err != nil {
		t.Fatal(err)
	}
	image := fs.Image()
	packed, most := segmentsOf(image)[0], uint64(0)
	for off := range image[packed] {
		damaged := clone(image)
		damaged[packed][off] ^= 1 << (off % 8)
		at := scoped{t, fmt.Sprintf("byte %d: ", off)}
		s, rec, err := spool.Open(spool.Unkept(small(faultfs.FromImage(damaged))))
		if err != nil {
			at.Fatalf("Open: %v", err)
		}
		lost := uint64(0)
		for _, g := range rec.Gaps {
			lost += g.Last - g.First + 1
		}
		if off >= segmentHeader && lost == 0 || !rec.Healed() || lost > 9 {
			at.Fatalf("%d numbers are lost: %+v", lost, rec)
		}
		most = max(most, lost)
		l := &ledger{tried: l.tried, accepted: maps.Clone(l.accepted), lost: map[uint64]bool{}, spare: l.spare}
		l.check(at, s, true)
		_ = s.Close()
	}
	if most < 2 {
		t.Error("no byte costs a block: the test shows nothing")
	}
}
