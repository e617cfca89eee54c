package evidence_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/evidence"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/ledger"
	"plantroom/services/playbooks"
)

func TestABundleIsWholeAndHoldsTheOrdersStory(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{})
	r := verify(t, b)
	if len(r.Findings) != 0 || r.Rows == 0 || r.Unproved != 0 || r.Terms != 1 || r.Manifest.Order != h.order || !r.Manifest.Ledger.Head {
		t.Fatalf("%+v", r)
	}
	files, err := evidence.Unzip(b)
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, f := range files {
		text[f.Name] = string(f.Data)
	}
	for name, want := range map[string][]string{
		"timeline.txt":                 {"order.acknowledge wo-000002 by contractor:quicklift", technician, "order.prove"},
		"calls.json":                   {`"kind": "order.dispatched"`, `"body_sha256"`},
		"order.json":                   {`"state": "closed"`},
		"terms.jsonl":                  {`contract quicklift`, `rule lift.fault`},
		"series-01-lift-b1-l1-box.csv": {"time,door,floor\n", ",open,3.5\n"},
		"manifest.json":                {"photos and other files of proof", "nobody has handed any in"},
		"readme.txt":                   {"verify.html"},
	} {
		for _, w := range want {
			if !strings.Contains(text[name], w) {
				t.Errorf("%s does not hold %q:\n%.600s", name, w, text[name])
			}
		}
	}
	for name, s := range text {
		for _, secret := range []string{neighbour, "/job/j1", "http://receiver", "94 % full"} {
			if strings.Contains(s, secret) {
				t.Errorf("%s holds %q, which is another matter's or a secret", name, secret)
			}
		}
	}
	if z, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err != nil || len(z.File) != len(files) {
		t.Errorf("other programs cannot open it: %v", err)
	}
}

// TestThePlaybookIsInItAsItWas: an order of danger to life, whose steps come from a
// playbook, gives that one's text and no other's, redacted or not.
func TestThePlaybookIsInItAsItWas(t *testing.T) {
	h := newHouse(t)
	o := h.Open(apitest.Fault{Rule: "lift.entrapment", Asset: "b1-l1", Cause: "entrapment", Severity: plantroom.Life, Detail: "two people", Needed: 3})
	h.order = o.ID
	if o.Playbook == "" {
		t.Fatal("the order has no playbook")
	}
	others := 0
	for _, redact := range []bool{false, true} {
		b := h.bundle(t, evidence.Options{Redact: redact})
		if r := verify(t, b); len(r.Findings) != 0 || r.Unproved != 0 {
			t.Fatalf("%+v", r)
		}
		files, err := evidence.Unzip(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Name != "terms.jsonl" {
				continue
			}
			for _, p := range playbooks.All() {
				title, _ := json.Marshal(p.Steps[0].Title.En)
				quoted, _ := json.Marshal(string(title)) // it stands as text in text
				has := bytes.Contains(f.Data, bytes.Trim(quoted, `"`))
				if p.ID != o.Playbook {
					others++
				}
				if has != (p.ID == o.Playbook) {
					t.Errorf("redacted %v: the text of %s is in it: %v; the order's playbook is %s", redact, p.ID, has, o.Playbook)
				}
			}
		}
	}
	if others == 0 {
		t.Error("there is no other playbook that could be left out")
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	h := newHouse(t)
	for _, redact := range []bool{false, true} {
		if a, b := h.bundle(t, evidence.Options{Redact: redact}), h.bundle(t, evidence.Options{Redact: redact}); !bytes.Equal(a, b) {
			t.Errorf("redacted %v: two bundles of the same ledger differ", redact)
		}
	}
}

func TestRedactingLeavesPeopleOutAndTheChainWhole(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{Redact: true})
	r := verify(t, b)
	if len(r.Findings) != 0 || !r.Manifest.Redacted || r.Unproved != 0 {
		t.Fatalf("%+v", r)
	}
	for _, personal := range []string{technician, phone, "139 0000", "flat 5A", "roller replaced", "door does not close", "person:"} {
		if i := bytes.Index(b, []byte(personal)); i >= 0 {
			t.Errorf("%q is in it: …%s…", personal, b[max(0, i-80):i+80])
		}
	}
	for _, kept := range []string{`"contractor:quicklift"`, "order.acknowledge", "door_close_fault"} {
		if !bytes.Contains(b, []byte(kept)) {
			t.Errorf("%q is left out, which tells of no person", kept)
		}
	}
	open := verify(t, h.bundle(t, evidence.Options{}))
	if open.Head != r.Head {
		t.Errorf("the redacted bundle ends at %s, the open one at %s", r.Head, open.Head)
	}
	// What was left out cannot be exchanged, and cannot be filled in.
	wantFound(t, forge(t, b, "ledger.jsonl", func(text []byte) []byte { return flipDigest(t, text) }), "is edited")
}

// flipDigest changes a digit of the first digest.
func flipDigest(t *testing.T, text []byte) []byte {
	t.Helper()
	i := bytes.Index(text, []byte(`"digest":"`))
	if i < 0 {
		t.Fatal("nothing is left out")
	}
	i += len(`"digest":"`)
	text[i] = "1032547698badcfe"[strings.IndexByte("0123456789abcdef", text[i])]
	return text
}

// rowsOf splits a file of rows.
func rowsOf(text []byte) [][]byte { return slices.Collect(bytes.Lines(text)) }

func TestEveryEditAndDeletionOfARowIsNamed(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{})
	m := verify(t, b).Manifest.Ledger
	n := int(m.To - m.From + 1)
	change := func(f func(rows [][]byte) [][]byte) []byte {
		return forge(t, b, "ledger.jsonl", func(text []byte) []byte { return bytes.Join(f(rowsOf(text)), nil) })
	}
	for i := range n {
		seq := int(m.From) + i
		wantFound(t, change(func(rows [][]byte) [][]byte { return slices.Delete(rows, i, i+1) }), fmt.Sprintf("row %d is missing", seq))
		wantFound(t, change(func(rows [][]byte) [][]byte { rows[i] = edited(t, rows[i]); return rows }), fmt.Sprintf("row %d is edited", seq))
		if i+1 < n {
			wantFound(t, change(func(rows [][]byte) [][]byte { rows[i], rows[i+1] = rows[i+1], rows[i]; return rows }), fmt.Sprintf("row %d is missing", seq))
		}
	}
}

// edited changes what a row says and leaves its hash.
func edited(t *testing.T, row []byte) []byte {
	t.Helper()
	for _, key := range []string{`"value":"`, `"content":"`} {
		if i := bytes.Index(row, []byte(key)); i >= 0 {
			row = bytes.Clone(row)
			row[i+len(key)] = "1032547698badcfe"[strings.IndexByte("0123456789abcdef", row[i+len(key)])] // of the time, or of a hash
			return row
		}
	}
	t.Fatalf("nothing to edit in %s", row)
	return nil
}

func TestTermsThatWereEditedOrNeverInForceAreNamed(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{})
	wantFound(t, forge(t, b, "terms.jsonl", func(text []byte) []byte { return bytes.Replace(text, []byte("15m"), []byte("45m"), 1) }), "terms.jsonl: row 1 is edited")
	// The row about the terms is one of the chain, but of another matter: put
	// in another true row, it gives its hash, and no order names it.
	wantFound(t, forge(t, b, "terms.jsonl", func([]byte) []byte { return rowsOf(fileOf(t, b, "ledger.jsonl"))[0] }), "is named by no row of the order")
}

func fileOf(t *testing.T, b []byte, name string) []byte {
	t.Helper()
	files, err := evidence.Unzip(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name == name {
			return f.Data
		}
	}
	t.Fatalf("no %s", name)
	return nil
}

// TestEveryFlippedByteIsSeen: whatever byte of a bundle changes, it is refused
// or something is named. All bytes of its beginning and of its directory, and
// many of each file.
func TestEveryFlippedByteIsSeen(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{NoTelemetry: "none in this test"})
	step := 41 // coprime to the bits, and to the width of nothing in it
	if testing.Short() {
		step = 211
	}
	for i := 0; i < len(b); i++ {
		if i > 256 && i < len(b)-1024 && i%step != 0 {
			continue
		}
		b[i] ^= 1 << (i % 8)
		r, err := evidence.Verify(bytes.NewReader(b), int64(len(b)), ledger.Head{})
		if err == nil && len(r.Findings) == 0 {
			t.Errorf("byte %d of %d can be flipped unseen", i, len(b))
		}
		b[i] ^= 1 << (i % 8)
	}
}

func TestARowThatWasNotedTellsTheTrueLedgerFromAForgedOne(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{})
	head := verify(t, b).Head
	for want, known := range map[string]ledger.Head{
		"":                                head,
		"has not the hash that was noted": {Seq: head.Seq, Hash: plantroom.Hash{1}},
		"is not among the bundle's rows":  {Seq: head.Seq + 9, Hash: head.Hash},
	} {
		r, err := evidence.Verify(bytes.NewReader(b), int64(len(b)), known)
		if err != nil || len(r.Findings) != min(1, len(want)) || want != "" && !strings.Contains(r.Findings[0].What, want) {
			t.Errorf("noted %s: %v %v, want %q", known, r.Findings, err, want)
		}
	}
}

func TestWhatIsMissingIsSaidAndWhy(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		opt  evidence.Options
		want string
	}{
		"no InfluxDB":     {evidence.Options{NoTelemetry: "InfluxDB is the server's child, and the server does not run"}, "the server does not run"},
		"does not answer": {evidence.Options{Telemetry: sensors{plantroom.Errorf(plantroom.CodeUnavailable, "it does not answer")}}, "it does not answer"},
	} {
		r := verify(t, h.bundle(t, c.opt))
		text, err := json.Marshal(r.Manifest.Missing)
		if err != nil || !strings.Contains(string(text), c.want) || len(r.Findings) > 0 {
			t.Errorf("%s: %s, %v", name, text, r.Findings)
		}
	}
}

func TestAnOrderThatIsNotThereHasNoBundle(t *testing.T) {
	h := newHouse(t)
	f, err := os.Create(t.TempDir() + "/x.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = h.Store.View(t.Context(), func(tx plantroom.Tx) error {
		_, _, err := evidence.Build(t.Context(), tx, "wo-000099", f, evidence.Options{})
		return err
	})
	if plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("%v", err)
	}
}
