package year

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/ledger"
	"plantroom/services/store"
	"plantroom/sim/estates"
)

var update = flag.Bool("update", false, "write docs/decision-report.md anew")

// The page is what the code says, today and from the same seed always.
func TestTheDecisionReportIsWhatTheCodeComesTo(t *testing.T) {
	var once, twice bytes.Buffer
	if err := Decision(t.Context(), &once, CommitteeSeed); err != nil {
		t.Fatal(err)
	}
	if err := Decision(t.Context(), &twice, CommitteeSeed); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
		t.Errorf("the same seed gives another page (%v)", err)
	}
	const path = "../../docs/decision-report.md"
	if *update {
		if err := os.WriteFile(path, once.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(is, once.Bytes()) {
		t.Errorf("docs/decision-report.md is not what the code comes to (%v): go test ./sim/year -run Decision -update", err)
	}
}

func TestEveryFaultOfAYearIsRepairedAndRecorded(t *testing.T) {
	e, err := estates.Load("story")
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	from, end, err := Of(e, 2026)
	if err != nil || end.Time() != time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC) {
		t.Fatal(end, err)
	}
	if err := Play(t.Context(), Options{Estate: e, Store: s, From: from, To: end, Seed: 7, Faults: 4}); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Verify(ledger.Rows(t.Context(), s)); err != nil {
		t.Error(err)
	}
	err = s.View(t.Context(), func(tx plantroom.Tx) error {
		orders, err := tx.Orders(plantroom.OrderFilter{})
		if len(orders) < 15 || len(orders) > 60 {
			t.Errorf("%d orders of 8 lifts with 4 faults each", len(orders))
		}
		for _, o := range orders {
			if o.State != plantroom.Closed {
				t.Errorf("%s is %s", o.ID, o.State)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
