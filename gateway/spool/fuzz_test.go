package spool_test

import (
	"math/rand/v2"
	"testing"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

// FuzzSegment opens a spool whose middle segment holds any bytes: no panic,
// the other segments' records stay, and nothing is made up.
func FuzzSegment(f *testing.F) {
	image, l := golden(f)
	names := segmentsOf(image)
	middle := names[1]
	f.Add(image[middle])
	f.Add(image[middle][:100])
	f.Add(image[middle][segmentHeader:])
	f.Add([]byte{})
	f.Add(append(append([]byte(nil), image[middle]...), image[names[2]]...))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		b := append([]byte(nil), image[middle]...)
		b[rng.IntN(len(b))] ^= byte(1 + rng.IntN(255))
		f.Add(b)
	}
	firstOf := func(i int) uint64 { return recordAt(image[names[i]], segmentHeader) }
	f.Fuzz(func(t *testing.T, b []byte) {
		damaged := clone(image)
		damaged[middle] = b
		s, _ := mustOpen(t, small(faultfs.FromImage(damaged)))
		got := contents(t, s)
		l := &ledger{tried: l.tried, accepted: l.accepted, lost: map[uint64]bool{}}
		for seq, want := range l.accepted {
			if (seq < firstOf(1) || seq >= firstOf(2)) && got[seq] != want {
				t.Fatalf("record %d of another segment is %q, not %q", seq, got[seq], want)
			}
		}
		l.check(t, s, true)
	})
}

// FuzzNewest does the same with the segment that is written to.
func FuzzNewest(f *testing.F) {
	image, l := golden(f)
	names := segmentsOf(image)
	newest := names[len(names)-1]
	f.Add(image[newest])
	f.Add(image[newest][:len(image[newest])-3])
	f.Add(append(append([]byte(nil), image[newest]...), make([]byte, 300)...))
	f.Add([]byte("plspool\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		damaged := clone(image)
		damaged[newest] = b
		fs := faultfs.FromImage(damaged)
		s, rec := mustOpen(t, small(fs))
		l := &ledger{tried: l.tried + 1, accepted: map[uint64]string{}, lost: map[uint64]bool{}}
		l.checkOrder(t, contents(t, s))
		next := s.Next()
		if first, err := s.Append(t.Context(), []byte("00000025")); err != nil || first != next || first != rec.Next {
			t.Fatalf("Append = %d, %v; next was %d", first, err, next)
		}
	})
}

// FuzzMeta opens a spool whose meta file holds any bytes.
func FuzzMeta(f *testing.F) {
	image, l := golden(f)
	f.Add(image[dir+"/meta"])
	f.Add(image[dir+"/meta"][:4096])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		damaged := clone(image)
		damaged[dir+"/meta"] = b
		s, _, err := spool.Open(small(faultfs.FromImage(damaged)))
		if err != nil {
			return // of a later format, perhaps
		}
		l := &ledger{tried: l.tried, accepted: l.accepted, trimmed: s.Base() - 1, lost: map[uint64]bool{}}
		l.check(t, s, true)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzBlock opens a spool whose packed segment is any bytes behind sound
// checksums: no panic, no memory beyond the bounds, nothing made up elsewhere.
func FuzzBlock(f *testing.F) {
	for _, b := range [][]byte{{}, {1, 0, 21, 0, 3}, {0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}} {
		f.Add(b)
	}
	f.Add(spool.Block([]byte("one"), []byte("two"), nil, []byte("four")))
	f.Fuzz(func(t *testing.T, payload []byte) {
		entries, numbers, ok := spool.OpenBlock(payload)
		if len(entries) > 1<<20 || ok && uint64(len(entries)) > numbers {
			t.Fatalf("%d entries for %d numbers", len(entries), numbers)
		}
	})
}
