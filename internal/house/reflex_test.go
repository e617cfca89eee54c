package house

import (
	"slices"
	"testing"

	"plantroom"
	"plantroom/gateway/reflex"
	"plantroom/services/domains/leaks"
)

// The gateway and the services may not import each other, and mean the same.
func TestWhatOutputsSayTheServicesKnow(t *testing.T) {
	d := leaks.Domain()
	for name, states := range reflex.Signals() {
		i := slices.IndexFunc(d.Signals, func(s plantroom.Signal) bool { return s.Name == name })
		if i < 0 {
			t.Errorf("the leaks know no signal %s", name)
		} else if !slices.Equal(d.Signals[i].Values, states) {
			t.Errorf("%s is one of %v for an output, and one of %v for the leaks", name, states, d.Signals[i].Values)
		}
	}
}
