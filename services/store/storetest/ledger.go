package storetest

import (
	"encoding/json"
	"fmt"
	"testing"

	"plantroom"
)

var ledgerCases = []testCase{
	{"rows are sealed into one chain, across transactions", ledgerChain},
	{"a rolled-back row leaves no hole and no trace in the chain", ledgerAfterRollback},
	{"what a caller says of place and hash does not count", ledgerSealsItself},
	{"a row comes back to the byte", ledgerBytes},
	{"each row has a salt of its own", ledgerSalts},
	{"a page of the ledger starts behind a row", ledgerPages},
	{"the rows of one subject come in order", ledgerOfSubject},
}

// row makes an unsealed row.
func row(subject string, n int) plantroom.LedgerRow {
	return plantroom.LedgerRow{At: clock(int64(n)), Kind: "order.note", Subject: subject, Actor: "system", Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))}
}

// wantChain checks that rows are a whole chain from its beginning.
func wantChain(t *testing.T, rows []plantroom.LedgerRow) {
	t.Helper()
	var prev plantroom.Hash
	for i, r := range rows {
		if r.Seq != int64(i+1) || r.Prev != prev || r.Hash != r.Sum() {
			t.Errorf("row %d does not follow the row before it: %+v", i+1, r)
			return
		}
		prev = r.Hash
	}
}

func appendRows(t *testing.T, s plantroom.Store, rows ...plantroom.LedgerRow) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error { return tx.AppendLedger(rows...) })
}

func wholeLedger(t *testing.T, s plantroom.Store) []plantroom.LedgerRow {
	t.Helper()
	return read(t, s, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.Ledger(0, 10_000) })
}

func ledgerChain(t *testing.T, s plantroom.Store) {
	appendRows(t, s)
	appendRows(t, s, row("a", 1), row("b", 2))
	update(t, s, func(tx plantroom.Tx) error {
		if err := tx.AppendLedger(row("a", 3)); err != nil {
			return err
		}
		return tx.AppendLedger(row("a", 4), row("a", 5))
	})
	rows := wholeLedger(t, s)
	wantEqual(t, len(rows), 5)
	wantChain(t, rows)
}

func ledgerAfterRollback(t *testing.T, s plantroom.Store) {
	appendRows(t, s, row("a", 1))
	refused(t, s, plantroom.CodeInvalid, func(tx plantroom.Tx) error {
		if err := tx.AppendLedger(row("a", 2), row("a", 3)); err != nil {
			return err
		}
		return plantroom.Errorf(plantroom.CodeInvalid, "taken back")
	})
	appendRows(t, s, row("a", 4))
	rows := wholeLedger(t, s)
	wantEqual(t, len(rows), 2)
	wantChain(t, rows)
	wantEqual(t, rows[1].At, clock(4))
}

func ledgerSealsItself(t *testing.T, s plantroom.Store) {
	r := row("a", 1)
	r.Seq, r.Prev, r.Hash = 77, plantroom.Hash{1}, plantroom.Hash{2}
	appendRows(t, s, r)
	wantChain(t, wholeLedger(t, s))
}

func ledgerBytes(t *testing.T, s plantroom.Store) {
	bodies := []json.RawMessage{nil, []byte(`{"b" : 1,  "a":2}`), []byte(`"漏水 \u0000"`), []byte("not json \x00\xff")}
	for _, body := range bodies {
		appendRows(t, s, plantroom.LedgerRow{At: clock(1) + 1, Kind: "k é", Subject: "s", Actor: "person:李", Body: body})
	}
	rows := wholeLedger(t, s)
	wantChain(t, rows)
	for i, r := range rows {
		wantEqual(t, r.Body, bodies[i])
		wantEqual(t, r.Actor, "person:李")
		wantEqual(t, r.At, clock(1)+1)
	}
}

// ledgerSalts: a field that is left out of a bundle could be tried out where two
// rows share their salt, or where a caller may choose it.
func ledgerSalts(t *testing.T, s plantroom.Store) {
	r := row("a", 1)
	r.Salt = plantroom.Salt{1}
	appendRows(t, s, r, r)
	appendRows(t, s, r)
	seen := map[plantroom.Salt]bool{{}: true, {1}: true}
	for _, r := range wholeLedger(t, s) {
		if seen[r.Salt] {
			t.Errorf("row %d has the salt %x", r.Seq, r.Salt)
		}
		seen[r.Salt] = true
	}
}

func ledgerPages(t *testing.T, s plantroom.Store) {
	for n := range 5 {
		appendRows(t, s, row("a", n))
	}
	page := func(after int64, limit int) []int64 {
		rows := read(t, s, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.Ledger(after, limit) })
		return keys(rows, func(r plantroom.LedgerRow) int64 { return r.Seq })
	}
	wantEqual(t, page(0, 2), []int64{1, 2})
	wantEqual(t, page(2, 2), []int64{3, 4})
	wantEqual(t, page(4, 2), []int64{5})
	wantEqual(t, page(5, 2), []int64{})
	wantEqual(t, page(0, 0), []int64{1, 2, 3, 4, 5})
}

func ledgerOfSubject(t *testing.T, s plantroom.Store) {
	appendRows(t, s, row("a", 1), row("b", 2), row("a", 3))
	rows := read(t, s, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.LedgerOf("a") })
	wantEqual(t, keys(rows, func(r plantroom.LedgerRow) int64 { return r.Seq }), []int64{1, 3})
}
