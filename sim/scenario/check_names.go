package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/app"
	"plantroom/services/domains/lifts"
	"plantroom/services/playbooks"
	"plantroom/sim/estates"
)

// checkNames compares every name in the file with the estate and its domains
// and reports all that are unknown, before anything is played: a misspelt name
// would let a "never" hold for the wrong reason. Causes are checked where the
// domain lists them, which is for lifts.
func (s *Scenario) checkNames() error {
	e, err := estates.Load(s.Estate)
	switch {
	case plantroom.CodeOf(err) == plantroom.CodeNotFound:
		return yamldoc.Faults{s.doc.Fault("/estate", fmt.Sprintf("there is no estate %q", s.Estate), "use one of "+strings.Join(estates.Names(), ", "))}
	case err != nil:
		return err
	}
	var tree any
	if err := s.doc.Decode(&tree); err != nil {
		return err
	}
	known := vocabulary(e, app.Domains())
	var faults yamldoc.Faults
	check := func(pointer, what, name string) {
		if list, isName := known[what]; isName && !slices.Contains(list, name) {
			faults = append(faults, s.doc.Fault(pointer, fmt.Sprintf("there is no %s %q", nouns[what], name), remedy(list, name)))
		}
	}
	for id := range s.Contractors {
		check("/contractors/"+string(id), "contractor", string(id))
	}
	visit(tree, "", "", func(pointer, parent, key, name string) {
		if _, special := known[parent+"/"+key]; special {
			key = parent + "/" + key
		}
		check(pointer, key, name)
	})
	for i, x := range s.Expect {
		if x.Incident != nil && x.Incident.Cause != "" && strings.HasPrefix(string(x.Incident.Rule), "lift.") {
			check(fmt.Sprintf("/expect/%d/incident/cause", i), "fault/cause", x.Incident.Cause)
		}
	}
	more, err := s.checkWires(e)
	if err != nil {
		return err
	}
	return slices.Concat(faults, more, s.checkReadings(e, app.Domains())).Err()
}

// visit shows every text of a document with the keys under which it stands.
func visit(v any, pointer, parent string, see func(pointer, parent, key, text string)) {
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			visit(x, fmt.Sprintf("%s/%d", pointer, i), parent, see)
		}
	case map[string]any:
		for key, x := range v {
			if text, ok := x.(string); ok {
				see(pointer+"/"+key, parent, key, text)
			}
			visit(x, pointer+"/"+key, key, see)
		}
	}
}

// callKinds are the calls that dispatch makes, and those about works and cases.
var callKinds = []string{"case.assigned", "case.late", "case.neglected", "case.opened", "case.reopened", "clock.at_risk", "clock.breached", "clock.corrected", "clock.disbelieved", "ladder.call", "order.cancelled", "order.continued", "order.contradicted",
	"order.dispatched", "order.merged", "order.pause_asked", "order.pause_refused", "order.paused", "order.refused", "order.transferred", "order.uncovered",
	"order.verified", "order.worsened", "task.late", "window.cannot_meet", "works.left", "works.needs", "works.notice", "works.overrun", "works.planned"}

// nouns say what a key names. A key that means different things in different
// places stands with the key above it.
var nouns = map[string]string{"lift": "lift", "zone": "zone with a leak sensor", "cut/zone": "zone with a rope", "bin": "bin", "bay": "bay", "asset": "asset",
	"repair/asset": "asset that can be repaired", "office/with": "asset", "office/part": "asset", "office/to": "contractor", "device": "device", "gateway": "gateway", "gateway/id": "gateway", "contractor": "contractor", "person": "person",
	"fault/cause": "lift fault", "mode/to": "lift mode", "rule": "rule", "contract": "contract", "case/by": "person", "case/responsible": "person", "case/playbook": "playbook of cases", "call/kind": "kind of call", "call/who": "contractor or person"}

// vocabulary lists the names that each key may hold.
func vocabulary(e plantroom.Estate, domains []plantroom.Domain) map[string][]string {
	v := map[string][]string{"call/kind": callKinds}
	add := func(name string, keys ...string) {
		for _, k := range keys {
			v[k] = append(v[k], name)
		}
	}
	for _, a := range e.Assets {
		add(string(a.ID), "asset", "repair/asset", "office/with", "office/part")
		switch a.Domain {
		case "lifts":
			add(string(a.ID), "lift")
		case "leaks":
			add(string(a.Zone), "zone")
			if a.Kind == "rope" {
				add(string(a.Zone), "cut/zone")
			}
		case "waste":
			add(string(a.ID), "bin")
		case "bays":
			add(string(a.ID), "bay")
		}
	}
	for _, c := range e.Contracts {
		add(string(c.ID), "contract")
	}
	for _, g := range e.Gateways { // a silent gateway is what its incident is about
		add(string(g.ID), "gateway", "gateway/id", "asset")
	}
	for _, d := range e.Devices {
		add(string(d.ID), "device")
	}
	for _, c := range e.Contractors {
		add(string(c.ID), "contractor")
		add("contractor:"+string(c.ID), "call/who")
	}
	for _, p := range e.People {
		add(string(p.ID), "person", "case/by", "case/responsible")
		add("person:"+string(p.ID), "call/who")
	}
	for _, p := range playbooks.Cases() {
		add(p.ID, "case/playbook")
	}
	for _, d := range domains {
		for _, r := range d.Rules {
			add(string(r.ID), "rule")
		}
		for _, sig := range d.Signals {
			switch string(d.Name) + "/" + sig.Name {
			case "lifts/fault":
				v["fault/cause"] = slices.DeleteFunc(slices.Clone(sig.Values), func(s string) bool { return s == lifts.None })
			case "lifts/mode":
				v["mode/to"] = sig.Values
			}
		}
	}
	return v
}

// remedy names what could have been meant: everything, or what is likest.
func remedy(list []string, got string) string {
	const most = 16
	all := slices.Compact(slices.Sorted(slices.Values(list)))
	if len(all) <= most {
		return "use one of " + strings.Join(all, ", ")
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(likeness(b, got), likeness(a, got)) })
	return fmt.Sprintf("of the %d that there are, the likest are %s", len(all), strings.Join(all[:5], ", "))
}

// likeness counts the bytes that two names share at their ends.
func likeness(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	m := 0
	for m < min(len(a), len(b))-n && a[len(a)-1-m] == b[len(b)-1-m] {
		m++
	}
	return n + m
}
