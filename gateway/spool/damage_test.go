package spool_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"plantroom"
	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

const (
	segmentHeader = 40
	frameHeader   = 20
)

// specimen is a spool of 24 records in several segments, as it is after a
// proper stop or after a kill.
func specimen(t testing.TB, closed bool) (image map[string][]byte, l *ledger) {
	t.Helper()
	fs := faultfs.New()
	l = newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 24)
	if closed {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	image = fs.Crash(faultfs.KeepAll, nil).Image()
	if n := len(segmentsOf(image)); n < 3 {
		t.Fatalf("the specimen has only %d segments", n)
	}
	return image, l
}

func segmentsOf(image map[string][]byte) []string {
	var names []string
	for name := range image {
		if strings.HasSuffix(name, ".seg") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// recordAt returns the number of the record whose frame holds a byte of a
// segment; 0: the segment's header.
func recordAt(segment []byte, off int) uint64 {
	for at := segmentHeader; at < len(segment); {
		end := at + frameHeader + int(binary.LittleEndian.Uint32(segment[at:]))
		if off >= at && off < end {
			return binary.LittleEndian.Uint64(segment[at+4:])
		}
		at = end
	}
	return 0
}

func clone(image map[string][]byte) map[string][]byte {
	c := maps.Clone(image)
	for name := range c {
		c[name] = slices.Clone(c[name])
	}
	return c
}

// Whatever single byte of a spool is damaged: it opens, at most the record
// with that byte is lost, the loss is reported once and stays known, a copy
// is set aside, and no number is used again.
func TestEveryByteDamaged(t *testing.T) {
	for _, closed := range []bool{true, false} {
		image, l := specimen(t, closed)
		for name, b := range image {
			for off := range b {
				for _, flip := range []byte{0xff, 1 << (off % 8)} {
					if strings.HasSuffix(name, "meta") && off%17 != 0 && off%4096 > 200 && off%4096 < 4090 {
						continue // unused bytes under one checksum: a sample will do
					}
					damaged := clone(image)
					damaged[name][off] ^= flip
					may := uint64(0)
					if strings.HasSuffix(name, ".seg") {
						may = recordAt(b, off)
					}
					at := scoped{t, fmt.Sprintf("closed %v, %s byte %d ^ %#x: ", closed, name, off, flip)}
					checkDamaged(at, t, damaged, l, may)
				}
			}
		}
	}
}

// checkDamaged opens a damaged image. Only the record may is permitted to be
// missing.
func checkDamaged(at scoped, t *testing.T, image map[string][]byte, l *ledger, may uint64) {
	l = &ledger{tried: l.tried, accepted: maps.Clone(l.accepted), lost: map[uint64]bool{}}
	fs := faultfs.FromImage(image)
	s, rec, err := spool.Open(small(fs))
	if err != nil {
		at.Fatalf("Open: %v", err)
	}
	got := contents(at, s)
	for seq := range l.accepted {
		if _, ok := got[seq]; !ok && seq != may {
			at.Fatalf("record %d is lost: %+v", seq, rec)
		}
	}
	l.check(at, s, true)
	if may == 0 && !rec.Healed() && !strings.Contains(at.where, "meta") {
		at.Fatalf("a damaged header is not reported")
	}
	_, kept := got[may]
	if lost := may != 0 && !kept; lost != (len(rec.Gaps) > 0) || lost != (len(rec.SetAside) > 0) {
		at.Fatalf("lost %v, but reported %+v", lost, rec)
	}
	if n := s.Stats().Lost; n > 8 {
		at.Fatalf("%d numbers are declared lost", n)
	}
	next := l.payload()
	first, err := s.Append(t.Context(), next)
	if err != nil {
		at.Fatalf("Append: %v", err)
	}
	l.accept(at, first, next)
	if err := s.Close(); err != nil {
		at.Fatalf("Close: %v", err)
	}
	s, again, err := spool.Open(small(fs))
	if err != nil || len(again.Gaps) > 0 {
		at.Fatalf("the second Open reports again: %v, %+v", err, again)
	}
	l.check(at, s, true)
	if !kept && may != 0 && len(s.Gaps()) == 0 {
		at.Fatalf("the gap is forgotten")
	}
	_ = s.Close()
}

// A crash that cuts the newest segment anywhere is no damage.
func TestTheNewestSegmentCutAnywhere(t *testing.T) {
	image, l := specimen(t, false)
	names := segmentsOf(image)
	newest := names[len(names)-1]
	for size := range image[newest] {
		cut := clone(image)
		cut[newest] = cut[newest][:size]
		at := scoped{t, fmt.Sprintf("cut to %d bytes: ", size)}
		s, rec, err := spool.Open(small(faultfs.FromImage(cut)))
		if err != nil || len(rec.Gaps) > 0 || len(rec.SetAside) > 0 {
			at.Fatalf("Open: %v, %+v", err, rec)
		}
		got := contents(at, s)
		whole := recordAt(image[newest], max(size, segmentHeader)) - 1 // the last that the cut leaves
		if len(got) != int(whole) {
			at.Fatalf("%d records are left, not %d", len(got), whole)
		}
		l.checkOrder(at, got)
		_ = s.Close()
	}
}

func TestRecordsMissingFromAClosedSpoolAreALoss(t *testing.T) {
	image, l := specimen(t, true)
	names := segmentsOf(image)
	newest := names[len(names)-1]
	image[newest] = image[newest][:len(image[newest])-1]
	s, rec := mustOpen(t, small(faultfs.FromImage(image)))
	if len(rec.Gaps) != 1 || rec.Gaps[0].First != 24 || rec.Gaps[0].Last != 24 || s.Next() != 25 {
		t.Fatalf("%+v", rec)
	}
	l.check(t, s, true)
	appendAll(t, s, l, 1)
}

func TestASegmentIsMissing(t *testing.T) {
	for _, closed := range []bool{true, false} {
		whole, _ := specimen(t, closed)
		names := segmentsOf(whole)
		for i, name := range names {
			image, l := specimen(t, closed)
			delete(image, name)
			s, rec := mustOpen(t, small(faultfs.FromImage(image)))
			if len(rec.Gaps) != 1 || rec.NewEpoch {
				t.Fatalf("closed %v, without segment %d: %+v", closed, i, rec)
			}
			l.check(t, s, true)
			appendAll(t, s, l, 2) // a reused number would be noticed
			first := rec.Gaps[0].First
			if i+1 < len(names) {
				if got, recs, err := s.Read(first, 1, 1000); err != nil || got != rec.Gaps[0].Last+1 || len(recs) != 1 {
					t.Fatalf("Read(%d) = %d, %d records, %v", first, got, len(recs), err)
				}
			}
			if err := s.Trim(first - 1); err != nil || s.Base() != rec.Gaps[0].Last+1 {
				t.Fatalf("the base is %d after everything before the gap %+v was trimmed", s.Base(), rec.Gaps[0])
			}
			if err := s.Trim(rec.Gaps[0].Last); err != nil || len(s.Gaps()) != 0 {
				t.Fatalf("gaps that are behind the base: %v", s.Gaps())
			}
		}
	}
}

func TestAllSegmentsAreMissing(t *testing.T) {
	for _, closed := range []bool{true, false} {
		image, l := specimen(t, closed)
		for _, name := range segmentsOf(image) {
			delete(image, name)
		}
		s, rec := mustOpen(t, small(faultfs.FromImage(image)))
		if rec.NewEpoch || len(rec.Gaps) != 1 || rec.Gaps[0].First != 1 || s.Next() < 25 {
			t.Fatalf("closed %v: %+v", closed, rec)
		}
		l.check(t, s, true)
		appendAll(t, s, l, 1)
	}
}

func TestTheMetaFileIsMissingOrDamaged(t *testing.T) {
	for name, meta := range map[string][]byte{"missing": nil, "empty": {}, "noise": bytes.Repeat([]byte("noise"), 2000)} {
		image, l := specimen(t, false)
		image[dir+"/meta"] = meta
		if meta == nil {
			delete(image, dir+"/meta")
		}
		s, rec := mustOpen(t, small(faultfs.FromImage(image)))
		if rec.NewEpoch || len(rec.Gaps) > 0 || rec.Records != 24 {
			t.Fatalf("%s: %+v", name, rec)
		}
		l.check(t, s, false)
		appendAll(t, s, l, 1)
	}
}

func TestNothingIsReadable(t *testing.T) {
	image, _ := specimen(t, false)
	old, _ := mustOpen(t, small(faultfs.FromImage(image)))
	for name := range image {
		image[name] = bytes.Repeat([]byte{0xa5}, len(image[name]))
	}
	fs := faultfs.FromImage(image)
	s, rec := mustOpen(t, small(fs))
	if !rec.NewEpoch || s.Epoch() == old.Epoch() || s.Next() != 1 || len(rec.SetAside) != len(segmentsOf(image)) {
		t.Fatalf("%+v", rec)
	}
	appendAll(t, s, newLedger(), 30)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, again := mustOpen(t, small(fs)); again.Healed() || again.Records != 30 {
		t.Fatalf("%+v", again)
	}
}

func TestTheDirectoryIsEmptied(t *testing.T) {
	image, _ := specimen(t, false)
	old, _ := mustOpen(t, small(faultfs.FromImage(image)))
	s, rec := mustOpen(t, small(faultfs.New()))
	if !rec.NewEpoch || s.Epoch() == old.Epoch() {
		t.Fatalf("%+v", rec)
	}
}

func TestASegmentOfAnotherSpool(t *testing.T) {
	image, l := specimen(t, false)
	other, _ := specimen(t, false)
	image[dir+"/00000000000000000099.seg"] = other[segmentsOf(other)[1]]
	s, rec := mustOpen(t, small(faultfs.FromImage(image)))
	if len(rec.SetAside) != 1 || rec.Records != 24 {
		t.Fatalf("%+v", rec)
	}
	l.check(t, s, false)
}

func TestALaterFormatIsRefusedAndLeftAlone(t *testing.T) {
	for _, file := range []string{"meta", "segment"} {
		image, _ := specimen(t, true)
		name, sum := dir+"/meta", 4092
		if file == "segment" {
			name, sum = segmentsOf(image)[1], 36
		}
		binary.LittleEndian.PutUint32(image[name][8:], 3)
		binary.LittleEndian.PutUint32(image[name][sum:], crc32.Checksum(image[name][:sum], crc32.MakeTable(crc32.Castagnoli)))
		fs := faultfs.FromImage(image)
		_, _, err := spool.Open(small(fs))
		if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), "version 3") {
			t.Fatalf("%s: %v", file, err)
		}
		for name, b := range fs.Image() {
			if !bytes.Equal(b, image[name]) {
				t.Fatalf("%s was changed", name)
			}
		}
	}
}

// A record is opaque, also where it looks like the records that might follow
// it: those of another spool are not taken for this one's.
func TestAPayloadThatLooksLikeARecord(t *testing.T) {
	other := faultfs.New()
	o, _ := mustOpen(t, spool.Options{Dir: dir, FS: other, Linger: -1})
	if _, err := o.Append(t.Context(), []byte("00000001"), []byte("00000002"), []byte("00000003")); err != nil {
		t.Fatal(err)
	}
	fake := other.Image()[segmentsOf(other.Image())[0]][segmentHeader:]

	fs := faultfs.New()
	s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
	if _, err := s.Append(t.Context(), fake, []byte("00000004")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	image := fs.Image()
	image[segmentsOf(image)[0]][segmentHeader] ^= 1 // now the first record's inside is scanned
	s, rec := mustOpen(t, spool.Options{Dir: dir, FS: faultfs.FromImage(image), Linger: -1})
	got := contents(t, s)
	if len(rec.Gaps) != 1 || rec.Gaps[0].Last != 1 || len(got) != 1 || got[2] != "00000004" {
		t.Fatalf("%v, %+v", got, rec)
	}
}

func TestEitherCopyOfMetaWillDo(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 40)
	if err := s.Trim(21); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, off := range []int{0, 4096} {
		image := fs.Image()
		image[dir+"/meta"][off] ^= 1
		s, rec := mustOpen(t, small(faultfs.FromImage(image)))
		if rec.Healed() || !rec.Clean || s.Base() != 22 || s.Next() != 41 {
			t.Fatalf("without the copy at %d: %+v", off, rec)
		}
	}
}

// Where the newest segment is gone, no number that it may have held is used
// again, however many they were.
func TestMoreNumbersThanWereReservedAtOnce(t *testing.T) {
	const records = 1<<20 + 50_000
	o := spool.Options{Dir: t.TempDir(), SegmentBytes: 64 << 20}
	s, _ := mustOpen(t, o)
	var wg sync.WaitGroup
	for range records {
		wg.Add(1)
		if err := s.Submit([]byte("r"), func(uint64, error) { wg.Done() }); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	running, err := os.ReadFile(filepath.Join(o.Dir, "meta"))
	if err != nil {
		t.Fatal(err)
	}
	epoch := s.Epoch()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "meta"), running, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(o.Dir, "00000000000000000001.seg")); err != nil {
		t.Fatal(err)
	}
	s, rec := mustOpen(t, o)
	if s.Epoch() != epoch || s.Next() <= records || len(rec.Gaps) != 1 || rec.Gaps[0].Last < records {
		t.Fatalf("next %d, %+v", s.Next(), rec)
	}
}

// Damage that comes while the spool is open is met by Read.
func TestDamageWhileOpen(t *testing.T) {
	fs, l := faultfs.New(), newLedger()
	s, _ := mustOpen(t, small(fs))
	appendAll(t, s, l, 30)
	name := segmentsOf(fs.Image())[1]
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	victim := recordAt(fs.Image()[name], 100)
	if _, err := f.WriteAt([]byte{0xee, 0xee}, 100); err != nil {
		t.Fatal(err)
	}
	l.check(t, s, true)
	gaps := s.Gaps()
	if len(gaps) != 1 || gaps[0].First != victim || gaps[0].Last != victim || s.Stats().Lost != 1 {
		t.Fatalf("record %d was damaged; gaps %+v", victim, gaps)
	}
	if first, recs, err := s.Read(victim, 1, 1000); err != nil || first != victim+1 || len(recs) != 1 {
		t.Fatalf("Read(%d) = %d, %d records, %v", victim, first, len(recs), err)
	}
}
