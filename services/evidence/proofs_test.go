package evidence_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/evidence"
	"plantroom/services/proofs"
)

// photo makes a picture; another n, another one.
func photo(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 64, 48))
	m.Set(n, n, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withPhotos is a house whose order has two photos.
func withPhotos(t *testing.T) (*house, [][]byte) {
	t.Helper()
	h := newHouse(t)
	photos := [][]byte{photo(t, 1), photo(t, 20)}
	for i, p := range photos {
		held, err := h.Files.Dir.Take(bytes.NewReader(p), proofs.MaxFile)
		if err != nil {
			t.Fatal(err)
		}
		held.Keep()
		if err := held.Release(); err != nil {
			t.Fatal(err)
		}
		note := []string{"before, flat 5A in the picture", "after"}[i]
		if _, err := h.Proof(t.Context(), dispatch.Handed{Order: h.order, Actor: "contractor:quicklift", Link: 1, By: technician, Note: note, Files: []plantroom.ProofFile{held.ProofFile}}); err != nil {
			t.Fatal(err)
		}
	}
	return h, photos
}

func TestPhotosAreInTheBundleAndTheRowsProveThem(t *testing.T) {
	h, photos := withPhotos(t)
	b := h.bundle(t, evidence.Options{Files: h.Files.Dir})
	r := verify(t, b)
	if len(r.Findings) != 0 || r.Proofs != 2 || r.ProofsByHash != 0 {
		t.Fatalf("%+v", r)
	}
	for i, name := range []string{"proof-01.jpg", "proof-02.jpg"} {
		if !bytes.Equal(fileOf(t, b, name), photos[i]) {
			t.Errorf("%s has other bytes", name)
		}
	}
	for _, want := range []string{`"file": "proof-01.jpg"`, `"by": "` + technician, `"width": 64`} {
		if list := string(fileOf(t, b, "proofs.json")); !strings.Contains(list, want) {
			t.Errorf("proofs.json does not hold %q:\n%s", want, list)
		}
	}
	if !bytes.Equal(b, h.bundle(t, evidence.Options{Files: h.Files.Dir})) {
		t.Error("made again it has other bytes")
	}
}

// TestAForgedPhotoIsNamed: the manifest's list can be forged with the photo, the
// row cannot.
func TestAForgedPhotoIsNamed(t *testing.T) {
	h, _ := withPhotos(t)
	b := h.bundle(t, evidence.Options{Files: h.Files.Dir})
	wantFound(t, forge(t, b, "proof-02.jpg", func([]byte) []byte { return photo(t, 30) }), "proof-02.jpg: is named by no row of the order")
}

func TestWithoutPeopleABundleHasTheHashesOfPhotosAndNoPhoto(t *testing.T) {
	h, photos := withPhotos(t)
	b := h.bundle(t, evidence.Options{Redact: true, Files: h.Files.Dir})
	r := verify(t, b)
	if len(r.Findings) != 0 || r.Proofs != 0 || r.ProofsByHash != 2 || r.Unproved != 0 {
		t.Fatalf("%+v", r)
	}
	for _, p := range photos {
		if bytes.Contains(b, p[20:200]) {
			t.Error("a photo is in it")
		}
		if sum := plantroom.Hash(hashOf(p)).String(); !bytes.Contains(fileOf(t, b, "ledger.jsonl"), []byte(sum)) {
			t.Errorf("no row shows %s: whoever has the photo cannot compare", sum)
		}
	}
	for _, personal := range []string{technician, "flat 5A", "in the picture"} {
		if bytes.Contains(b, []byte(personal)) {
			t.Errorf("%q is in it", personal)
		}
	}
}

func TestAMissingOrChangedPhotoIsNamedAndTheRestOfTheBundleIsWhole(t *testing.T) {
	h, photos := withPhotos(t)
	first, second := plantroom.Hash(hashOf(photos[0])), plantroom.Hash(hashOf(photos[1]))
	if err := os.Remove(h.Files.Dir.File(first)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Files.Dir.File(second), photo(t, 40), 0o600); err != nil {
		t.Fatal(err)
	}
	b := h.bundle(t, evidence.Options{Files: h.Files.Dir})
	r := verify(t, b)
	if len(r.Findings) != 0 || r.Proofs != 0 || r.ProofsByHash != 2 {
		t.Errorf("%+v", r)
	}
	said := string(fileOf(t, b, "manifest.json"))
	for _, want := range []string{first.String() + " is missing", second.String() + " was changed"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// TestADatabaseThatWasChangedBehindTheServersBackIsToldFromTheRows: one photo was
// slipped in, another taken off the list.
func TestADatabaseThatWasChangedBehindTheServersBackIsToldFromTheRows(t *testing.T) {
	h, photos := withPhotos(t)
	held, err := h.Files.Dir.Take(bytes.NewReader(photo(t, 40)), proofs.MaxFile)
	if err != nil {
		t.Fatal(err)
	}
	slipped := plantroom.Proof{Order: h.order, ProofFile: held.ProofFile, Actor: "contractor:quicklift"}
	if err := h.Store.Update(t.Context(), func(tx plantroom.Tx) error { return tx.PutProofs(slipped) }); err != nil {
		t.Fatal(err)
	}
	first := plantroom.Hash(hashOf(photos[0]))
	h.sees = func(tx plantroom.Tx) plantroom.Tx { return without{tx, first} }
	b := h.bundle(t, evidence.Options{Files: h.Files.Dir})
	if r := verify(t, b); len(r.Findings) != 0 || r.Proofs != 1 || r.ProofsByHash != 1 {
		t.Errorf("%+v", r)
	}
	said := string(fileOf(t, b, "manifest.json"))
	for _, want := range []string{"the file of proof " + first.String(), "and the database does not list it", "the file of proof " + slipped.Sum.String(), "no row of the ledger names it"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

// without is a database from which somebody has taken a file off the lists.
type without struct {
	plantroom.Tx
	sum plantroom.Hash
}

func (w without) Proofs(id plantroom.OrderID) ([]plantroom.Proof, error) {
	list, err := w.Tx.Proofs(id)
	return slices.DeleteFunc(list, func(p plantroom.Proof) bool { return p.Sum == w.sum }), err
}
