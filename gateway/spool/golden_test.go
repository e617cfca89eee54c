package spool_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

var update = flag.Bool("update", false, "write testdata/v2 again; only before a format has been released")

// The formats that ever were. Directories of formats that are in use somewhere
// are never written again.
const (
	firstFormat  = "testdata/v1"
	secondFormat = "testdata/v2"
)

// golden returns the spool of the first format: 24 records as specimen makes
// them, of a process that was killed.
func golden(t testing.TB) (image map[string][]byte, l *ledger) {
	t.Helper()
	image, l = stored(t, firstFormat), newLedger()
	for seq := uint64(1); seq <= 24; seq++ {
		l.accept(t, seq, l.payload())
	}
	return image, l
}

// stored is what lies in a directory of testdata.
func stored(t testing.TB, format string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(format)
	if err != nil {
		t.Fatal(err)
	}
	image := map[string][]byte{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(format, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		image[filepath.Join(dir, e.Name())] = b
	}
	return image
}

// A spool that an earlier version has left behind opens, drains and goes on.
func TestASpoolOfTheFirstFormat(t *testing.T) {
	image, l := golden(t)
	s, rec := mustOpen(t, small(faultfs.FromImage(image)))
	if rec.Healed() || rec.Records != 24 || rec.NewEpoch {
		t.Fatalf("%+v", rec)
	}
	l.check(t, s, false)
	appendAll(t, s, l, 3)
	l.check(t, s, false)
}

// second fills a spool with what the second format knows: segments of single
// records and in blocks, records that were dropped, and some that may be.
func second(t *testing.T, fs *faultfs.FS) *ledger {
	s, l := open2(t, fs), newLedger()
	put24 := func() {
		for i := range 24 {
			if err := put(t, s, l, l.payload(), i%3 != 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	put24()
	if err := s.Squeeze(); err != nil {
		t.Fatal(err)
	}
	put24()
	if err := s.Pack(); err != nil {
		t.Fatal(err)
	}
	put24()
	return l
}

func open2(t *testing.T, fs *faultfs.FS) *spool.Spool {
	s, _ := mustOpen(t, spool.Unkept(small(fs)))
	return s
}

func TestASpoolOfTheSecondFormat(t *testing.T) {
	fresh := faultfs.New()
	l := second(t, fresh)
	if *update {
		writeGolden(t, fresh.Crash(faultfs.KeepAll, nil).Image())
	}
	s, rec := mustOpen(t, spool.Unkept(small(faultfs.FromImage(stored(t, secondFormat)))))
	if rec.Healed() || rec.Next != 73 || rec.NewEpoch {
		t.Fatalf("%+v", rec)
	}
	l.check(t, s, false)
	want, _ := gone(t, open2(t, fresh.Crash(faultfs.KeepAll, nil)), l)
	if n, _ := gone(t, s, l); n < 8 || n != want {
		t.Fatalf("%d records are dropped, not %d", n, want)
	}
	appendAll(t, s, l, 3)
	l.check(t, s, false)
	if err := s.Trim(75); err != nil || s.Base() != 76 || s.Stats().Segments != 1 {
		t.Fatalf("drained: %v, base %d, %+v", err, s.Base(), s.Stats())
	}
}

// What an earlier version has left can be packed, and goes on as the newest
// format: the earlier version refuses it then.
func TestASpoolOfTheFirstFormatBecomesOneOfTheSecond(t *testing.T) {
	image, l := golden(t)
	fs := faultfs.FromImage(image)
	s, _ := mustOpen(t, spool.Unkept(small(fs)))
	if err := s.Pack(); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, l, 3)
	l.check(t, s, false)
	again, rec := mustOpen(t, small(fs.Crash(faultfs.LoseAll, nil)))
	if rec.Healed() {
		t.Fatalf("%+v", rec)
	}
	l.check(t, again, false)
	if v := fs.Image()[dir+"/meta"][8]; v != 2 {
		t.Errorf("the meta file is of format %d", v)
	}
}

func writeGolden(t *testing.T, image map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(secondFormat, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range image {
		if strings.HasSuffix(name, "lock") {
			continue
		}
		if err := os.WriteFile(filepath.Join(secondFormat, filepath.Base(name)), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
