package config

import (
	"fmt"
	"slices"
	"time"

	"plantroom/gateway/reflex"
)

// MaxOutputTimeout bounds how long a link with outputs waits for an answer. A
// command may have to wait for the question before it, and both have to fit,
// with the reading back, into the second in which a reflex acts.
const MaxOutputTimeout = 200 * time.Millisecond

// Output is something that the gateway moves, and the line that moves it:
// exactly one of Pin, Modbus and Node.
type Output struct {
	reflex.Output
	Closes string      `json:"closes,omitempty"` // on, off: the state of the line that closes the valve
	Pin    string      `json:"pin,omitempty"`
	Active string      `json:"active,omitempty"` // high, low: the level of the pin while the line is on
	Modbus *Coil       `json:"modbus,omitempty"`
	Node   *NodeOutput `json:"node,omitempty"`
}

// Coil is a coil of a device on a Modbus link.
type Coil struct {
	Link string `json:"link"`
	Unit byte   `json:"unit"`
	Coil uint16 `json:"coil"`
}

// NodeOutput is an output of a node on a serial line.
type NodeOutput struct {
	Port   string `json:"port"`
	Node   uint16 `json:"node"`
	Output uint8  `json:"output"`
}

// On says whether the line is on where the output is to be.
func (o *Output) On(to reflex.Position) bool {
	if o.Kind == reflex.Valve {
		return (to == reflex.Closed) == (o.Closes == "on")
	}
	return to == reflex.On
}

// Plan is what the reflexes need to know of the file.
func (c *Config) Plan() reflex.Plan {
	p := reflex.Plan{Reflexes: c.Reflexes, SelfTest: c.SelfTest}
	for _, o := range c.Outputs {
		p.Outputs = append(p.Outputs, o.Output)
	}
	return p
}

// Drives lists the outputs on a Modbus link.
func (c *Config) Drives(link string) []Coil {
	var out []Coil
	for _, o := range c.Outputs {
		if o.Modbus != nil && o.Modbus.Link == link {
			out = append(out, *o.Modbus)
		}
	}
	return out
}

func (k *checker) reflexes(c *Config) {
	if !k.doc.Sound("/outputs") || !k.doc.Sound("/reflexes") || !k.doc.Sound("/self_test") {
		return
	}
	plan := c.Plan()
	for _, p := range plan.Problems() {
		k.fault(p.Path, p.Problem, p.Remedy)
	}
	for i, m := range c.Modbus {
		path := fmt.Sprintf("/modbus/%d", i)
		if d := time.Duration(m.Timeout); k.doc.Sound(path) && d > MaxOutputTimeout && len(c.Drives(m.Name)) > 0 {
			k.fault(path+"/timeout", fmt.Sprintf("a link with outputs cannot wait %s for an answer: a leak would have to wait as long", d),
				"use at most "+MaxOutputTimeout.String()+", or put slow devices on another link")
		}
	}
	lines := map[string]bool{}
	for i := range c.Outputs {
		k.output(fmt.Sprintf("/outputs/%d", i), c, &c.Outputs[i], lines)
	}
}

// output checks what the line of an output is, and that nothing else has it.
func (k *checker) output(path string, c *Config, o *Output, lines map[string]bool) {
	k.wired(path, o.Device, nil)
	switch valve := o.Kind == reflex.Valve; {
	case valve && o.Closes == "":
		k.fault(path, "it is not said what closes this valve", "add closes: on, or closes: off where it closes without current")
	case !valve && o.Closes != "":
		k.fault(path+"/closes", "only a valve has a state that closes it", "remove closes")
	}
	n := 0
	for _, given := range []bool{o.Pin != "", o.Modbus != nil, o.Node != nil} {
		if given {
			n++
		}
	}
	if n != 1 {
		k.fault(path, fmt.Sprintf("this output has %d lines", n), "give one of pin, modbus and node")
		return
	}
	if o.Active != "" && o.Pin == "" {
		k.fault(path+"/active", "only a pin has a level", "remove active")
	}
	const remedy = "give each output a line of its own"
	switch {
	case o.Pin != "":
		k.once(k.lines, path+"/pin", o.Pin, "line", remedy)
	case o.Modbus != nil && k.doc.Sound("/modbus"):
		k.coil(path+"/modbus", c, o.Modbus)
		k.once(lines, path+"/modbus", fmt.Sprintf("%s unit %d coil %d", o.Modbus.Link, o.Modbus.Unit, o.Modbus.Coil), "coil", remedy)
	case o.Node != nil && k.doc.Sound("/serial"):
		k.node(path+"/node", c, o.Node)
		k.once(lines, path+"/node", fmt.Sprintf("%s node %d output %d", o.Node.Port, o.Node.Node, o.Node.Output), "output", remedy)
	}
}

// coil wants an output to be on a device that is read, so that the gateway
// knows whether it is there.
func (k *checker) coil(path string, c *Config, o *Coil) {
	i := slices.IndexFunc(c.Modbus, func(m Modbus) bool { return m.Name == o.Link })
	if i < 0 {
		k.fault(path+"/link", fmt.Sprintf("there is no link %q", o.Link), "name a link below modbus")
		return
	}
	if !slices.ContainsFunc(c.Modbus[i].Devices, func(s Slave) bool { return s.Unit == o.Unit }) {
		k.fault(path+"/unit", fmt.Sprintf("the link %s has no unit %d", o.Link, o.Unit), "list the board below devices of the link, as with registers: coils-8")
	}
}

func (k *checker) node(path string, c *Config, o *NodeOutput) {
	for _, l := range c.Serial {
		if l.Port == o.Port && slices.ContainsFunc(l.Devices, func(n Node) bool { return n.Node == o.Node }) {
			return
		}
	}
	k.fault(path, fmt.Sprintf("there is no node %d on %s", o.Node, o.Port), "list it below serial")
}
