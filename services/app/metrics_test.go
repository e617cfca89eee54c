package app

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"plantroom"
	"plantroom/services/history"
	"plantroom/services/httpapi/live"
	"plantroom/services/ingest"
	"plantroom/services/rehearsal"
	"plantroom/services/store"
)

func TestMetricsKeepToTheConventions(t *testing.T) {
	s := &Server{uplinks: &remote{}, hub: live.NewHub(live.Options{}), history: history.New(history.Options{}), now: func() plantroom.Instant { return 2 }}
	s.spine.Store(&runningSpine{Spine: tested(t)})
	families, err := s.metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	name := regexp.MustCompile(`^(plantroom|go|process)_`)
	ours, seen := 0, map[string]bool{}
	for _, f := range families {
		seen[f.GetName()] = true
		if !name.MatchString(f.GetName()) {
			t.Errorf("%s does not say whose it is", f.GetName())
		}
		if f.GetName()[0] == 'p' && f.GetName()[1] == 'l' {
			ours++
		}
	}
	if !seen["plantroom_channel_test_passed"] {
		t.Error("the test of a channel is not among the metrics")
	}
	if ours < 20 {
		t.Errorf("%d metrics of our own, want the counters of ingest among them", ours)
	}
}

// tested is a spine one of whose channels has passed its test.
func tested(t *testing.T) *Spine {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	plan, err := rehearsal.New(plantroom.Estate{Zone: "UTC", Tests: []plantroom.ChannelTest{{Channel: "mqtt", Person: "lin"}},
		People: []plantroom.Person{{ID: "lin", Channels: []plantroom.Address{{Channel: "mqtt", To: "lin"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx plantroom.Tx) error {
		calls, err := plan.Due(tx, 1)
		if err != nil {
			return err
		}
		calls[0].State = plantroom.CallSent
		return tx.InsertCalls(calls...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Spine{Ingest: ingest.New(ingest.Options{}), Store: db, plan: plan}
}
