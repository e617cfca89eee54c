package spool_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/gateway/spool/faultfs"
)

var update = flag.Bool("update", false, "write testdata/v1 again; only before a format has been released")

const goldenDir = "testdata/v1"

// golden returns the spool in testdata: 24 records as specimen makes them, in
// the first format, of a process that was killed.
func golden(t testing.TB) (image map[string][]byte, l *ledger) {
	t.Helper()
	entries, err := os.ReadDir(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	image, l = map[string][]byte{}, newLedger()
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(goldenDir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		image[filepath.Join(dir, e.Name())] = b
	}
	for seq := uint64(1); seq <= 24; seq++ {
		l.accept(t, seq, l.payload())
	}
	return image, l
}

// A spool that an earlier version has left behind opens, drains and goes on.
func TestASpoolOfTheFirstFormat(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	image, l := golden(t)
	s, rec := mustOpen(t, small(faultfs.FromImage(image)))
	if rec.Healed() || rec.Records != 24 || rec.NewEpoch {
		t.Fatalf("%+v", rec)
	}
	l.check(t, s, false)
	appendAll(t, s, l, 3)
	l.check(t, s, false)
}

func writeGolden(t *testing.T) {
	t.Helper()
	image, _ := specimen(t, false)
	if err := os.MkdirAll(goldenDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range image {
		if strings.HasSuffix(name, "lock") {
			continue
		}
		if err := os.WriteFile(filepath.Join(goldenDir, filepath.Base(name)), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
