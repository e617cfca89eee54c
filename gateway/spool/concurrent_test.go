package spool_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"plantroom/gateway/spool"
)

// Many appenders, a reader that trims, and an observer share a spool: each
// record arrives once, and each appender's records in its order.
func TestConcurrentUse(t *testing.T) {
	const appenders, each = 8, 400
	s, _ := mustOpen(t, spool.Options{Dir: filepath.Join(t.TempDir(), "spool"), SegmentBytes: 4 << 10, Linger: -1})
	var g errgroup.Group
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Add(each)
		g.Go(func() error {
			last := uint64(0)
			for i := range each {
				rec := fmt.Appendf(nil, "%d %d", a, i)
				if i%2 == 0 {
					first, err := s.Append(t.Context(), rec)
					wg.Done()
					if err != nil || first <= last {
						return fmt.Errorf("Append = %d after %d, %w", first, last, err)
					}
					last = first
					continue
				}
				if err := s.Submit(rec, func(uint64, error) { wg.Done() }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error { return drain(t, s, appenders, each) })
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if st := s.Stats(); st.Stored != appenders*each || st.Records != 0 {
		t.Fatalf("%+v", st)
	}
}

func drain(t *testing.T, s *spool.Spool, appenders, each int) error {
	seen := make([]int, appenders)
	for from := uint64(1); from <= uint64(appenders*each); {
		if err := s.Wait(t.Context(), from); err != nil {
			return err
		}
		first, recs, err := s.Read(from, 100, 1<<20)
		if err != nil || first != from {
			return fmt.Errorf("Read(%d) = %d, %w", from, first, err)
		}
		for _, r := range recs {
			var a, i int
			if _, err := fmt.Sscanf(string(r), "%d %d", &a, &i); err != nil || seen[a] != i {
				return fmt.Errorf("appender %d: %q after %d records, %w", a, r, seen[a], err)
			}
			seen[a]++
		}
		from = first + uint64(len(recs))
		if err := s.Trim(from - 1); err != nil {
			return err
		}
		_ = s.Stats()
	}
	return nil
}
