package app

import (
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/history"
	"plantroom/services/httpapi/live"
	"plantroom/services/ingest"
	"plantroom/services/playbooks"
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

// Whoever watches the metrics sees an office that does not follow up.
func TestTheMetricsSayHowManyCasesAreOpenAndWhatOfThemIsLate(t *testing.T) {
	now := plantroom.At(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))
	s := &Server{now: func() plantroom.Instant { return now }}
	s.spine.Store(&runningSpine{Spine: tested(t)})
	desk, err := cases.New(plantroom.Estate{ID: "story", Zone: "UTC", People: []plantroom.Person{{ID: "lin", Role: "manager"}}}, playbooks.Cases())
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(caseMetrics{s})
	want := func(name string, byKind map[string]float64) {
		t.Helper()
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == name {
					got[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
				}
			}
		}
		for _, kind := range plantroom.CaseKinds() {
			if v, there := got[string(kind)]; !there || v != byKind[string(kind)] {
				t.Errorf("%s of %s is %v (there: %v), want %v", name, kind, v, there, byKind[string(kind)])
			}
		}
	}
	opened := func(at plantroom.Instant) (c plantroom.Case) {
		t.Helper()
		err := s.spine.Load().Store.Update(t.Context(), func(tx plantroom.Tx) (err error) {
			c, err = desk.Open(tx, at, cases.Opening{Playbook: "rumour", Text: "the lift fell", By: "lin", Actor: "person:operator"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	want("plantroom_cases_open", nil) // noughts, so that an alarm has something to look at
	want("plantroom_case_steps_late", nil)
	opened(now)
	opened(now.Add(-20 * time.Minute)) // the first of its steps is due after 15
	want("plantroom_cases_open", map[string]float64{"rumour": 2})
	want("plantroom_case_steps_late", map[string]float64{"rumour": 1})
	want("plantroom_cases_overdue", nil)

	old := opened(now.Add(-30 * 24 * time.Hour))
	want("plantroom_cases_overdue", map[string]float64{"rumour": 1})
	old.State, old.Version = plantroom.CaseClosed, old.Version+1
	if err := s.spine.Load().Store.Update(t.Context(), func(tx plantroom.Tx) error { return tx.PutCase(old) }); err != nil {
		t.Fatal(err)
	}
	want("plantroom_cases_open", map[string]float64{"rumour": 2})
	want("plantroom_cases_overdue", nil)
}
