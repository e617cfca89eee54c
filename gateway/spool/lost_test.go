package spool_test

import (
	"syscall"
	"testing"

	"plantroom"
	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

// oldest is a spool's first segment: records 1 to its end.
const oldest = "00000000000000000001.seg"

func TestWhatIsUnreadableOrGoneIsDeclaredLostAndTheRestArrives(t *testing.T) {
	for name, c := range map[string]struct {
		hurt   func(*faultfs.FS)
		reason string
	}{
		"a segment that cannot be read": {func(fs *faultfs.FS) { fs.BadBlock(dir+"/"+oldest, 0, 1<<20) }, "the records are damaged on disk"},
		"a segment that cannot be opened": {func(fs *faultfs.FS) {
			fs.Fail(func(op faultfs.Op) error {
				if op.Kind == faultfs.OpOpen && op.Name == oldest {
					return syscall.EIO
				}
				return nil
			})
		}, "the records are damaged on disk"},
		"a segment that was removed": {func(fs *faultfs.FS) { _ = fs.Remove(dir + "/" + oldest) }, "a segment file is missing; at most these numbers were in use"},
	} {
		t.Run(name, func(t *testing.T) {
			fs, l := faultfs.New(), newLedger()
			s, _ := mustOpen(t, small(fs))
			appendAll(t, s, l, 60)
			c.hurt(fs)
			l.check(t, s, true)
			gaps := s.Gaps()
			if len(gaps) != 1 || gaps[0].First != 1 || gaps[0].Reason != c.reason {
				t.Fatalf("gaps are %+v", gaps)
			}
			after := fs.Crash(faultfs.KeepAll, nil)
			again, rec := mustOpen(t, small(after))
			if len(rec.Gaps) != 0 || len(again.Gaps()) != 1 || again.Gaps()[0] != gaps[0] {
				t.Errorf("after a crash: new gaps %+v of %+v, want the declared one to be on disk", rec.Gaps, again.Gaps())
			}
			if err := again.Trim(59); err != nil || again.Base() != 60 || again.Stats().Segments > 2 {
				t.Errorf("after Trim: %v, base %d, %+v", err, again.Base(), again.Stats())
			}
		})
	}
}

func TestAReadThatFailsOnceLosesNothing(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 60)
	fs.Fail(once(faultfs.OpRead, oldest, syscall.EIO))
	if _, recs, err := s.Read(1, 10, 1<<20); plantroom.CodeOf(err) != plantroom.CodeUnavailable || len(recs) > 0 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	l.check(t, s, false)
}

func TestADiskThatIsAwayAsAWholeLosesNothing(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 60)
	fs.Fail(func(faultfs.Op) error { return syscall.EIO })
	for range 5 {
		if first, recs, err := s.Read(1, 10, 1<<20); err == nil {
			t.Fatalf("read %d records from %d", len(recs), first)
		}
	}
	fs.Fail(nil)
	l.check(t, s, false)
	if gaps := s.Gaps(); len(gaps) > 0 {
		t.Errorf("given up: %+v", gaps)
	}
}

func TestASegmentThatIsGoneAlreadyCountsAsRemoved(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 60)
	_ = fs.Remove(dir + "/" + oldest) // somebody else does it
	if err := s.Trim(60); err != nil || s.Stats().Segments != 1 {
		t.Errorf("Trim: %v, %d segments left", err, s.Stats().Segments)
	}
}

// Open writes the newest segment again after a crash. What it could read when
// it looked for records, and cannot read a moment later, must not be
// overwritten.
func TestAReadThatFailsWhileASegmentIsWrittenAgainDestroysNothing(t *testing.T) {
	failed := false
	for k := 1; k < 12; k++ {
		before, l := faultfs.New(), newLedger()
		s, _ := mustOpen(t, spool.Options{Dir: dir, FS: before, Linger: -1})
		appendAll(t, s, l, 400) // some blocks of 4,096 bytes
		after := before.Crash(faultfs.KeepAll, nil)
		reads := 0
		after.Fail(func(op faultfs.Op) error {
			if op.Kind != faultfs.OpRead || op.Name != oldest {
				return nil
			}
			if reads++; reads == k || reads == k+1 { // the read of a window, and that of its first block
				return syscall.EIO
			}
			return nil
		})
		s, rec := mustOpen(t, spool.Options{Dir: dir, FS: after, Linger: -1})
		after.Fail(nil)
		if len(rec.Gaps) > 0 {
			continue // the search itself met the fault
		}
		failed = failed || reads > k
		l.check(t, s, false)
		appendAll(t, s, l, 3)
		l.check(t, s, false)
	}
	if !failed {
		t.Error("no read failed: the test shows nothing")
	}
}
