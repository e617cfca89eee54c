package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plantroom"
)

func appendNote(tx plantroom.Tx) error {
	return tx.AppendLedger(plantroom.LedgerRow{Kind: "note", Subject: "s", Body: make([]byte, 3000)})
}

func countRows(t *testing.T, s *SQLite) int {
	t.Helper()
	var n int
	err := s.View(t.Context(), func(tx plantroom.Tx) error {
		rows, err := tx.Ledger(0, 1<<20)
		n = len(rows)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// limitPages makes SQLite report a full disk beyond so many more pages;
// a negative number takes the limit away.
func limitPages(t *testing.T, s *SQLite, more int) {
	t.Helper()
	s.writer.enter(t.Context(), nil)
	defer s.writer.leave()
	w := s.writer.conn
	var pages int
	if err := w.sql.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := pages + more
	if more < 0 {
		limit = 1 << 30
	}
	if _, err := w.sql.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count=%d", limit)); err != nil {
		t.Fatal(err)
	}
}

func TestFullDiskLosesNothingAndHeals(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	limitPages(t, s, 20)
	kept := 0
	var err error
	for range 1000 {
		if err = s.Update(t.Context(), appendNote); err != nil {
			break
		}
		kept++
	}
	wantRefusal(t, err, plantroom.CodeUnavailable, "append to the ledger", "disk is full", "free space")
	if got := countRows(t, s); got != kept || kept == 0 {
		t.Fatalf("%d rows are there, %d were confirmed", got, kept)
	}
	limitPages(t, s, -1)
	if err := s.Update(t.Context(), appendNote); err != nil {
		t.Fatalf("after space returned: %v", err)
	}
	if got := countRows(t, s); got != kept+1 {
		t.Fatalf("%d rows, want %d", got, kept+1)
	}
}

func TestTransactionThatMetAFullDiskCannotCommit(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	limitPages(t, s, 2)
	err := s.Update(t.Context(), func(tx plantroom.Tx) error {
		for range 100 { // f does not look at its errors
			_ = appendNote(tx)
		}
		_ = tx.PutGap("gw-b1", 1, plantroom.Gap{First: 1, Last: 1})
		return nil
	})
	wantRefusal(t, err, plantroom.CodeUnavailable, "disk is full")
	limitPages(t, s, -1)
	if got := countRows(t, s); got != 0 {
		t.Fatalf("%d rows of a failed transaction are there", got)
	}
	if err := s.Update(t.Context(), appendNote); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherProgramHoldingTheFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.db")
	s := mustOpen(t, path)
	if _, err := s.writer.conn.sql.ExecContext(t.Context(), "PRAGMA busy_timeout=1"); err != nil {
		t.Fatal(err)
	}
	other := raw(t, path)
	other.SetMaxOpenConns(1)
	mustExec(t, other, "BEGIN IMMEDIATE")
	wantRefusal(t, s.Update(t.Context(), appendNote), plantroom.CodeUnavailable, "another program", "open")
	if got := countRows(t, s); got != 0 {
		t.Fatalf("%d rows", got)
	}
	mustExec(t, other, "ROLLBACK")
	if err := s.Update(t.Context(), appendNote); err != nil {
		t.Fatalf("after the other has let go: %v", err)
	}
}

func TestLedgerTableOnlyGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plantroom.db")
	s := mustOpen(t, path)
	for range 3 {
		if err := s.Update(t.Context(), appendNote); err != nil {
			t.Fatal(err)
		}
	}
	db := raw(t, path)
	const row = " (seq, at, kind, subject, actor, body, prev, hash) VALUES "
	for _, query := range []string{
		"UPDATE ledger SET body = '' WHERE seq = 2",
		"UPDATE ledger SET seq = 9 WHERE seq = 3",
		"DELETE FROM ledger WHERE seq = 3",
		"DELETE FROM ledger",
		"INSERT INTO ledger" + row + "(5, 0, '', '', '', '', x'', x'')",
		"INSERT INTO ledger" + row + "(3, 0, '', '', '', '', x'', x'')",
		"INSERT OR REPLACE INTO ledger" + row + "(2, 0, '', '', '', '', x'', x'')",
	} {
		if _, err := db.ExecContext(t.Context(), query); err == nil {
			t.Errorf("%s: not refused", query)
		}
	}
	if got := countRows(t, s); got != 3 {
		t.Fatalf("%d rows, want 3", got)
	}
}

// TestPollsUseTheirIndex keeps the queries that run every second from walking
// a table that only grows.
func TestPollsUseTheirIndex(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "plantroom.db"))
	r := <-s.reader
	defer func() { s.reader <- r }()
	for query, index := range map[string]string{
		dueOrders: "orders_live",
		"SELECT doc FROM " + openOrders + " WHERE open = 1 AND asset = 'a' ORDER BY num DESC":                               "SCAN orders USING INDEX orders_open",
		"SELECT doc FROM " + openOrders + " WHERE open = 1 AND state IN ('restored') AND num < 9 ORDER BY num DESC LIMIT 9": "SEARCH orders USING INDEX orders_open (num<?)",
		"SELECT doc FROM orders WHERE asset = 'a' ORDER BY num DESC LIMIT 1000":                                             "orders_asset",
		"SELECT doc FROM orders WHERE raised >= 1 AND raised < 2 ORDER BY num DESC":                                         "orders_raised",
		openIncidents: "incidents_open",
		"SELECT doc FROM incidents WHERE episode >= 1 ORDER BY episode DESC, id LIMIT 9": "incidents_episode",
		nextAddress:  "COVERING INDEX calls_lane",
		dueOfAddress: "COVERING INDEX calls_lane",
		jobsOf:       "COVERING INDEX orders_jobs (contractor=?)",
		nextHolder:   "COVERING INDEX orders_held",
		waitingOf:    "INDEX orders_held (contractor=? AND state=?)",
		dueCases:     "INDEX cases_due (due>? AND due<?)",
		caseOfKey:    "cases_key",
		"SELECT doc FROM " + openCases + " WHERE open = 1 ORDER BY num DESC": "cases_open",
		ledgerColumns + " WHERE subject = 's' ORDER BY seq":                  "ledger_subject",
	} {
		plan := planOf(t, r.sql, query)
		if !strings.Contains(plan, index) {
			t.Errorf("%s\nruns as %q, want index %s", query, plan, index)
		}
		if strings.Contains(query, openOrders) && strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nruns as %q: each page reads and sorts all that are open", query, plan)
		}
	}
}

// planOf says how SQLite runs a query.
func planOf(t *testing.T, db *sql.Conn, query string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, slices.Repeat([]any{1}, strings.Count(query, "?"))...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
