package faultfs_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

const name = "/d/file"

func create(t *testing.T, fs *faultfs.FS) spool.File {
	t.Helper()
	f, err := fs.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, f spool.File, off int64, text string) {
	t.Helper()
	if n, err := f.WriteAt([]byte(text), off); err != nil || n != len(text) {
		t.Fatalf("WriteAt: %d, %v", n, err)
	}
}

func TestOnlyWhatWasSyncedSurvivesAPowerCut(t *testing.T) {
	fs := faultfs.New()
	f := create(t, fs)
	write(t, f, 0, "synced")
	if err := errors.Join(f.Sync(), fs.SyncDir("/d")); err != nil {
		t.Fatal(err)
	}
	write(t, f, 6, " and not")
	if _, err := fs.Create("/d/other"); err != nil {
		t.Fatal(err)
	}
	killed := fs.Crash(faultfs.KeepAll, nil)
	if image := killed.Image(); string(image[name]) != "synced and not" || len(image) != 2 {
		t.Fatalf("after a kill: %q", image)
	}
	if image := killed.Crash(faultfs.LoseAll, nil).Image(); string(image[name]) != "synced" || len(image) != 1 {
		t.Fatalf("after a power cut: %q", image)
	}
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, faultfs.ErrStopped) {
		t.Fatalf("a write of the dead process: %v", err)
	}
}

func TestATornWriteLeavesSomeOfItsSectors(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(200) {
		fs := faultfs.New()
		f := create(t, fs)
		if err := errors.Join(f.Sync(), fs.SyncDir("/d")); err != nil {
			t.Fatal(err)
		}
		write(t, f, 0, strings.Repeat("a", 512)+strings.Repeat("b", 512))
		b := fs.Crash(faultfs.Torn, rand.New(rand.NewPCG(seed, 0))).Image()[name]
		a, second := slices.Contains(b, 'a'), slices.Contains(b, 'b')
		switch {
		case !a && !second:
			seen["nothing"] = true
		case !a:
			seen["second only"] = true
		case len(b) < 512 || !second:
			seen["a part"] = true
		case len(b) == 1024:
			seen["all"] = true
		}
	}
	if len(seen) != 4 {
		t.Fatalf("of four kinds of tearing only %v came", seen)
	}
}

func TestAFailedSyncForgetsForGood(t *testing.T) {
	fs := faultfs.New()
	f := create(t, fs)
	if err := fs.SyncDir("/d"); err != nil {
		t.Fatal(err)
	}
	write(t, f, 0, "lost")
	fs.Fail(func(op faultfs.Op) error {
		if op.Kind == faultfs.OpSync {
			return syscall.EIO
		}
		return nil
	})
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	fs.Fail(nil)
	if err := f.Sync(); err != nil {
		t.Fatalf("the next sync: %v", err)
	}
	if image := fs.Image(); string(image[name]) != "lost" {
		t.Fatalf("the process sees %q", image[name])
	}
	if image := fs.Crash(faultfs.LoseAll, nil).Image(); len(image[name]) != 0 {
		t.Fatalf("the disk has %q", image[name])
	}
}

func TestSpaceRunsOutInTheMidstOfAWrite(t *testing.T) {
	fs := faultfs.New()
	f := create(t, fs)
	fs.SetSpace(3)
	if n, err := f.WriteAt([]byte("four"), 0); n != 3 || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("WriteAt: %d, %v", n, err)
	}
	write(t, f, 0, "new") // over what is there
	if err := fs.Remove(name); err != nil {
		t.Fatal(err)
	}
	write(t, create(t, fs), 0, "abc")
}
