package reflex

import (
	"fmt"
	"time"

	"plantroom"
)

// reflex follows the conditions of a reflex: where one is met it acts, once;
// where none is any more it waits for the next time.
func (c *Core) reflex(r *Reflex, now plantroom.Instant) {
	st := c.s.Reflexes[r.Name]
	met := false
	for i := range r.When {
		met = met || c.s.Senses[r.When[i].memory()].met(&r.When[i], now)
	}
	switch {
	case met && !st.Active:
		st.Active, st.Over = true, 0
		c.version++
		c.begin(r, now)
	case met:
		c.unhold(r, now)
	case st.Active:
		st.Active, st.Over = false, now
		c.version++
		c.end(r, now)
	}
}

// held reports whether an interlock keeps a reflex from moving an output.
// Buzzers sound all the same.
func (c *Core) held(r *Reflex, o *Output, now plantroom.Instant) bool {
	if o.Kind == Buzzer {
		return false
	}
	for i := range r.Unless {
		if !c.s.Senses[r.Unless[i].memory()].clear(&r.Unless[i], now) {
			return true
		}
	}
	return false
}

// begin has a reflex act. What an override holds is noted: it takes effect
// when the override ends, if the reason lasts until then.
func (c *Core) begin(r *Reflex, now plantroom.Instant) {
	for _, a := range r.Do {
		o := c.p.output(a.Output)
		if o.never(a.To) || o.Main == FireMain {
			continue
		}
		st := c.s.Outputs[o.Name]
		act := &Act{Since: now, Held: c.held(r, o, now)}
		if old := st.Acts[r.Name]; old != nil && !old.Held {
			act.Held = false // what it has done it does not take back
		}
		if a.For > 0 {
			act.Until = now.Add(time.Duration(a.For))
		}
		st.Acts[r.Name] = act
		c.note(o, act, now)
	}
}

// note makes a reading of what a reflex did.
func (c *Core) note(o *Output, a *Act, now plantroom.Instant) {
	st, what := c.s.Outputs[o.Name], acted
	switch {
	case a.Held:
		what = heldInterlock
	case st.Contact && o.Override.To != o.act(), st.Override != nil && st.Override.To != o.act():
		what = heldPerson
	}
	c.say(o, sigReflex, plantroom.String(what), now)
}

// unhold has a reflex do what an interlock has held back, once that is clear.
func (c *Core) unhold(r *Reflex, now plantroom.Instant) {
	for _, a := range r.Do {
		o := c.p.output(a.Output)
		if act := c.s.Outputs[o.Name].Acts[r.Name]; act != nil && act.Held && !c.held(r, o, now) {
			act.Held, act.Since = false, now
			c.note(o, act, now)
		}
	}
}

// end takes back what a reflex has not done, and what lasts only as long as
// its reason.
func (c *Core) end(r *Reflex, now plantroom.Instant) {
	for _, a := range r.Do {
		o := c.p.output(a.Output)
		act := c.s.Outputs[o.Name].Acts[r.Name]
		if act != nil && (act.Held || o.Kind == Buzzer && act.Until == 0) {
			c.free(o, r.Name, now)
		}
	}
}

// free ends an act.
func (c *Core) free(o *Output, reflex string, now plantroom.Instant) {
	delete(c.s.Outputs[o.Name].Acts, reflex)
	c.say(o, sigReflex, plantroom.String(over), now)
}

// release ends the acts whose time is over, and those of a reflex with reopen
// whose conditions have been over for long enough.
func (c *Core) release(o *Output, now plantroom.Instant) {
	for i := range c.p.Reflexes {
		r := &c.p.Reflexes[i]
		act, st := c.s.Outputs[o.Name].Acts[r.Name], c.s.Reflexes[r.Name]
		switch {
		case act == nil:
		case act.Until != 0 && now >= act.Until:
			c.free(o, r.Name, now)
		case r.Reopen != nil && o.Kind != Buzzer && !st.Active && now.Sub(st.Over) >= time.Duration(r.Reopen.After):
			c.free(o, r.Name, now)
		}
	}
}

// contact follows the switch on site.
func (c *Core) contact(o *Output, now plantroom.Instant) {
	st := c.s.Outputs[o.Name]
	is := false
	if o.Override != nil && !o.never(o.Override.To) {
		is = c.s.Senses[o.Override.Condition.memory()].met(&o.Override.Condition, now)
	}
	if is == st.Contact {
		return
	}
	st.Contact = is
	c.version++
	if !is {
		c.givenBack(o, now)
	}
}

// Order is what a person wants of an output.
type Order struct {
	Output string             `json:"output"`
	To     Position           `json:"to"`            // Auto gives it back
	For    plantroom.Duration `json:"for,omitempty"` // 0: until somebody gives it back
	UID    uint32             `json:"-"`
}

// Auto is the order that gives an output back to its reflexes.
const Auto Position = "auto"

// Order carries out what a person wants. CodeNotFound: there is no such output;
// CodeInvalid: it has no such position; CodeForbidden: a fire main is not
// closed.
func (c *Core) Order(x Order, now plantroom.Instant) ([]Drive, error) {
	o := c.p.output(x.Output)
	switch {
	case o == nil:
		return nil, &plantroom.Error{Code: plantroom.CodeNotFound, Message: fmt.Sprintf("there is no output %.40q", x.Output), Hint: "the health page lists them"}
	case x.For < 0 || time.Duration(x.For) > MaxOverride:
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s is no time for an override: give at most %s", x.For, plantroom.Duration(MaxOverride))
	case x.To == Auto:
		st := c.s.Outputs[o.Name]
		if st.Override == nil {
			c.givenBack(o, now) // a person has looked: what is over ends
		} else {
			c.endOverride(o, now)
		}
		c.version++
		return c.Tick(now), nil
	case !x.To.Fits(o.Kind):
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Message: fmt.Sprintf("%s is a %s, and never %.20q", o.Name, o.Kind, x.To), Hint: o.Kind.positions() + ", or auto"}
	case o.never(x.To):
		return nil, plantroom.Errorf(plantroom.CodeForbidden, "%s feeds a fire main, which is never closed from here: close it by hand, and tell whoever watches the fire protection", o.Name)
	}
	v := &Override{To: x.To, UID: x.UID, Since: now}
	if x.For > 0 {
		v.Until = now.Add(time.Duration(x.For))
	}
	c.s.Outputs[o.Name].Override = v
	c.version++
	c.say(o, sigOverrideUID, plantroom.Float(float64(x.UID)), now)
	return c.Tick(now), nil
}

// MaxOverride is the longest time that an order may name.
const MaxOverride = 31 * 24 * time.Hour

// expire ends the orders whose time is over.
func (c *Core) expire(now plantroom.Instant) {
	for i := range c.p.Outputs {
		o := &c.p.Outputs[i]
		if v := c.s.Outputs[o.Name].Override; v != nil && v.Until != 0 && now >= v.Until {
			c.endOverride(o, now)
		}
	}
}

func (c *Core) endOverride(o *Output, now plantroom.Instant) {
	c.s.Outputs[o.Name].Override = nil
	c.version++
	c.givenBack(o, now)
}

// givenBack ends the acts whose reason is over: a person has had the output,
// and knows how it stands. Others take effect again.
func (c *Core) givenBack(o *Output, now plantroom.Instant) {
	for i := range c.p.Reflexes {
		r := &c.p.Reflexes[i]
		if c.s.Outputs[o.Name].Acts[r.Name] != nil && !c.s.Reflexes[r.Name].Active {
			c.free(o, r.Name, now)
		}
	}
}
