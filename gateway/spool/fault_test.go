package spool_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

// once makes one operation fail: the next of a kind on a file whose name ends
// so.
func once(kind faultfs.Kind, suffix string, err error) func(faultfs.Op) error {
	return func(op faultfs.Op) error {
		if op.Kind != kind || !strings.HasSuffix(op.Name, suffix) || err == nil {
			return nil
		}
		failed := err
		err = nil
		return failed
	}
}

// always makes all operations of some kinds on segments fail.
func always(err error, kinds ...faultfs.Kind) func(faultfs.Op) error {
	return func(op faultfs.Op) error {
		for _, k := range kinds {
			if op.Kind == k && strings.HasSuffix(op.Name, ".seg") {
				return err
			}
		}
		return nil
	}
}

func TestAFailedSyncIsNotRetriedAndRefusesItsGroup(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
	appendAll(t, s, l, 5)
	syncs := 0
	first := once(faultfs.OpSync, ".seg", syscall.EIO)
	fs.Fail(func(op faultfs.Op) error {
		if op.Kind == faultfs.OpSync && strings.HasSuffix(op.Name, "00001.seg") {
			syncs++
		}
		return first(op)
	})
	_, err := s.Append(t.Context(), l.payloads(3)...)
	if !errors.Is(err, syscall.EIO) || plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Fatalf("Append: %v", err)
	}
	if s.Next() != 6 {
		t.Fatalf("next is %d after a refused group", s.Next())
	}
	appendAll(t, s, l, 5)
	if st := s.Stats(); syncs != 1 || st.Sealed != 1 || st.Segments != 2 || st.Failed != 3 || st.Fault != nil {
		t.Fatalf("%d syncs of the failed segment; %+v", syncs, st)
	}
	l.check(t, s, false)

	for _, loss := range []faultfs.Loss{faultfs.KeepAll, faultfs.LoseAll} {
		s2, rec := mustOpen(t, small(fs.Crash(loss, nil)))
		if len(rec.Gaps) > 0 {
			t.Fatalf("the refused group counts as lost: %+v", rec)
		}
		l.check(t, s2, false)
		if got := contents(t, s2); len(got) != 10 {
			t.Fatalf("%d records; refused ones have come back", len(got))
		}
	}
}

func TestASpoolThatCannotBeginASegmentRefusesClearlyAndHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, l := faultfs.New(), newLedger()
		s, _, err := spool.Open(small(fs))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		appendAll(t, s, l, 3)
		fs.Fail(always(syscall.EIO, faultfs.OpSync, faultfs.OpCreate))
		for range 4 {
			if _, err := s.Append(t.Context(), l.payload()); !errors.Is(err, syscall.EIO) {
				t.Fatalf("Append: %v", err)
			}
		}
		if st := s.Stats(); st.Fault == nil || st.Failed != 4 {
			t.Fatalf("%+v", st)
		}
		fs.Fail(nil)
		if healed := untilStored(t, s, l); healed > 5*time.Second {
			t.Fatalf("healed only after %v", healed)
		}
		l.check(t, s, false)
		checkBytes(t, s, fs)
	})
}

// checkBytes compares the size that is held against the limit with the disk.
func checkBytes(t *testing.T, s *spool.Spool, fs *faultfs.FS) {
	t.Helper()
	onDisk := int64(0)
	for _, name := range segmentsOf(fs.Image()) {
		onDisk += int64(len(fs.Image()[name]))
	}
	if st := s.Stats(); st.Bytes != onDisk {
		t.Fatalf("the segments have %d bytes, but %d are counted", onDisk, st.Bytes)
	}
}

func TestTheVeryFirstSyncFails(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	fs.Fail(once(faultfs.OpSync, ".seg", syscall.EIO))
	if _, err := s.Append(t.Context(), l.payload()); !errors.Is(err, syscall.EIO) {
		t.Fatalf("Append: %v", err)
	}
	appendAll(t, s, l, 2)
	l.check(t, s, false)
	checkBytes(t, s, fs)
}

// untilStored appends until it works and returns how long that took.
func untilStored(t *testing.T, s *spool.Spool, l *ledger) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < time.Minute {
		rec := l.payload()
		if first, err := s.Append(t.Context(), rec); err == nil {
			l.accept(t, first, rec)
			return time.Since(start)
		}
		time.Sleep(100 * time.Millisecond) // virtual
	}
	t.Fatal("the spool has not healed in a minute")
	return 0
}

func TestAFullDiskRefusesAndHealsByItself(t *testing.T) {
	for _, room := range []int64{0, 1, 19, 25, 150, 400, 700} {
		synctest.Test(t, func(t *testing.T) {
			fs, l := faultfs.New(), newLedger()
			s, _, err := spool.Open(small(fs))
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, s, l, 4)
			fs.SetSpace(room)
			refused := 0
			for range 12 {
				recs := l.payloads(3)
				first, err := s.Append(t.Context(), recs...)
				switch {
				case err == nil:
					l.accept(t, first, recs...)
				case errors.Is(err, syscall.ENOSPC) && plantroom.CodeOf(err) == plantroom.CodeUnavailable:
					refused++
				default:
					t.Fatalf("Append: %v", err)
				}
			}
			if refused == 0 {
				t.Fatal("the disk was never full")
			}
			l.check(t, s, false)

			// A crash now, and a start on the disk that is still full: the
			// records can be delivered.
			crashed := fs.Crash(faultfs.Torn, rand.New(rand.NewPCG(uint64(room), 1)))
			_ = s.Close()
			crashed.SetSpace(0)
			s, _, err = spool.Open(small(crashed))
			if err != nil {
				t.Fatalf("Open on a full disk: %v", err)
			}
			defer s.Close()
			l.check(t, s, false)
			if _, err := s.Append(t.Context(), l.payload()); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("Append: %v", err)
			}
			crashed.SetSpace(-1)
			if healed := untilStored(t, s, l); healed > 5*time.Second {
				t.Fatalf("healed only after %v", healed)
			}
			l.check(t, s, false)
		})
	}
}

func TestTrimFreesAFullDisk(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 40)
	fs.SetSpace(0)
	if err := s.Trim(30); err != nil {
		t.Fatalf("Trim on a full disk: %v", err)
	}
	l.trimmed = 30
	appendAll(t, s, l, 3)
	l.check(t, s, false)
}

func TestABrokenWriteSealsTheSegment(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
	appendAll(t, s, l, 2)
	fs.Fail(once(faultfs.OpWrite, ".seg", syscall.EIO))
	if _, err := s.Append(t.Context(), l.payload()); !errors.Is(err, syscall.EIO) {
		t.Fatalf("Append: %v", err)
	}
	appendAll(t, s, l, 2)
	if st := s.Stats(); st.Sealed != 1 || st.Segments != 2 {
		t.Fatalf("%+v", st)
	}
	l.check(t, s, false)
}

func TestABadSectorCostsOnlyWhatIsInIt(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
	for range 50 {
		recs := l.payloads(10)
		first, err := s.Append(t.Context(), recs...)
		if err != nil {
			t.Fatal(err)
		}
		l.accept(t, first, recs...)
	}
	if size := s.Stats().Bytes; size < 5*4096 {
		t.Fatalf("the segment has only %d bytes", size)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	fs.BadBlock(dir+"/00000000000000000001.seg", 8192, 4096)
	s, rec := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
	if len(rec.Gaps) != 1 {
		t.Fatalf("%+v", rec)
	}
	if g := rec.Gaps[0]; g.Last-g.First > 4096/21 {
		t.Fatalf("too much is lost: %+v", g)
	}
	l.check(t, s, true)
}

func TestAMetaFileThatCannotBeWrittenKeepsTheSegments(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 40)
	segments := s.Stats().Segments
	fs.Fail(once(faultfs.OpSync, "meta", syscall.EIO))
	if err := s.Trim(30); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Fatalf("Trim: %v", err)
	}
	if got := s.Stats().Segments; got != segments {
		t.Fatalf("%d segments of %d are left", got, segments)
	}
	if err := s.Trim(30); err != nil || s.Stats().Segments >= segments {
		t.Fatalf("the next Trim: %v", err)
	}
}

// A group that was refused for want of space leaves nothing behind that a
// later, shorter group could bring to light.
func TestARefusedGroupDoesNotComeBack(t *testing.T) {
	fs := faultfs.New()
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
	fs.SetSpace(2 * (20 + 8))
	if _, err := s.Append(t.Context(), []byte("refused1"), []byte("refused2"), []byte("refused3")); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Append: %v", err)
	}
	fs.SetSpace(-1)
	if _, err := s.Append(t.Context(), []byte("accepted")); err != nil {
		t.Fatal(err)
	}
	again, _ := mustOpen(t, small(fs.Crash(faultfs.KeepAll, nil)))
	if got := contents(t, again); len(got) != 1 || got[1] != "accepted" {
		t.Fatalf("%v", got)
	}
}

// Nor does one come back after a proper stop, when not even a new segment
// could be begun to overrule it.
func TestARefusedGroupDoesNotComeBackAfterAStop(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 3)
	fs.Fail(always(syscall.EIO, faultfs.OpSync, faultfs.OpCreate))
	if _, err := s.Append(t.Context(), l.payload()); !errors.Is(err, syscall.EIO) {
		t.Fatalf("Append: %v", err)
	}
	fs.Fail(nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, rec := mustOpen(t, small(fs))
	if rec.Healed() || s.Next() != 4 {
		t.Fatalf("%+v", rec)
	}
	appendAll(t, s, l, 3)
	again, _ := mustOpen(t, small(fs.Crash(faultfs.LoseAll, nil)))
	l.check(t, again, false)
}

// A segment that was created, but could not be entered in the meta file,
// must not overrule what is accepted afterwards.
func TestASegmentThatWasNotQuiteBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, l := faultfs.New(), newLedger()
		s, _, err := spool.Open(small(fs))
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, s, l, 8)
		fs.Fail(once(faultfs.OpSync, "meta", syscall.EIO))
		if _, err := s.Append(t.Context(), l.payloads(9)...); !errors.Is(err, syscall.EIO) {
			t.Fatalf("a group that needs a new segment: %v", err)
		}
		untilStored(t, s, l)
		again, _, err := spool.Open(small(fs.Crash(faultfs.LoseAll, nil)))
		if err != nil {
			t.Fatal(err)
		}
		l.check(t, again, false)
		_ = errors.Join(s.Close(), again.Close())
	})
}

// Records that Open has found after a kill can be sent, and so they have to
// survive a power cut from then on, also where a sync had failed before.
func TestWhatOpenFindsIsDurable(t *testing.T) {
	for name, fault := range map[string]error{"killed before the sync": faultfs.ErrStopped, "killed after a failed sync": syscall.EIO} {
		fs, l := faultfs.New(), newLedger()
		s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
		appendAll(t, s, l, 2)
		fs.Fail(always(fault, faultfs.OpSync, faultfs.OpCreate))
		if _, err := s.Append(t.Context(), l.payload()); err == nil {
			t.Fatal("the sync did not fail")
		}
		fs = fs.Crash(faultfs.KeepAll, nil)
		found, _ := mustOpen(t, small(fs))
		l.offered(t, found)
		if len(l.accepted) != 3 {
			t.Fatalf("%s: %d records", name, len(l.accepted))
		}
		after, _ := mustOpen(t, small(fs.Crash(faultfs.LoseAll, nil)))
		l.check(t, after, false)
	}
}

// The size limit counts what is being written as well.
func TestTheLimitHoldsWhileAGroupIsBeingWritten(t *testing.T) {
	fs := faultfs.New()
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, MaxBytes: 64 << 10, SegmentBytes: 1 << 20, Linger: -1})
	syncing, release := make(chan struct{}, 1), make(chan struct{})
	fs.Fail(func(op faultfs.Op) error {
		if op.Kind == faultfs.OpSync {
			select {
			case syncing <- struct{}{}: // kept until the test looks, which may be later
			default: // told already
			}
			<-release
		}
		return nil
	})
	rec := make([]byte, 10<<10)
	accepted := 0
	count := func() {
		if err := s.Submit(rec, func(uint64, error) {}); err == nil {
			accepted++
		} else if !errors.Is(err, spool.ErrFull) {
			t.Fatal(err)
		}
	}
	count()
	<-syncing
	for range 20 {
		count()
	}
	close(release)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Bytes > st.MaxBytes || accepted != 6 || st.Stored != 6 {
		t.Fatalf("%d accepted, %+v", accepted, st)
	}
}
