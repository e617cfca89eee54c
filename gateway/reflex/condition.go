package reflex

import (
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// Condition is something that a reading says: exactly one of Equals, Above and
// Below.
type Condition struct {
	Device plantroom.DeviceID `json:"device"`
	Signal string             `json:"signal"`
	Equals *plantroom.Value   `json:"equals,omitempty"`
	Above  *float64           `json:"above,omitempty"`
	Below  *float64           `json:"below,omitempty"`
	For    plantroom.Duration `json:"for,omitempty"`   // so long it has to hold
	Fresh  plantroom.Duration `json:"fresh,omitempty"` // of an interlock: how long a reading counts; DefaultFresh
}

// sayNothing are states in which a sensor does not know: they end nothing. They
// are those of the leaks' state signal.
var sayNothing = []string{"unknown", "cable_break", "contaminated"}

// judge says what a value means; known is false for one that tells nothing.
func (c *Condition) judge(v plantroom.Value) (holds, known bool) {
	switch {
	case c.Equals != nil:
		if v == *c.Equals {
			return true, true
		}
		return false, v.Kind() == c.Equals.Kind() && !slices.Contains(sayNothing, v.Str())
	case v.Kind() != plantroom.FloatKind || v.Num() != v.Num():
		return false, false
	case c.Above != nil:
		return v.Num() > *c.Above, true
	}
	return v.Num() < *c.Below, true
}

// memory is what the condition's Sense is kept under: the text "true" is
// another value than true.
func (c *Condition) memory() string {
	if c.Equals != nil {
		return c.String() + ", a " + c.Equals.Kind().String()
	}
	return c.String()
}

// String is the condition as people read it.
func (c *Condition) String() string {
	s := fmt.Sprintf("%s %s", c.Device, c.Signal)
	switch {
	case c.Equals != nil:
		return s + " is " + c.Equals.String()
	case c.Above != nil:
		return fmt.Sprintf("%s > %v", s, *c.Above)
	case c.Below != nil:
		return fmt.Sprintf("%s < %v", s, *c.Below)
	}
	return s
}

func (c *Condition) fresh() time.Duration {
	if c.Fresh > 0 {
		return time.Duration(c.Fresh)
	}
	return DefaultFresh
}

func (c *Condition) problems(path string, interlock bool, ps *problems) {
	n := 0
	for _, given := range []bool{c.Equals != nil, c.Above != nil, c.Below != nil} {
		if given {
			n++
		}
	}
	if n != 1 {
		ps.add(path, "give one of equals, above and below", "this condition has %d of equals, above and below", n)
	}
	if c.Equals != nil && c.Equals.Kind() == plantroom.NoValue {
		ps.add(path+"/equals", "name a state, a number, true or false", "nothing equals nothing")
	}
	if c.For > plantroom.Duration(MaxFor) {
		ps.add(path+"/for", "use at most 24h", "%s is too long", c.For)
	}
	if c.Fresh != 0 && !interlock {
		ps.add(path+"/fresh", "remove fresh: what was heard holds until something else is", "only an interlock grows old")
	}
}

// Sense is what is known of a condition.
type Sense struct {
	Known bool              `json:"known,omitempty"`
	Holds bool              `json:"holds,omitempty"`
	Since plantroom.Instant `json:"since,omitzero"` // when it began to hold
	At    plantroom.Instant `json:"at,omitzero"`    // the newest reading's own time
	Heard plantroom.Instant `json:"heard,omitzero"` // when that was heard
}

// put takes what a reading says. One that is older than what is known may
// begin a condition, and does not end one: of two that came in the wrong order
// the worse counts.
func (s *Sense) put(holds bool, at, now plantroom.Instant) {
	if s.Known && s.Holds && !holds && at < s.At {
		return
	}
	if holds && !(s.Known && s.Holds) {
		s.Since = now
	}
	s.Known, s.Holds, s.Heard = true, holds, now
	s.At = max(s.At, min(at, now))
}

// met reports whether a condition has held for as long as it has to.
func (s *Sense) met(c *Condition, now plantroom.Instant) bool {
	return s.Known && s.Holds && now.Sub(s.Since) >= time.Duration(c.For)
}

// clear reports whether an interlock is known not to hold.
func (s *Sense) clear(c *Condition, now plantroom.Instant) bool {
	return s.Known && !s.Holds && now.Sub(s.Heard) <= c.fresh()
}

func sorted(list []string) []string { slices.Sort(list); return list }
