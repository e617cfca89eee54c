package evidence_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"plantroom"
	"plantroom/services/evidence"
)

// madeUp rewrites a row that is shown, behind prev, as the one who knows the
// format would, and returns its line and its hash.
func madeUp(t *testing.T, row []byte, prev plantroom.Hash, was, is string) ([]byte, plantroom.Hash) {
	t.Helper()
	type field struct {
		Name   string          `json:"name"`
		Value  *string         `json:"value,omitempty"`
		Salt   *plantroom.Hash `json:"salt,omitempty"`
		Digest *plantroom.Hash `json:"digest,omitempty"`
	}
	var l struct {
		Seq    int64          `json:"seq"`
		Form   int            `json:"form"`
		Prev   plantroom.Hash `json:"prev"`
		Hash   plantroom.Hash `json:"hash"`
		Fields []field        `json:"fields"`
	}
	if err := json.Unmarshal(bytes.ReplaceAll(row, []byte(was), []byte(is)), &l); err != nil {
		t.Fatal(err)
	}
	var fields []plantroom.LedgerField
	for _, f := range l.Fields {
		x := plantroom.LedgerField{Name: f.Name, Value: *f.Value, Salt: *f.Salt}
		x.Digest = x.Sum()
		fields = append(fields, x)
	}
	l.Prev, l.Hash = prev, plantroom.LedgerLink(prev, l.Seq, plantroom.LedgerContent(fields))
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), l.Hash
}

// TestNoRowWithoutAProofStandsBehindOneThatHasIt: rows get salts since an
// upgrade, and none lacks them from there on. A row that is said to be of the
// first form could be given any hash: behind rows that were made up it would
// join them to the true chain.
func TestNoRowWithoutAProofStandsBehindOneThatHasIt(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{NoTelemetry: "none in this test"})
	rows := rowsOf(fileOf(t, b, "ledger.jsonl"))
	i := slices.IndexFunc(rows, func(r []byte) bool { return bytes.Contains(r, []byte(technician)) })
	if i < 1 || i+1 >= len(rows) {
		t.Fatal("no row to forge")
	}
	type head struct {
		Seq  int64           `json:"seq"`
		Form int             `json:"form"`
		Prev *plantroom.Hash `json:"prev,omitempty"`
		Hash plantroom.Hash  `json:"hash"`
	}
	var before, behind head
	for j, into := range map[int]*head{i - 1: &before, i + 1: &behind} {
		if err := json.Unmarshal(rows[j], into); err != nil {
			t.Fatal(err)
		}
	}
	forged, _ := madeUp(t, rows[i], before.Hash, technician, neighbour)
	behind.Form, behind.Prev = 1, nil
	patch, err := json.Marshal(behind)
	if err != nil {
		t.Fatal(err)
	}
	spliced := forge(t, b, "ledger.jsonl", func([]byte) []byte {
		out := slices.Clone(rows)
		out[i], out[i+1] = forged, append(patch, '\n')
		return bytes.Join(out, nil)
	})
	wantFound(t, spliced, "is of the first form, behind one of the second")
	ctx := openPage(t)
	var want []string
	for _, f := range verify(t, spliced).Findings {
		want = append(want, f.String())
	}
	if good, verdict, findings := give(t, ctx, spliced); good || !slices.Equal(findings, want) {
		t.Errorf("the page: %s %q, the program %q", verdict, findings, want)
	}
}
