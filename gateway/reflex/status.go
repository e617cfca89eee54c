package reflex

import (
	"maps"
	"slices"

	"plantroom"
)

// Status is what people see of outputs and reflexes.
type Status struct {
	Outputs  []OutputStatus `json:"outputs"`
	Reflexes []Standing     `json:"reflexes"`
	TooOld   uint64         `json:"too_old"`           // readings that were older than MaxAge when they were heard, and counted for nothing
	Unsent   int            `json:"unsent"`            // readings of outputs that are not on disk
	Lost     uint64         `json:"lost,omitempty"`    // readings of outputs for which there was no room
	Problem  string         `json:"problem,omitempty"` // with the state that is kept
}

// OutputStatus is how one output is.
type OutputStatus struct {
	Output   string             `json:"output"`
	Device   plantroom.DeviceID `json:"device"`
	Kind     Kind               `json:"kind"`
	Want     Position           `json:"want,omitempty"`
	Is       Position           `json:"is,omitempty"`
	By       string             `json:"driven_by,omitempty"`
	Stuck    bool               `json:"stuck"`
	Why      string             `json:"why,omitempty"`
	Reflexes []string           `json:"held_by_reflexes,omitempty"`
	Override *Override          `json:"override,omitempty"`
	Contact  bool               `json:"override_contact,omitempty"`
	Test     string             `json:"self_test,omitempty"` // of the last one: passed, failed, skipped
	Reason   string             `json:"self_test_why,omitempty"`
	Tested   plantroom.Instant  `json:"self_test_at,omitzero"`
	Due      string             `json:"self_test_due,omitempty"`
}

// Standing is how one reflex is.
type Standing struct {
	Reflex string   `json:"reflex"`
	Active bool     `json:"active"`
	Unsure []string `json:"not_heard,omitempty"` // conditions and interlocks that nothing is known of
}

// Status says how everything is. The time decides which interlocks are old.
func (c *Core) Status(now plantroom.Instant) Status {
	s := Status{Outputs: []OutputStatus{}, Reflexes: []Standing{}, Unsent: len(c.s.Outbox), Lost: c.s.Lost}
	for _, o := range c.p.Outputs {
		st := c.s.Outputs[o.Name]
		x := OutputStatus{Output: o.Name, Device: o.Device, Kind: o.Kind, Want: st.Want, Is: st.Is, By: st.By, Stuck: st.Stuck || st.Faulty, Why: st.Why,
			Reflexes: slices.Sorted(maps.Keys(st.Acts)), Contact: st.Contact, Test: st.Result, Reason: st.Reason, Tested: st.Tested, Due: st.Due}
		if st.Faulty && x.Why == "" {
			x.Why = "it did not get " + string(o.act()) + " the last time: try it by hand"
		}
		if st.Override != nil {
			v := *st.Override
			x.Override = &v
		}
		s.Outputs = append(s.Outputs, x)
	}
	for i := range c.p.Reflexes {
		r := &c.p.Reflexes[i]
		x := Standing{Reflex: r.Name, Active: c.s.Reflexes[r.Name].Active}
		for j := range r.When {
			if w := &r.When[j]; !c.s.Senses[w.memory()].Known {
				x.Unsure = append(x.Unsure, w.String())
			}
		}
		for j := range r.Unless {
			u := &r.Unless[j]
			if n := c.s.Senses[u.memory()]; !n.Known || now.Sub(n.Heard) > u.fresh() {
				x.Unsure = append(x.Unsure, "unless "+u.String())
			}
		}
		s.Reflexes = append(s.Reflexes, x)
	}
	return s
}

// Status says how everything is.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.core.Status(r.now())
	s.TooOld, s.Problem = r.old, r.lost
	if r.fault != nil {
		s.Problem = "the state of the outputs cannot be kept: " + r.fault.Error()
	}
	return s
}
