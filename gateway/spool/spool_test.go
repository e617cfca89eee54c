package spool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

func appendAll(t testing.TB, s *spool.Spool, l *ledger, n int) {
	t.Helper()
	for range n {
		rec := l.payload()
		first, err := s.Append(t.Context(), rec)
		if err != nil {
			t.Fatalf("Append: %v", err)
		}
		l.accept(t, first, rec)
	}
}

func TestNumbersBeginAtOneAndGoOnAfterReopening(t *testing.T) {
	o := spool.Options{Dir: filepath.Join(t.TempDir(), "a", "b")}
	s, rec := mustOpen(t, o)
	if !rec.NewEpoch || !rec.Clean || rec.Healed() || s.Base() != 1 || s.Next() != 1 {
		t.Fatalf("new spool: %+v", rec)
	}
	first, err := s.Append(t.Context(), []byte("a"), []byte("b"), []byte("c"))
	if err != nil || first != 1 || s.Next() != 4 {
		t.Fatalf("Append = %d, %v; next %d", first, err, s.Next())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, rec2 := mustOpen(t, o)
	if rec2.NewEpoch || !rec2.Clean || rec2.Healed() || rec2.Records != 3 || again.Epoch() != s.Epoch() || again.Epoch() == 0 {
		t.Fatalf("reopened: %+v", rec2)
	}
	first, recs, err := again.Read(2, 10, 1000)
	if err != nil || first != 2 || len(recs) != 2 || string(recs[1]) != "c" {
		t.Fatalf("Read(2) = %d, %q, %v", first, recs, err)
	}
}

func TestTwoSpoolsHaveDifferentEpochs(t *testing.T) {
	a, _ := mustOpen(t, small(faultfs.New()))
	b, _ := mustOpen(t, small(faultfs.New()))
	if a.Epoch() == b.Epoch() {
		t.Fatalf("both have epoch %d", a.Epoch())
	}
}

func TestOneProcessAtATime(t *testing.T) {
	o := spool.Options{Dir: t.TempDir()}
	s, _ := mustOpen(t, o)
	if _, _, err := spool.Open(o); plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Fatalf("second Open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, o)
}

func TestReadStaysWithinItsLimits(t *testing.T) {
	s, _ := mustOpen(t, small(faultfs.New()))
	big := []byte(strings.Repeat("b", 500))
	if _, err := s.Append(t.Context(), []byte("aaaa"), []byte("bbbb"), []byte("cccc"), big); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		from          uint64
		recs, bytes   int
		first, number int
	}{
		{1, 2, 1000, 1, 2},
		{1, 10, 8, 1, 2},
		{1, 10, 11, 1, 2},
		{1, 10, 1, 1, 1}, // one record always
		{3, 10, 100, 3, 1},
		{4, 10, 100, 4, 1},
		{5, 10, 100, 5, 0}, // not written yet
		{99, 10, 100, 99, 0},
		{0, 1, 100, 1, 1},
		{2, 0, 100, 2, 0},
	} {
		first, recs, err := s.Read(tc.from, tc.recs, tc.bytes)
		if err != nil || first != uint64(tc.first) || len(recs) != tc.number {
			t.Errorf("Read(%d, %d, %d) = %d, %d records, %v", tc.from, tc.recs, tc.bytes, first, len(recs), err)
		}
	}
}

func TestReadRecordsAreTheCallers(t *testing.T) {
	s, _ := mustOpen(t, small(faultfs.New()))
	if _, err := s.Append(t.Context(), []byte("one"), []byte("two")); err != nil {
		t.Fatal(err)
	}
	_, recs, _ := s.Read(1, 2, 100)
	_ = append(recs[0], "!!!"...)
	recs[0][0] = 'X'
	_, again, _ := s.Read(1, 2, 100)
	if string(recs[1]) != "two" || string(again[0]) != "one" {
		t.Fatalf("%q, %q", recs, again)
	}
}

func TestTrimRemovesWholeSegmentsAndKeepsTheNumbers(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 60)
	before := s.Stats()
	if before.Segments < 5 {
		t.Fatalf("only %d segments", before.Segments)
	}
	if err := s.Trim(30); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Segments >= before.Segments || st.Bytes >= before.Bytes || st.Records != 30 || s.Base() != 31 {
		t.Fatalf("after Trim(30): %+v, base %d", st, s.Base())
	}
	if first, recs, _ := s.Read(1, 1, 1000); first != 31 || string(recs[0]) != l.accepted[31] {
		t.Fatalf("Read(1) = %d, %q", first, recs)
	}
	if err := s.Trim(10); err != nil || s.Base() != 31 {
		t.Fatalf("an older Trim: %v, base %d", err, s.Base())
	}
	if err := s.Trim(1 << 60); err != nil || s.Base() != 61 || s.Next() != 61 || s.Stats().Segments != 1 {
		t.Fatalf("Trim of everything: %v, base %d, %+v", err, s.Base(), s.Stats())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, rec := mustOpen(t, small(fs))
	if rec.Healed() || again.Base() != 61 || again.Next() != 61 {
		t.Fatalf("after reopening: %+v", rec)
	}
	appendAll(t, again, l, 1)
}

func TestSubmitCallsBackInOrderAfterTheSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		s, _, err := spool.Open(spool.Options{Dir: dir, FS: fs, Linger: 100 * time.Millisecond, MaxGroup: 5})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		start := time.Now()
		var seqs []uint64
		var waited []time.Duration
		submit := func(n int) {
			for range n {
				err := s.Submit([]byte("r"), func(seq uint64, err error) {
					if err != nil {
						t.Errorf("done: %v", err)
					}
					seqs = append(seqs, seq)
					waited = append(waited, time.Since(start))
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		submit(3)
		synctest.Wait()
		if len(seqs) != 0 || s.Next() != 1 {
			t.Fatalf("a group of 3 did not linger: %v", seqs)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if fmt.Sprint(seqs) != "[1 2 3]" || waited[0] != 100*time.Millisecond {
			t.Fatalf("after the linger: %v, %v", seqs, waited)
		}
		submit(5)
		synctest.Wait()
		if fmt.Sprint(seqs) != "[1 2 3 4 5 6 7 8]" || time.Since(start) != 100*time.Millisecond {
			t.Fatalf("a full group lingered: %v after %v", seqs, time.Since(start))
		}
		if st := s.Stats(); st.Groups != 2 || st.Stored != 8 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestCloseStoresWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its end proves that no goroutine is left
		fs := faultfs.New()
		s, _, err := spool.Open(spool.Options{Dir: dir, FS: fs, Linger: spool.MaxLinger})
		if err != nil {
			t.Fatal(err)
		}
		got := uint64(0)
		if err := s.Submit([]byte("last words"), func(seq uint64, err error) { got = seq }); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil || got != 1 {
			t.Fatalf("Close: %v; done saw %d", err, got)
		}
		if err := s.Close(); err != nil {
			t.Fatalf("second Close: %v", err)
		}
		for what, err := range map[string]error{
			"Submit": s.Submit([]byte("x"), func(uint64, error) {}),
			"Trim":   s.Trim(1),
			"Wait":   s.Wait(t.Context(), 5),
			"Read":   func() error { _, _, err := s.Read(1, 1, 1); return err }(),
			"Append": func() error { _, err := s.Append(t.Context(), []byte("x")); return err }(),
		} {
			if !errors.Is(err, spool.ErrClosed) {
				t.Errorf("%s after Close: %v", what, err)
			}
		}
	})
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, err := spool.Open(small(faultfs.New()))
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 3)
		go func() { results <- s.Wait(t.Context(), 1) }()
		synctest.Wait()
		if len(results) != 0 {
			t.Fatal("Wait returned before there was a record")
		}
		if _, err := s.Append(t.Context(), []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := <-results; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { results <- s.Wait(ctx, 2) }()
		go func() { results <- s.Wait(t.Context(), 3) }()
		synctest.Wait()
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-results; !errors.Is(err, spool.ErrClosed) {
			t.Fatal(err)
		}
	})
}

func TestAppendEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, err := spool.Open(spool.Options{Dir: dir, FS: faultfs.New(), Linger: spool.MaxLinger})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Append(ctx, []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
}

func TestAFullSpoolRefusesAndTakesAgainAfterTrim(t *testing.T) {
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: faultfs.New(), MaxBytes: 64 << 10, Linger: -1})
	rec := make([]byte, 1000)
	noise := rand.NewChaCha8([32]byte{7})
	var err error
	stored := uint64(0)
	for err == nil && stored < 100 {
		_, _ = noise.Read(rec) // each another one, which cannot be packed: else the keeper might make room for all of them
		if _, err = s.Append(t.Context(), rec); err == nil {
			stored++
		}
	}
	if !errors.Is(err, spool.ErrFull) || plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Fatalf("after %d records: %v", stored, err)
	}
	if err := s.Submit(rec, nil); !errors.Is(err, spool.ErrFull) {
		t.Fatalf("Submit: %v", err)
	}
	if st := s.Stats(); st.Refused != 2 || st.Stored != stored || st.Bytes > st.MaxBytes {
		t.Fatalf("%+v", st)
	}
	if !s.Stats().Full {
		t.Error("the refusal is not shown")
	}
	if err := s.Trim(stored); err != nil {
		t.Fatal(err)
	}
	if first, err := s.Append(t.Context(), rec); err != nil || first != stored+1 {
		t.Fatalf("after Trim: %d, %v", first, err)
	}
}

func TestRecordsThatCannotBeTaken(t *testing.T) {
	s, _ := mustOpen(t, small(faultfs.New()))
	for _, tc := range []struct {
		rec  []byte
		code plantroom.Code
	}{{nil, plantroom.CodeInvalid}, {make([]byte, spool.MaxRecord+1), plantroom.CodeTooLarge}} {
		if _, err := s.Append(t.Context(), []byte("good"), tc.rec); plantroom.CodeOf(err) != tc.code {
			t.Errorf("%d bytes: %v", len(tc.rec), err)
		}
	}
	if s.Next() != 1 {
		t.Fatalf("something was stored: next %d", s.Next())
	}
	longest := make([]byte, spool.MaxRecord)
	if _, err := s.Append(t.Context(), longest, []byte("after")); err != nil {
		t.Fatal(err)
	}
	if _, recs, err := s.Read(1, 2, 1<<20); err != nil || len(recs) != 2 || len(recs[0]) != len(longest) {
		t.Fatalf("%d records, %v", len(recs), err)
	}
}

func TestOptionsThatCannotBeMeant(t *testing.T) {
	for name, o := range map[string]spool.Options{
		"no directory":    {},
		"long linger":     {Dir: dir, Linger: time.Second},
		"tiny limit":      {Dir: dir, MaxBytes: 100},
		"negative size":   {Dir: dir, SegmentBytes: -1},
		"negative number": {Dir: dir, MaxGroup: -1},
	} {
		o.FS = faultfs.New()
		if _, _, err := spool.Open(o); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADirectoryThatIsNotOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := spool.Open(spool.Options{Dir: filepath.Join(file, "spool")})
	if plantroom.CodeOf(err) != plantroom.CodeUnavailable || !strings.Contains(err.Error(), file) {
		t.Fatalf("%v", err)
	}
}

// The package's promise not to import more than the root is what keeps the
// gateway small.
func TestImportsTheRootOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range strings.Fields(string(out)) {
		if strings.Contains(p, ".") || strings.HasPrefix(p, "plantroom/") {
			t.Errorf("imports %s", p)
		}
	}
}

// One reading at a time is stored soon; where many come, they share syncs, but
// a broker that waits for its acknowledgements is not kept waiting.
func TestAHundredReadingsASecondNeedTenSyncs(t *testing.T) {
	for _, tc := range []struct {
		every  time.Duration
		burst  int
		groups uint64
		worst  time.Duration
	}{
		{10 * time.Millisecond, 1, 12, 110 * time.Millisecond},
		{50 * time.Millisecond, 1, 20, 20 * time.Millisecond},
		{21 * time.Millisecond, 20, 48, 20 * time.Millisecond},
		{100 * time.Millisecond, 20, 10, 20 * time.Millisecond},
		{120 * time.Millisecond, 12, 9, 20 * time.Millisecond}, // what a source has read together
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _, err := spool.Open(spool.Options{Dir: dir, FS: faultfs.New()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			worst := time.Duration(0)
			for begun := time.Now(); time.Since(begun) < time.Second; time.Sleep(tc.every) { // virtual
				at := time.Now()
				for range tc.burst {
					err := s.Submit([]byte("r"), func(_ uint64, err error) {
						if err != nil {
							t.Errorf("done: %v", err)
						}
						worst = max(worst, time.Since(at))
					})
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			synctest.Wait()
			if st := s.Stats(); st.Groups > tc.groups || worst > tc.worst {
				t.Errorf("every %v: %d groups, the slowest after %v", tc.every, st.Groups, worst)
			}
		})
	}
}

// While the services keep up, each Read is of a few records.
func TestAReadTakesNoMoreMemoryThanItsRecordsNeed(t *testing.T) {
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: faultfs.New(), Linger: -1})
	appendAll(t, s, newLedger(), 12)
	read := func(n int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			if _, recs, err := s.Read(1, 1000, 256<<10); err != nil || len(recs) != 12 {
				t.Fatalf("%d records, %v", len(recs), err)
			}
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / uint64(n)
	}
	read(1) // the window over the file stays
	if b := read(100); b > 16<<10 {
		t.Errorf("a Read of 12 records took %d bytes", b)
	}
}
