package spool_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"plantroom/gateway/spool"
)

// reading is about as long as a reading in CBOR.
var reading = bytes.Repeat([]byte("r"), 60)

func benchSpool(b *testing.B) *spool.Spool {
	s, _ := mustOpen(b, spool.Options{Dir: b.TempDir(), MaxBytes: 8 << 30})
	return s
}

func perSecond(b *testing.B, records int) {
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkSubmit stores readings with many outstanding.
func BenchmarkSubmit(b *testing.B) {
	s := benchSpool(b)
	var wg sync.WaitGroup
	var failed atomic.Int64
	done := func(_ uint64, err error) {
		if err != nil {
			failed.Add(1)
		}
		wg.Done()
	}
	b.ReportAllocs()
	for b.Loop() {
		wg.Add(1)
		if err := s.Submit(reading, done); err != nil {
			b.Fatal(err)
		}
	}
	wg.Wait()
	if failed.Load() > 0 {
		b.Fatalf("%d records failed", failed.Load())
	}
	perSecond(b, b.N)
}

// BenchmarkAppend gives the time of one Append while 64 callers share groups;
// it includes the linger of 20 ms where fewer than 500 wait.
func BenchmarkAppend(b *testing.B) {
	for _, tc := range []struct {
		name   string
		linger int
	}{{"linger=20ms", 0}, {"linger=none", -1}} {
		b.Run(tc.name, func(b *testing.B) {
			o := spool.Options{Dir: b.TempDir(), MaxBytes: 8 << 30}
			if tc.linger < 0 {
				o.Linger = -1
			}
			s, _ := mustOpen(b, o)
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Append(b.Context(), reading); err != nil {
						b.Error(err)
						return
					}
				}
			})
			perSecond(b, b.N)
		})
	}
}

// BenchmarkDrain reads a full spool in batches as the uplink does, and trims.
func BenchmarkDrain(b *testing.B) {
	const records = 500_000
	for b.Loop() {
		b.StopTimer()
		s := benchSpool(b)
		fill(b, s, records)
		b.StartTimer()
		for from := s.Base(); from < s.Next(); {
			first, recs, err := s.Read(from, 1000, 1<<20)
			if err != nil {
				b.Fatal(err)
			}
			from = first + uint64(len(recs))
			if err := s.Trim(from - 1); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	perSecond(b, b.N*records)
}

func fill(b *testing.B, s *spool.Spool, records int) {
	b.Helper()
	var wg sync.WaitGroup
	for range records {
		wg.Add(1)
		if err := s.Submit(reading, func(uint64, error) { wg.Done() }); err != nil {
			b.Fatal(err)
		}
	}
	wg.Wait()
}

// BenchmarkOpen checks every record of a spool that was not closed properly.
func BenchmarkOpen(b *testing.B) {
	const records = 500_000
	o := spool.Options{Dir: b.TempDir()}
	s, _ := mustOpen(b, o)
	fill(b, s, records)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, rec, err := spool.Open(o)
		if err != nil || rec.Records != records {
			b.Fatalf("%v, %+v", err, rec)
		}
		b.StopTimer()
		_ = s.Close()
		b.StartTimer()
	}
	perSecond(b, b.N*records)
}
