package leaks

import (
	"fmt"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// Debounce is how long a state has to last, unless a second report confirms
// it sooner: long enough for a splash of the cleaner's mop or for a rope's
// contacts to settle. Unverified.
const Debounce = 5 * time.Second

// CleanPeriod without the condition is one clean cycle: two or three of them
// cover a shower or a washing machine in the flat above. Unverified.
const CleanPeriod = 10 * time.Minute

// condition is what a detector of this domain looks for in a signal of states.
type condition struct {
	signal   string
	state    string
	ends     []string // the states that show that it is gone; others tell nothing
	severity plantroom.Severity
	title    string
}

// detector finds a sensor that is in the condition's state, and keeps the
// episode open until every sensor that was has reported an end.
type detector struct {
	c condition
	s state
}

type state struct {
	evidence.Episode
	State    evidence.Newest `json:"state,omitempty"`
	Distance evidence.Newest `json:"distance,omitempty"`
	// Onset is since when a sensor has been in the state, unconfirmed.
	Onset plantroom.Instant `json:"onset,omitzero"`
	// In lists the sensors that were in the state and have not ended it.
	In []plantroom.DeviceID `json:"in,omitempty"`
	// Reach says whether the passing of time proves that it stays dry.
	Reach evidence.Reach `json:"reach,omitzero"`
}

func newDetector(c condition) *detector { return &detector{c: c} }

// Observe takes a reading of the condition's signal, distance_m or online.
func (d *detector) Observe(r plantroom.Reading) plantroom.Verdict {
	switch r.Signal {
	case d.c.signal:
		if changed, fresh := d.s.State.Put(r); fresh {
			d.hear(r, changed)
		}
	case sigDistance:
		if changed, _ := d.s.Distance.Put(r); changed {
			d.s.Touch()
		}
	case evidence.SigOnline:
		d.pass(r.At)
		if d.s.Reach.Put(r, evidence.Told(r.Device, d.s.State)) {
			d.s.Touch()
		}
	}
	return d.s.Verdict(d.wake())
}

// Tick confirms a state that has lasted, and counts clean time.
func (d *detector) Tick(now plantroom.Instant) plantroom.Verdict {
	d.pass(now)
	return d.s.Verdict(d.wake())
}

// hear judges a fresh report of one sensor.
func (d *detector) hear(r plantroom.Reading, changed bool) {
	if changed {
		d.s.Touch()
	}
	d.pass(r.At)
	said := r.Value.Str()
	if (said == d.c.state || slices.Contains(d.c.ends, said)) && d.s.Reach.Heard(r.Device, r.At) {
		d.s.Touch()
	}
	in := slices.Contains(d.s.In, r.Device)
	switch {
	case said == d.c.state:
		if !in {
			d.s.In = append(d.s.In, r.Device)
			d.s.Touch()
		}
		if !d.s.Active && !d.s.Onset.IsZero() && r.At > d.s.Onset {
			d.begin(r.At, "reported twice")
		} else if !d.s.Active && d.s.Onset.IsZero() {
			d.s.Onset = r.At
			d.s.Touch()
		}
	case in && (!d.s.Active || slices.Contains(d.c.ends, said)):
		d.s.In = slices.DeleteFunc(d.s.In, func(x plantroom.DeviceID) bool { return x == r.Device })
		d.s.Touch()
		d.over(r.At)
	case slices.Contains(d.c.ends, said): // of an episode whose sensors were removed
		d.over(r.At)
	}
}

// over ends what no sensor holds open.
func (d *detector) over(at plantroom.Instant) {
	if len(d.s.In) == 0 {
		d.s.Onset = 0
		d.s.End(at)
	}
}

// Keep implements plantroom.Keeper.
func (d *detector) Keep(has func(plantroom.DeviceID) bool) {
	s := &d.s
	dropped := evidence.KeepAll(has, &s.State, &s.Distance)
	s.In = slices.DeleteFunc(s.In, func(x plantroom.DeviceID) bool { return !has(x) })
	if len(s.In) == 0 {
		s.Onset = 0
	}
	if s.Reach.Keep(has, dropped) || dropped {
		s.Touch()
	}
}

// pass judges the passing of time.
func (d *detector) pass(now plantroom.Instant) {
	if !d.s.Onset.IsZero() && now >= d.s.Onset.Add(Debounce) {
		d.begin(now, "for "+Debounce.String())
	}
	if d.s.Proving() && d.s.Onset.IsZero() && d.s.Reach.Proves() {
		d.s.CleanByTime(d.s.Reach.From(d.s.Gone), now, CleanPeriod)
	}
}

func (d *detector) begin(at plantroom.Instant, how string) {
	detail := fmt.Sprintf("%s: %s (%s)", d.s.In[0], d.c.title, how)
	if it := d.s.Distance.Of(d.s.In[0]); it != nil && d.c.state == wet {
		detail += fmt.Sprintf(", %.1f m along the rope", it.Value.Num())
	}
	d.s.Begin(d.s.Onset, at, d.c.severity, d.c.state, detail)
	d.s.Onset = 0
}

func (d *detector) wake() plantroom.Instant {
	if !d.s.Onset.IsZero() {
		return d.s.Onset.Add(Debounce)
	}
	if !d.s.Reach.Proves() {
		return 0
	}
	return d.s.NextClean(d.s.Reach.From(d.s.Gone), CleanPeriod)
}

// State returns what must survive a restart.
func (d *detector) State() []byte { return evidence.Save(1, &d.s) }

// Restore takes back what State returned.
func (d *detector) Restore(b []byte) error {
	var s state
	if err := evidence.Load(b, 1, &s); err != nil {
		return err
	}
	if !s.Onset.IsZero() && len(s.In) == 0 {
		return plantroom.Errorf(plantroom.CodeInvalid, "detector state has an onset and no sensor")
	}
	d.s = s
	return nil
}
