package proofs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"plantroom"
	"plantroom/services/store"
)

// photo makes a JPEG; another n, another photo.
func photo(t testing.TB, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 30))
	m.Set(n%40, n/40%30, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func screenshot(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 20, 10), color.Palette{color.Black, color.White})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const letter = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

func newDir(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "proofs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func take(t *testing.T, d *Dir, b []byte) *Held {
	t.Helper()
	h, err := d.Take(bytes.NewReader(b), MaxFile)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// files lists the directory, without the lock.
func files(t *testing.T, d *Dir) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestAFileIsKeptAsItCameUnderItsHash(t *testing.T) {
	d := newDir(t)
	for want, b := range map[plantroom.ProofFile][]byte{
		{Type: JPEG, Width: 40, Height: 30}: photo(t, 1),
		{Type: PNG, Width: 20, Height: 10}:  screenshot(t),
		{Type: PDF}:                         []byte(letter),
	} {
		h := take(t, d, b)
		h.Keep()
		if err := h.Release(); err != nil {
			t.Fatal(err)
		}
		want.Sum, want.Size = sha256.Sum256(b), int64(len(b))
		if h.ProofFile != want {
			t.Errorf("got %+v, want %+v", h.ProofFile, want)
		}
		f, err := d.Open(want.Sum)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s came back with other bytes: %v", want.Type, err)
		}
		_ = f.Close()
		if info, err := os.Stat(d.File(want.Sum)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("others may read it: %v %v", info.Mode(), err)
		}
	}
	if info, err := os.Stat(d.Path()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may look into the directory: %v %v", info.Mode(), err)
	}
}

func TestWhatIsRefusedLeavesNothingBehindAndSaysWhatIsTaken(t *testing.T) {
	d := newDir(t)
	wide := screenshot(t)
	copy(wide[16:], []byte{0, 0, 0x40, 1}) // 16,385 pixels
	copy(wide[29:], crcOf(wide[12:29]))
	bomb := screenshot(t)
	copy(bomb[16:], []byte{0, 0, 0x40, 0, 0, 0, 0x40, 0}) // 16,384 by 16,384
	copy(bomb[29:], crcOf(bomb[12:29]))
	for name, c := range map[string]struct {
		b    []byte
		code plantroom.Code
		says string
	}{
		"a page":            {[]byte("<!DOCTYPE html><script>alert(1)</script>"), plantroom.CodeInvalid, "only JPEG, PNG and PDF files are taken"},
		"a drawing":         {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), plantroom.CodeInvalid, "only JPEG, PNG and PDF"},
		"nothing":           {nil, plantroom.CodeInvalid, "it is empty"},
		"HEIC":              {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), plantroom.CodeInvalid, "most compatible format"},
		"WebP":              {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), plantroom.CodeInvalid, "WebP"},
		"a cut photo":       {photo(t, 1)[:20], plantroom.CodeInvalid, "damaged"},
		"a cut letter":      {[]byte(letter[:40]), plantroom.CodeInvalid, "does not end like one"},
		"a PDF further on":  {[]byte("x" + letter), plantroom.CodeInvalid, "only JPEG"},
		"a wide picture":    {wide, plantroom.CodeTooLarge, "16385 by 10"},
		"a bomb":            {bomb, plantroom.CodeTooLarge, "16384 by 16384"},
		"too long a letter": {append([]byte(letter), make([]byte, MaxFile)...), plantroom.CodeTooLarge, "larger than 8.4 MB"},
	} {
		_, err := d.Take(bytes.NewReader(c.b), MaxFile)
		if plantroom.CodeOf(err) != c.code || !strings.Contains(plantroom.MessageOf(err), c.says) {
			t.Errorf("%s: %v, want %s: %s", name, err, c.code, c.says)
		}
	}
	if _, err := d.Take(bytes.NewReader(photo(t, 1)), 100); plantroom.CodeOf(err) != plantroom.CodeTooLarge {
		t.Errorf("more than there is room for: %v", err)
	}
	cut := errors.New("the line is cut")
	if _, err := d.Take(io.MultiReader(bytes.NewReader(photo(t, 1)), iotest.ErrReader(cut)), MaxFile); !errors.Is(err, cut) {
		t.Errorf("a cut line: %v", err)
	}
	if left := files(t, d); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// The eighth photo of a form may be small enough by itself, and too much after seven.
func TestAFileForWhichThereIsNoRoomIsNotSaidToBeTooLargeItself(t *testing.T) {
	_, err := newDir(t).Take(bytes.NewReader(append([]byte(letter), make([]byte, 900_000)...)), 700_000)
	if plantroom.CodeOf(err) != plantroom.CodeTooLarge || !strings.Contains(plantroom.MessageOf(err), "room for 0.7 MB more") {
		t.Errorf("got %v", err)
	}
}

func TestAFullDiskTakesNoFileAndSaysSo(t *testing.T) {
	d := newDir(t)
	d.free = func(string) (int64, error) { return KeepFree, nil }
	if _, err := d.Take(bytes.NewReader(photo(t, 1)), MaxFile); plantroom.CodeOf(err) != plantroom.CodeUnavailable || !strings.Contains(err.Error(), "make room") {
		t.Errorf("%v", err)
	}
}

func TestAFileThatNoTransactionHasNamedIsRemovedUnlessAnotherHasOrItWasThere(t *testing.T) {
	d := newDir(t)
	release := func(hs ...*Held) {
		t.Helper()
		for _, h := range hs {
			if err := h.Release(); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, b := take(t, d, photo(t, 1)), take(t, d, photo(t, 1))
	release(a)
	if len(files(t, d)) != 1 {
		t.Error("it was taken from under somebody else who has brought it")
	}
	release(b)
	if len(files(t, d)) != 0 {
		t.Error("nobody has named it, and it is there")
	}
	a, b = take(t, d, photo(t, 1)), take(t, d, photo(t, 1))
	a.Keep()
	release(b, a)
	c := take(t, d, photo(t, 1)) // it was there
	release(c)
	if len(files(t, d)) != 1 {
		t.Error("a file that a transaction has named is gone")
	}
}

func TestManyWhoBringTheSameFileAtOnceKeepIt(t *testing.T) {
	d := newDir(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			h, err := d.Take(bytes.NewReader(photo(t, 7)), MaxFile)
			if err != nil {
				t.Error(err)
				return
			}
			if i == 3 {
				h.Keep()
			}
			if err := h.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(files(t, d)); n != 1 || len(d.held) != 0 {
		t.Errorf("%d files, %d held", n, len(d.held))
	}
}

func TestAFileThatIsMissingOrChangedIsNamed(t *testing.T) {
	d := newDir(t)
	h := take(t, d, photo(t, 1))
	if err := os.WriteFile(d.File(h.Sum), photo(t, 2), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(h.Sum); plantroom.CodeOf(err) != plantroom.CodeInternal || !strings.Contains(err.Error(), h.Sum.String()) || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(d.File(h.Sum)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(h.Sum); plantroom.CodeOf(err) != plantroom.CodeNotFound || !strings.Contains(err.Error(), h.Sum.String()+" is missing") {
		t.Errorf("%v", err)
	}
}

func TestADamagedFileIsMendedByWhoeverBringsItAgain(t *testing.T) {
	d := newDir(t)
	h := take(t, d, photo(t, 1))
	if err := os.WriteFile(d.File(h.Sum), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	take(t, d, photo(t, 1))
	f, err := d.Open(h.Sum)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

func TestAStartRemovesWhatACrashHasCutOffAndNothingElse(t *testing.T) {
	d := newDir(t)
	h := take(t, d, photo(t, 1))
	if err := os.WriteFile(filepath.Join(d.Path(), "123"+partial), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(d.Path()); plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Fatalf("two take files in one directory: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := files(t, again); len(got) != 1 || got[0] != h.Sum.String() {
		t.Errorf("left: %q", got)
	}
}

func TestAnAuditNamesWhatIsMissingChangedAndNobodys(t *testing.T) {
	d := newDir(t)
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var ps []plantroom.Proof
	for i := range 5 {
		ps = append(ps, plantroom.Proof{Order: "wo-000001", ProofFile: take(t, d, photo(t, i)).ProofFile})
	}
	if err := s.Update(t.Context(), func(tx plantroom.Tx) error { return tx.PutProofs(ps[:4]...) }); err != nil {
		t.Fatal(err)
	}
	audit := func(whole bool) Audit {
		t.Helper()
		a, err := d.Audit(context.Background(), s, whole)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := audit(true); a.Files != 4 || len(a.Faults) != 0 || len(a.Orphans) != 1 || a.Orphans[0] != ps[4].Sum {
		t.Errorf("%+v", a)
	}
	turned := photo(t, 1)
	turned[len(turned)-9] ^= 1
	for i, b := range [][]byte{nil, turned, []byte("short")} {
		if b == nil {
			err = os.Remove(d.File(ps[i].Sum))
		} else {
			err = os.WriteFile(d.File(ps[i].Sum), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if a := audit(false); len(a.Faults) != 2 {
		t.Errorf("by size: %q", a.Faults)
	}
	a := audit(true)
	said := strings.Join(a.Faults, "\n")
	if len(a.Faults) != 3 || !strings.Contains(said, ps[0].Sum.String()+", of wo-000001: the file "+ps[0].Sum.String()+" is missing") || !strings.Contains(said, ps[1].Sum.String()+" was changed") {
		t.Errorf("read whole: %q", a.Faults)
	}
	if err := Look(d.Path()).Sweep(a.Orphans); plantroom.CodeOf(err) != plantroom.CodeInternal {
		t.Errorf("swept beside a server: %v", err)
	}
	if err := d.Sweep(a.Orphans); err != nil {
		t.Fatal(err)
	}
	if a := audit(false); len(a.Orphans) != 0 || a.Files != 4 {
		t.Errorf("after the sweep: %+v", a)
	}
}
