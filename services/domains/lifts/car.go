package lifts

import (
	"math"
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// CleanPeriod is the faultless time that counts as one clean cycle where a
// lift has no counter of its runs (a lone fault relay). Chosen so that three
// of them fit into a repair visit; unverified.
const CleanPeriod = 10 * time.Minute

// car is what both rules remember of a lift, with the count of its clean
// cycles: runs completed in normal mode without a fault.
type car struct {
	evidence.Episode
	Fault  evidence.Newest `json:"fault,omitempty"`
	Mode   evidence.Newest `json:"mode,omitempty"`
	Cycles evidence.Newest `json:"cycles,omitempty"`
	// Sound is since when the lift has been without an episode, in normal
	// mode and without a fault; zero while it is not.
	Sound plantroom.Instant `json:"sound,omitzero"`
	// Counted says that a count has come since Sound. The first increment
	// after it may stem from a run that began earlier, and counts once at most.
	Counted bool `json:"counted,omitempty"`
	// Lost says that a device which held the episode open was removed and no
	// other does: that nobody tells of a fault or an alarm any more is not the
	// news that there is none.
	Lost bool `json:"lost,omitempty"`
	// Reach says whether the passing of time proves that the lift is sound.
	Reach evidence.Reach `json:"reach,omitzero"`
}

// put takes a reading of one of the common signals.
func (c *car) put(r plantroom.Reading) (fresh bool) {
	var changed bool
	switch r.Signal {
	case evidence.SigOnline:
		return c.reach(r, evidence.Told(r.Device, c.Fault))
	case sigFault:
		changed, fresh = c.Fault.Put(r)
		c.tell(r, fresh)
	case sigMode:
		changed, fresh = c.Mode.Put(r)
	case sigCycles:
		return c.count(r)
	}
	if changed {
		c.Touch()
	}
	return fresh
}

// tell notes that a device has told of the matter.
func (c *car) tell(r plantroom.Reading, fresh bool) {
	if !fresh {
		return
	}
	if c.Reach.Heard(r.Device, r.At) || c.Lost {
		c.Lost = false
		c.Touch()
	}
}

// keep forgets the devices that has refuses, and reports whether there were
// any.
func (c *car) keep(has func(plantroom.DeviceID) bool, more ...*evidence.Newest) (dropped bool) {
	dropped = evidence.KeepAll(has, append(more, &c.Fault, &c.Mode, &c.Cycles)...)
	if c.Reach.Keep(has, dropped) || dropped {
		c.Touch()
	}
	return dropped
}

// reach takes a device's word of whether it can be reached; told is when it
// last told of the matter. It is no news of the lift.
func (c *car) reach(r plantroom.Reading, told plantroom.Instant) (fresh bool) {
	c.prove(r.At)
	if c.Reach.Put(r, told) {
		c.Touch()
	}
	return false
}

// worst returns the most serious fault that some device reports, nil for
// none; without those that tell of people where people is false.
func (c *car) worst(people bool) *Fault {
	var worst *Fault
	for i := range c.Fault {
		slug := c.Fault[i].Value.Str()
		if slug == None || !people && ofPeople(slug) {
			continue
		}
		if f := lookup(slug); f != nil && (worst == nil || f.Severity > worst.Severity) {
			worst = f
		}
	}
	return worst
}

// ofPeople reports whether a fault tells of people in the car rather than of
// the lift. Those belong to lift.entrapment alone, so that one event does not
// call two people.
func ofPeople(slug string) bool { return slug == entrapmentFault || slug == alarmButton }

// serviced reports whether some device says that the lift is taken out of use.
func (c *car) serviced() bool {
	for i := range c.Mode {
		if serviced(c.Mode[i].Value.Str()) {
			return true
		}
	}
	return false
}

// inNormalMode reports whether runs prove something: not in any special mode.
// A lift that tells no mode is taken to be in normal mode.
func (c *car) inNormalMode() bool {
	for i := range c.Mode {
		if m := c.Mode[i].Value.Str(); m != "normal" && m != "unknown" {
			return false
		}
	}
	return true
}

// settle keeps Sound up to date; call it when the verdict may have changed.
func (c *car) settle(at plantroom.Instant) {
	sound := !c.Active && c.inNormalMode() && c.worst(true) == nil
	switch {
	case !sound && !c.Sound.IsZero():
		c.Sound, c.Counted = 0, false
		c.Touch()
	case sound && c.Sound.IsZero():
		c.Sound, c.Counted = at, false
		c.Touch()
	}
}

// count takes a reading of the run counter. A counter that goes back has
// wrapped or started again: it proves nothing by that and is followed from
// its new value.
func (c *car) count(r plantroom.Reading) (fresh bool) {
	before := math.Inf(1)
	if it := c.Cycles.Of(r.Device); it != nil {
		before = it.Value.Num()
	}
	changed, fresh := c.Cycles.Put(r)
	if changed {
		c.Touch()
	}
	if !fresh || c.Sound.IsZero() || r.At <= c.Sound {
		return fresh
	}
	runs := min(math.Floor(r.Value.Num()-before), evidence.MaxClean)
	if !c.Counted {
		runs = min(runs, 1)
		c.Counted = true
		c.Touch()
	}
	c.AddClean(int(max(runs, 0)), r.At)
	return fresh
}

// prove counts clean cycles by time where the lift has no counter.
func (c *car) prove(now plantroom.Instant) {
	if !c.nextProof().IsZero() {
		c.CleanByTime(c.Reach.From(c.Sound), now, CleanPeriod)
	}
}

// nextProof returns when prove will count the next cycle, zero for never.
func (c *car) nextProof() plantroom.Instant {
	if c.Sound.IsZero() || len(c.Cycles) > 0 || !c.Reach.Proves() {
		return 0
	}
	return c.NextClean(c.Reach.From(c.Sound), CleanPeriod)
}
