package scenario

import (
	"fmt"
	"slices"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// checkReadings compares expected readings with the signals that a device of
// the estate can send: there are none of a misspelt one, whatever happens.
func (s *Scenario) checkReadings(e plantroom.Estate, domains []plantroom.Domain) yamldoc.Faults {
	of := map[plantroom.DeviceID]plantroom.DomainName{}
	for _, d := range e.Devices {
		for _, a := range e.Assets {
			if a.ID == d.Asset {
				of[d.ID] = a.Domain
			}
		}
	}
	var faults yamldoc.Faults
	for i, x := range s.Expect {
		r := x.Reading
		if r == nil || of[r.Device] == "" {
			continue // fault is found elsewhere
		}
		path := fmt.Sprintf("/expect/%d/reading", i)
		signals := signalsOf(domains, of[r.Device])
		j := slices.IndexFunc(signals, func(sig plantroom.Signal) bool { return sig.Name == r.Signal })
		if j < 0 {
			var names []string
			for _, sig := range signals {
				names = append(names, sig.Name)
			}
			faults = append(faults, s.doc.Fault(path+"/signal", fmt.Sprintf("%s has no signal %q", r.Device, r.Signal), remedy(names, r.Signal)))
			continue
		}
		sig := signals[j]
		switch v := r.Value; {
		case v.Kind() == plantroom.NoValue:
		case v.Kind() != sig.Kind:
			faults = append(faults, s.doc.Fault(path+"/value", fmt.Sprintf("%s is no value of %s", v, sig.Name), "use "+kinds[sig.Kind]))
		case len(sig.Values) > 0 && !slices.Contains(sig.Values, v.Str()):
			faults = append(faults, s.doc.Fault(path+"/value", fmt.Sprintf("%s is never %q", sig.Name, v), remedy(sig.Values, v.Str())))
		}
	}
	return faults
}

// kinds says what a value looks like in a file.
var kinds = map[plantroom.ValueKind]string{plantroom.FloatKind: "a number", plantroom.StringKind: "a text", plantroom.BoolKind: "true or false"}

// signalsOf lists what a device of a domain may send.
func signalsOf(domains []plantroom.Domain, name plantroom.DomainName) (out []plantroom.Signal) {
	for _, d := range domains {
		if d.Name == name || d.Name == "devices" {
			out = append(out, d.Signals...)
		}
	}
	return out
}
