package evidence_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"plantroom"
	"plantroom/services/evidence"
)

// oldTx is a store whose ledger was written before rows had salts.
type oldTx struct {
	plantroom.Tx
	rows []plantroom.LedgerRow
}

func old(t *testing.T, tx plantroom.Tx) oldTx {
	t.Helper()
	rows, err := tx.Ledger(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var prev plantroom.Hash
	for i := range rows {
		rows[i].Salt = plantroom.Salt{}
		rows[i].Seal(rows[i].Seq, prev)
		prev = rows[i].Hash
	}
	return oldTx{tx, rows}
}

func (o oldTx) Ledger(after int64, limit int) ([]plantroom.LedgerRow, error) {
	rest := slices.Clone(o.rows[min(after, int64(len(o.rows))):])
	return rest[:min(limit, len(rest))], nil
}

func (o oldTx) LedgerOf(subject string) ([]plantroom.LedgerRow, error) {
	return slices.DeleteFunc(slices.Clone(o.rows), func(r plantroom.LedgerRow) bool { return r.Subject != subject }), nil
}

func (h *house) oldBundle(t *testing.T, redact bool) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = h.Store.View(t.Context(), func(tx plantroom.Tx) error {
		_, _, err := evidence.Build(t.Context(), old(t, tx), h.order, f, evidence.Options{Redact: redact, Estate: h.Estate().ID, NoTelemetry: "none in this test"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRowsFromBeforeTheUpgradeAreCheckedAsFarAsTheyCanBe: a row of the first
// form is shown whole or not at all, and of one that is not shown the bundle
// says that its hash is not proved.
func TestRowsFromBeforeTheUpgradeAreCheckedAsFarAsTheyCanBe(t *testing.T) {
	h := newHouse(t)
	b, redacted := h.oldBundle(t, false), h.oldBundle(t, true)
	open, hidden := verify(t, b), verify(t, redacted)
	if len(open.Findings)+len(hidden.Findings) > 0 || open.Unproved == 0 || hidden.Unproved <= open.Unproved || hidden.Shown == 0 {
		t.Fatalf("open %+v\nredacted %+v", open, hidden)
	}
	if bytes.Contains(redacted, []byte(technician)) || bytes.Contains(redacted, []byte(phone)) {
		t.Error("a name or a number is in the redacted one")
	}
	wantFound(t, forge(t, b, "ledger.jsonl", func(text []byte) []byte {
		return bytes.Replace(text, []byte(technician), []byte(neighbour), 1)
	}), "is edited")
	// The hash of a row that is not shown is carried by the one behind it.
	wantFound(t, forge(t, redacted, "ledger.jsonl", func(text []byte) []byte {
		rows := rowsOf(text)
		for i := 1; i+1 < len(rows); i++ {
			if !bytes.Contains(rows[i], []byte("fields")) && bytes.Contains(rows[i+1], []byte("fields")) {
				j := bytes.Index(rows[i], []byte(`"hash":"`)) + len(`"hash":"`)
				rows[i] = bytes.Clone(rows[i])
				rows[i][j] = "1032547698badcfe"[bytes.IndexByte([]byte("0123456789abcdef"), rows[i][j])]
				break
			}
		}
		return bytes.Join(rows, nil)
	}), "does not follow")
	ctx := openPage(t)
	for name, file := range map[string][]byte{"open": b, "redacted": redacted} {
		if good, verdict, findings := give(t, ctx, file); !good {
			t.Errorf("%s: %s %q", name, verdict, findings)
		}
	}
}
