package app_test

import (
	"archive/zip"
	"io"
	"os"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/evidence"
	"plantroom/services/ledger"
	"plantroom/services/store"
)

// TestABundleOfARunningHouseHoldsWhatTheSensorsSaidAndWhatWasPromised: the
// readings come from the real InfluxDB that the server has started, the terms
// from the row that the server wrote when it started.
func TestABundleOfARunningHouseHoldsWhatTheSensorsSaidAndWhatWasPromised(t *testing.T) {
	h := newHouse(t).start()
	g := h.gateway("gw-b1")
	at := h.now()
	g.take(
		reading("b1-l1-box", "mode", plantroom.String("normal"), at),
		reading("b1-l1-box", "floor", plantroom.Float(3), at.Add(1e9)),
		reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), at.Add(2e9)),
	)
	g.stored()
	eventually(t, "the order is there", func() bool { return len(h.orders()) == 1 })
	o := h.orders()[0]

	cfg := h.load()
	sensors, err := app.Telemetry(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), h.path("data", "plantroom.db")) // beside the server
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f, err := os.Create(h.path("bundle.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var m evidence.Manifest
	err = s.View(t.Context(), func(tx plantroom.Tx) (err error) {
		m, _, err = evidence.Build(t.Context(), tx, o.ID, f, evidence.Options{Telemetry: sensors, Measurements: app.Measurements(), Estate: cfg.Estate.ID})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.Verify(f, info.Size(), ledger.Head{})
	if err != nil || len(r.Findings) > 0 || r.Terms != 1 || len(m.Missing) != 1 {
		t.Fatalf("%v, %+v, missing %+v", err, r, m.Missing)
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"series-01-lift-b1-l1-box.csv": "door_close_fault", "terms.jsonl": "contract, clause 4.2"} {
		file, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(file)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not hold %q: %s %v", name, want, text, err)
		}
	}
	if !strings.Contains(readAll(t, z, "terms.jsonl"), cfg.EstateSum.String()) {
		t.Error("the terms do not name the estate file's hash")
	}
}

func readAll(t *testing.T, z *zip.Reader, name string) string {
	t.Helper()
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
