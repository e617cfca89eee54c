package store

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"

	"plantroom"

	"github.com/pressly/goose/v3"
)

// TestCallsWrittenBeforeTheUpgradeAreStillShared opens a file of schema 1.
func TestCallsWrittenBeforeTheUpgradeAreStillShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.db")
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
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
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
