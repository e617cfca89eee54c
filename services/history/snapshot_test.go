package history

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"plantroom"
)

func TestAFileHoldsAllOfIt(t *testing.T) {
	m := newMade(t, 12)
	table := m.year(t, 5000)
	odd := plantroom.Incident{ID: "inc-by-hand", Rule: "lift.fault", Asset: "a1", Episode: start.Add(300 * day), State: plantroom.IncidentOpen, Severity: plantroom.Low}
	if err := table.PutIncident(&odd); err != nil {
		t.Fatal(err)
	}
	table.claim(7, "inc-aaaaaaaaaaaaaaaa") // has not come
	path, at := filepath.Join(t.TempDir(), "history.cache"), Position{Seq: 12, Hash: plantroom.Hash{1, 2}}
	if err := Save(path, table, at); err != nil {
		t.Fatal(err)
	}
	back, got, err := Load(path)
	if err != nil || got != at {
		t.Fatalf("%+v, %v", got, err)
	}
	docs, _ := m.all(5000)
	for i := range docs {
		if !docs[i].State.Final() { // as after each start
			if err := back.Put(&docs[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	differ(t, "from the file", everything(t, m, back), everything(t, m, table))
	if back.claims[table.incidents[0].key[0]] != 0 || len(back.claims) != len(table.claims) || len(back.odd) != 1 {
		t.Errorf("claims %d of %d, odd ids %d", len(back.claims), len(table.claims), len(back.odd))
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
}

func TestADamagedFileIsRefused(t *testing.T) {
	m := newMade(t, 3)
	var whole bytes.Buffer
	if err := Write(&whole, m.year(t, 3), Position{Seq: 1}); err != nil {
		t.Fatal(err)
	}
	load := func(b []byte) error {
		_, _, err := readWhole(bytes.NewReader(b))
		return err
	}
	good := whole.Bytes()
	if err := load(good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		if load(bad) == nil {
			t.Fatalf("a bit of byte %d is wrong, and it is read", i)
		}
	}
	for n := range good {
		if load(good[:n]) == nil {
			t.Fatalf("%d bytes of %d are read as a whole", n, len(good))
		}
	}
	if load(append(bytes.Clone(good), 0)) == nil {
		t.Error("something stands behind it")
	}
	if _, _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestAFileThatCannotBeWrittenLeavesTheOldOne(t *testing.T) {
	m := newMade(t, 3)
	dir := t.TempDir()
	path := filepath.Join(dir, "gone", "history.cache")
	if err := Save(path, m.year(t, 20), Position{}); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("%v", err)
	}
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Save(path, m.year(t, 20), Position{}); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("%v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%d things are left: %v", len(files), err)
	}
}

// FuzzFile gives any bytes to whoever reads a file: what is taken can be asked.
func FuzzFile(f *testing.F) {
	m := newMade(f, 3)
	var whole bytes.Buffer
	if err := Write(&whole, m.year(f, 20), Position{Seq: 1}); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add([]byte(fileLine + "\x01\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, _, err := read(bytes.NewReader(b))
		if err != nil {
			return
		}
		table.OrderPage(m.book, &OrderQuery{Open: true, Limit: 10}, m.now)
		table.IncidentPage(m.book, &Filter{}, start, m.now, 10)
		table.League(m.book, &Filter{}, start, m.now)
		_, _ = table.Compliance(m.book, &ComplianceQuery{By: []Key{ByDay, ByContractor}, From: start, To: m.now})
		table.Now(m.book, m.estate.Assets, m.now)
		table.open()
	})
}

// Each would be of the whole history's size, and nobody would ever take them away.
func TestWhatAWriterThatWasKilledHasLeftIsWrittenOver(t *testing.T) {
	m := newMade(t, 3)
	path := filepath.Join(t.TempDir(), "history.cache")
	if err := os.WriteFile(path+".new", bytes.Repeat([]byte("half a file "), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Save(path, m.year(t, 20), Position{Seq: 3}); err != nil {
		t.Fatal(err)
	}
	if _, at, err := Load(path); err != nil || at.Seq != 3 {
		t.Errorf("%+v, %v", at, err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%d things are left: %v", len(files), err)
	}
}
