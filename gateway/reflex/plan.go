package reflex

import (
	"time"

	"plantroom"
)

// Kind is what an output moves.
type Kind string

// The kinds of outputs. A relay is anything that is neither: a pump's
// contactor, a lamp.
const (
	Valve  Kind = "valve"
	Buzzer Kind = "buzzer"
	Relay  Kind = "relay"
)

// Position is where an output is to be: open or closed for a valve, on or off
// for a buzzer and a relay.
type Position string

// The positions.
const (
	Open   Position = "open"
	Closed Position = "closed"
	On     Position = "on"
	Off    Position = "off"
)

var opposites = map[Position]Position{Open: Closed, Closed: Open, On: Off, Off: On}

// Fits reports whether an output of a kind can be in the position.
func (p Position) Fits(k Kind) bool {
	return (p == Open || p == Closed) == (k == Valve) && opposites[p] != ""
}

// Plan is what the gateway's file says.
type Plan struct {
	Outputs  []Output
	Reflexes []Reflex
	SelfTest *SelfTest // nil: valves are not exercised
}

// Output is something that the gateway can move.
type Output struct {
	Name     string             `json:"name"`
	Device   plantroom.DeviceID `json:"device"` // under which its readings go
	Kind     Kind               `json:"kind"`
	Main     string             `json:"main,omitempty"`   // fire: it feeds a fire main and is never closed
	Rest     Position           `json:"rest,omitempty"`   // where it is while nothing happens; open, or off
	Travel   plantroom.Duration `json:"travel,omitempty"` // the longest time that a move takes; 30 s for a valve
	Confirm  *Confirm           `json:"confirm,omitempty"`
	Override *Contact           `json:"override,omitempty"`
	SelfTest *bool              `json:"self_test,omitempty"` // of a valve; true, but for a fire main
	AtStop   Position           `json:"at_stop,omitempty"`   // where the gateway leaves it when it ends; keep, of a buzzer off
}

// FireMain is the Main that is never closed.
const FireMain = "fire"

// Keep is the AtStop that leaves an output where it is.
const Keep Position = "keep"

// Confirm is how an actuator's own switches tell where it is.
type Confirm struct {
	Closed *Condition `json:"closed,omitempty"`
	Open   *Condition `json:"open,omitempty"`
}

// Contact is a switch on site that takes an output away from the reflexes.
type Contact struct {
	Condition
	To Position `json:"to"`
}

// Reflex is one thing that happens on site by itself.
type Reflex struct {
	Name   string      `json:"name"`
	When   []Condition `json:"when"`             // any of them
	Unless []Condition `json:"unless,omitempty"` // none of them; one that is not known holds back, too
	Do     []Action    `json:"do"`
	Reopen *Reopen     `json:"reopen,omitempty"` // nil: a person gives valves and relays free
}

// Action is one move of a reflex.
type Action struct {
	Output string             `json:"output"`
	To     Position           `json:"to"`
	For    plantroom.Duration `json:"for,omitempty"` // of a buzzer; 0: while it lasts
}

// Reopen gives valves and relays free by itself.
type Reopen struct {
	After plantroom.Duration `json:"after"` // so long all conditions have to be over
}

// The defaults.
const (
	// DefaultTravel suits motor ball valves of domestic size, whose makers name
	// 5 to 15 s for a quarter turn. Unverified for others.
	DefaultTravel = 30 * time.Second
	// DefaultFresh is how long an interlock's reading counts.
	DefaultFresh = 15 * time.Minute
	// MaxAge is how old a reading may be, when it is heard, to count.
	MaxAge = time.Minute
)

// rest is where the output is while nothing happens.
func (o *Output) rest() Position {
	switch {
	case o.Rest != "":
		return o.Rest
	case o.Kind == Valve:
		return Open
	}
	return Off
}

// act is where a reflex, or the self-test, moves it.
func (o *Output) act() Position { return opposites[o.rest()] }

func (o *Output) travel() time.Duration {
	if o.Travel == 0 && o.Kind == Valve {
		return DefaultTravel
	}
	return time.Duration(o.Travel)
}

// atStop is where the output goes when the gateway ends; "": it stays.
func (o *Output) atStop() Position {
	switch {
	case o.AtStop == "" && o.Kind == Buzzer:
		return Off
	case o.AtStop == Keep || o.never(o.AtStop):
		return ""
	}
	return o.AtStop
}

// never reports a position in which the output may not be.
func (o *Output) never(p Position) bool { return o.Main == FireMain && p != Open && p != "" }

// tested reports whether the self-test exercises the output.
func (o *Output) tested() bool {
	return o.Kind == Valve && !o.never(o.act()) && (o.SelfTest == nil || *o.SelfTest)
}

// confirm is the condition that proves a position; nil: nothing does.
func (o *Output) confirm(p Position) *Condition {
	switch {
	case o.Confirm == nil:
		return nil
	case p == Closed || p == On:
		return o.Confirm.Closed
	}
	return o.Confirm.Open
}

// key is what is watched of a device.
type key struct {
	device plantroom.DeviceID
	signal string
}

// conditions calls f for each condition of the plan, interlocks as such.
func (p *Plan) conditions(f func(c *Condition, interlock bool)) {
	for i := range p.Outputs {
		o := &p.Outputs[i]
		if o.Confirm != nil {
			for _, c := range []*Condition{o.Confirm.Closed, o.Confirm.Open} {
				if c != nil {
					f(c, false)
				}
			}
		}
		if o.Override != nil {
			f(&o.Override.Condition, false)
		}
	}
	for i := range p.Reflexes {
		r := &p.Reflexes[i]
		for j := range r.When {
			f(&r.When[j], false)
		}
		for j := range r.Unless {
			f(&r.Unless[j], true)
		}
	}
}

// Watches reports whether anything depends on the signal of a device.
func (p *Plan) Watches(d plantroom.DeviceID, signal string) (yes bool) {
	p.conditions(func(c *Condition, _ bool) { yes = yes || c.Device == d && c.Signal == signal })
	return yes
}
