package app

import (
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"plantroom/services/httpapi/live"
	"plantroom/services/ingest"
)

func TestMetricsKeepToTheConventions(t *testing.T) {
	s := &Server{uplinks: &remote{}, hub: live.NewHub(live.Options{})}
	s.spine.Store(&runningSpine{Spine: &Spine{Ingest: ingest.New(ingest.Options{})}})
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
	ours := 0
	for _, f := range families {
		if !name.MatchString(f.GetName()) {
			t.Errorf("%s does not say whose it is", f.GetName())
		}
		if f.GetName()[0] == 'p' && f.GetName()[1] == 'l' {
			ours++
		}
	}
	if ours < 20 {
		t.Errorf("%d metrics of our own, want the counters of ingest among them", ours)
	}
}
