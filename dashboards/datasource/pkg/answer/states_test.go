package answer

import (
	"testing"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
)

func TestWhatIsBadNowStandsOnATimelinesFirstPage(t *testing.T) {
	in := func(states ...string) *api.States {
		var s api.States
		for _, state := range states {
			s.Segments = append(s.Segments, api.Segment{State: state})
		}
		return &s
	}
	for _, m := range legend.States() {
		if urgency(in(m.Value)) < 0 {
			t.Errorf("%s has no place", m.Value)
		}
	}
	if urgency(in("ok", "fault")) <= urgency(in("fault", "unknown")) || urgency(in("unknown")) <= urgency(in("maintenance")) || urgency(in()) >= urgency(in("ok")) {
		t.Error("a fault comes before what is not heard, that before what is worked on, and nothing last")
	}
}
