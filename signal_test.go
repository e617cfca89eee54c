package plantroom_test

import (
	"math"
	"strings"
	"testing"

	"plantroom"
)

func TestASignalTakesOnlyWhatIsItsOwn(t *testing.T) {
	distance := plantroom.Signal{Name: "distance_m", Kind: plantroom.FloatKind, Unit: "m", Min: 0.02, Max: 8}
	state := plantroom.Signal{Name: "state", Kind: plantroom.StringKind, Values: []string{"dry", "wet"}}
	lid := plantroom.Signal{Name: "lid_open", Kind: plantroom.BoolKind}
	for name, c := range map[string]struct {
		signal plantroom.Signal
		value  plantroom.Value
		says   string // "": it is accepted
	}{
		"the least":               {distance, plantroom.Float(0.02), ""},
		"the greatest":            {distance, plantroom.Float(8), ""},
		"a little less":           {distance, plantroom.Float(math.Nextafter(0.02, 0)), "signal distance_m is 0.019999999999999997 m: outside 0.02 to 8"},
		"a little more":           {distance, plantroom.Float(math.Nextafter(8, 9)), "outside 0.02 to 8"},
		"NaN":                     {distance, plantroom.Float(math.NaN()), "signal distance_m is NaN: not a finite number"},
		"infinite":                {distance, plantroom.Float(math.Inf(1)), "not a finite number"},
		"infinitely negative":     {distance, plantroom.Float(math.Inf(-1)), "not a finite number"},
		"digits":                  {distance, plantroom.String("1.2"), `signal distance_m wants a float, got the string "1.2"`},
		"a bool for a number":     {distance, plantroom.Bool(true), `wants a float, got the bool "true"`},
		"nothing":                 {distance, plantroom.Value{}, `wants a float, got the none "-"`},
		"a state":                 {state, plantroom.String("wet"), ""},
		"another state":           {state, plantroom.String("damp"), `signal state is "damp": not one of dry, wet`},
		"a state in capitals":     {state, plantroom.String("WET"), "not one of dry, wet"},
		"no state":                {state, plantroom.String(""), "not one of dry, wet"},
		"a number for a state":    {state, plantroom.Float(1), "wants a string, got the float"},
		"true":                    {lid, plantroom.Bool(true), ""},
		"false":                   {lid, plantroom.Bool(false), ""},
		"a number for a bool":     {lid, plantroom.Float(1), "wants a bool, got the float"},
		"the word for a bool":     {lid, plantroom.String("true"), "wants a bool, got the string"},
		"a long state is clipped": {state, plantroom.String(strings.Repeat("x", 500)), `"` + strings.Repeat("x", 40) + `…"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.signal.Check(c.value)
			switch {
			case c.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.says != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.says)):
				t.Errorf("want %q, got %v", c.says, err)
			}
		})
	}
}

// A reading of one device signal must fit one field of one measurement.
func TestDeviceSignalsAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range plantroom.DeviceSignals() {
		switch {
		case seen[s.Name]:
			t.Errorf("%s stands twice", s.Name)
		case plantroom.ValidID(s.Name) != nil:
			t.Errorf("%s is no name of a field", s.Name)
		case s.Doc == "":
			t.Errorf("%s says nothing of itself", s.Name)
		case s.Kind == plantroom.FloatKind && s.Min >= s.Max:
			t.Errorf("%s has no range", s.Name)
		case s.Kind == plantroom.FloatKind && s.Unit == "":
			t.Errorf("%s has no unit", s.Name)
		case s.Kind == plantroom.StringKind && len(s.Values) == 0:
			t.Errorf("%s permits no state", s.Name)
		}
		seen[s.Name] = true
	}
	for _, must := range []string{"battery_pct", "online", "heartbeat"} {
		if !seen[must] {
			t.Errorf("no device can say %s", must)
		}
	}
}
