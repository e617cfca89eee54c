package store

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"plantroom"

	"github.com/pressly/goose/v3"
)

// olderFile makes a file of an earlier schema.
func olderFile(t *testing.T, schema int64) (path string, db *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "plantroom.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	return path, db
}

// TestALedgerWrittenBeforeTheUpgradeStaysWholeAndGoesOn opens a file of schema
// 3, whose rows have no salt.
func TestALedgerWrittenBeforeTheUpgradeStaysWholeAndGoesOn(t *testing.T) {
	path, db := olderFile(t, 3)
	var prev plantroom.Hash
	for n := range int64(5) {
		r := plantroom.LedgerRow{At: plantroom.Instant(n), Kind: "order.raise", Subject: "wo-000001", Actor: "system", Body: []byte(`{"to":"raised"}`)}
		r.Seal(n+1, prev)
		prev = r.Hash
		if _, err := db.ExecContext(t.Context(), "INSERT INTO ledger (seq, at, kind, subject, actor, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			r.Seq, int64(r.At), r.Kind, r.Subject, r.Actor, string(r.Body), r.Prev[:], r.Hash[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path)
	var rows []plantroom.LedgerRow
	err := s.Update(t.Context(), func(tx plantroom.Tx) (err error) {
		if err := tx.AppendLedger(plantroom.LedgerRow{At: 6, Kind: "order.dispatch", Subject: "wo-000001"}); err != nil {
			return err
		}
		rows, err = tx.Ledger(0, 0)
		return err
	})
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	last := plantroom.Hash{}
	for i, r := range rows {
		if r.Seq != int64(i+1) || r.Prev != last || r.Hash != r.Sum() || r.Salt.IsZero() != (i < 5) {
			t.Errorf("row %d does not hold: %+v", i+1, r)
		}
		last = r.Hash
	}
}

// TestCallsWrittenBeforeTheUpgradeAreStillShared opens a file of schema 1.
func TestCallsWrittenBeforeTheUpgradeAreStillShared(t *testing.T) {
	path, db := olderFile(t, 1)
	for id, doc := range map[string]string{
		"m-1": `{"id":"m-1","channel":"webhook","to":"a","state":"pending","attempts":3,"body":{}}`,
		"m-2": `{"id":"m-2","channel":"webhook","to":"a","state":"pending","attempts":0,"body":{}}`,
		"m-3": `{"id":"m-3","channel":"webhook","to":"b","state":"pending","attempts":7,"body":{}}`,
	} {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO calls (id, order_id, state, next_try, doc) VALUES (?, 'wo-000001', 'pending', 1, ?)", id, doc); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path)
	var due []plantroom.Call
	if err := s.View(t.Context(), func(tx plantroom.Tx) (err error) { due, err = tx.DueCalls(1, 1, 0); return err }); err != nil {
		t.Fatal(err)
	}
	if len(due) != 2 || due[0].ID == "m-1" || due[1].ID == "m-1" {
		t.Errorf("due %+v, want m-2 and m-3: one to each address, the one less tried first", due)
	}
}

// TestJobsWrittenBeforeTheUpgradeAreStillKnown opens a file of schema 6.
func TestJobsWrittenBeforeTheUpgradeAreStillKnown(t *testing.T) {
	path, db := olderFile(t, 6)
	at := plantroom.At(time.Date(2026, 3, 2, 18, 0, 0, 123_456_789, time.UTC))
	for num, o := range []plantroom.WorkOrder{
		{State: plantroom.Attended, Contract: "lifts", Dispatched: at, ETA: at.Add(time.Minute), Attended: at.Add(time.Hour)},
		{State: plantroom.Dispatched},
		{State: plantroom.Closed, Contract: "lifts", Dispatched: at},
	} {
		o.Contractor, o.Asset = "quicklift", "b1-l1"
		doc, err := encode("test", &o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), `INSERT INTO orders (num, version, state, open, asset, domain, building, contractor, rule, raised, due, doc)
			VALUES (?, 1, ?, ?, 'b1-l1', '', '', 'quicklift', '', 0, 0, ?)`, num+1, string(o.State), flag(!o.State.Final()), doc); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path)
	var jobs []plantroom.Job
	if err := s.View(t.Context(), func(tx plantroom.Tx) (err error) { jobs, err = tx.Jobs("quicklift", "b1-l2", 9); return err }); err != nil {
		t.Fatal(err)
	}
	toMilli := func(i plantroom.Instant) plantroom.Instant { return plantroom.At(i.Time().Truncate(time.Millisecond)) }
	want := []plantroom.Job{
		{Order: "wo-000002", Asset: "b1-l1", State: plantroom.Dispatched},
		{Order: "wo-000001", Asset: "b1-l1", State: plantroom.Attended, Contract: "lifts", Dispatched: toMilli(at),
			ETA: toMilli(at.Add(time.Minute)), Attended: toMilli(at.Add(time.Hour))},
	}
	if !slices.Equal(jobs, want) {
		t.Errorf("%+v\nwant %+v", jobs, want)
	}
}
