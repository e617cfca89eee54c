package scenario

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
	"plantroom/sim/device"
)

// The acts on what a gateway is wired to.
type (
	// RegistersAct changes what a Modbus device keeps.
	RegistersAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Link    string              `json:"link"`
		Unit    byte                `json:"unit"`
		Table   registers.Table     `json:"table"`
		Address uint16              `json:"address"`
		Values  []uint16            `json:"values"` // nil: Hex
		Hex     string              `json:"hex"`
	}
	// UnitAct is a Modbus device that fails.
	UnitAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Link    string              `json:"link"`
		Unit    byte                `json:"unit"`
		Is      device.Health       `json:"is"`
		For     Offset              `json:"for"`
	}
	// MeasureAct is a reading that a sensor node takes.
	MeasureAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Port    string              `json:"port"`
		Node    uint16              `json:"node"`
		Signal  string              `json:"signal"`
		Value   plantroom.Value     `json:"value"`
	}
	// RestartAct resets a sensor node.
	RestartAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Port    string              `json:"port"`
		Node    uint16              `json:"node"`
		Up      Offset              `json:"up"`   // what its clock says
		Slow    float64             `json:"slow"` // the part of the time that it misses
	}
	// LineAct cuts a line to sensor nodes.
	LineAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Port    string              `json:"port"`
		Way     Way                 `json:"way"`
		Down    Offset              `json:"down"`
	}
)

// onWires does what happens to a device on a wire. ok is false for any other
// act.
func (p *play) onWires(a Act) (says string, ok bool, err error) {
	switch {
	case a.Registers != nil:
		says, err = p.registers(a.Registers)
	case a.Unit != nil:
		says, err = p.unit(a.Unit)
	case a.Measure != nil:
		says, err = p.measure(a.Measure)
	case a.Restart != nil:
		says, err = p.restart(a.Restart)
	case a.Line != nil:
		says, err = p.line(a.Line)
	case a.Publish != nil:
		says, err = p.publish(a.Publish)
	case a.Contact != nil:
		says, err = p.contact(a.Contact)
	case a.Rope != nil:
		says, err = p.rope(a.Rope)
	default:
		return "", false, nil
	}
	return says, true, err
}

// wired reports whether an act happens to a device on a wire.
func (a Act) wired() bool {
	return a.Registers != nil || a.Unit != nil || a.Measure != nil || a.Restart != nil || a.Line != nil || a.Publish != nil ||
		a.Contact != nil || a.Rope != nil
}

func (p *play) slave(gw plantroom.GatewayID, link string, unit byte) (*device.Slave, error) {
	s, err := p.site(gw)
	if err != nil {
		return nil, err
	}
	if slave := s.slaves[link][unit]; slave != nil {
		return slave, nil
	}
	return nil, plantroom.Errorf(plantroom.CodeNotFound, "gateway %s has no unit %d on a link %q", gw, unit, link)
}

func (p *play) registers(a *RegistersAct) (string, error) {
	s, err := p.slave(a.Gateway, a.Link, a.Unit)
	if err != nil {
		return "", err
	}
	values, err := a.words()
	if err != nil {
		return "", err
	}
	s.Set(a.Table, a.Address, values...)
	return fmt.Sprintf("unit %d on %s: %s %d is %s", a.Unit, a.Link, a.Table, a.Address, a.text()), nil
}

// words is what is put into the registers.
func (a *RegistersAct) words() ([]uint16, error) {
	if a.Hex == "" {
		return a.Values, nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(a.Hex, " ", ""))
	if err != nil {
		return nil, err
	}
	if len(b)%2 != 0 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%q is not a whole number of registers", a.Hex)
	}
	var out []uint16
	for i := 0; i < len(b); i += 2 {
		out = append(out, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return out, nil
}

// text is the same for the story.
func (a *RegistersAct) text() string {
	if a.Hex != "" {
		return a.Hex
	}
	return strings.Trim(fmt.Sprint(a.Values), "[]")
}

func (p *play) unit(a *UnitAct) (string, error) {
	s, err := p.slave(a.Gateway, a.Link, a.Unit)
	if err != nil {
		return "", err
	}
	s.Health = a.Is
	p.later(a.For, fmt.Sprintf("unit %d on %s answers as it should", a.Unit, a.Link), func() error { s.Health = device.Well; return nil })
	return fmt.Sprintf("unit %d on %s is %s", a.Unit, a.Link, a.Is), nil
}

// node finds a node and its line.
func (p *play) node(gw plantroom.GatewayID, port string, id uint16) (*device.Node, error) {
	s, err := p.site(gw)
	if err != nil {
		return nil, err
	}
	if l := s.lines[port]; l != nil && l.nodes[id] != nil {
		return l.nodes[id], nil
	}
	return nil, plantroom.Errorf(plantroom.CodeNotFound, "gateway %s has no node %d on a line %q", gw, id, port)
}

func (p *play) measure(a *MeasureAct) (string, error) {
	n, err := p.node(a.Gateway, a.Port, a.Node)
	if err != nil {
		return "", err
	}
	n.Measure(p.now.Time(), a.Signal, a.single())
	return fmt.Sprintf("node %d on %s measures %s %s", a.Node, a.Port, a.Signal, a.Value), nil
}

// single is the value in single precision, which is all that a node sends.
func (a *MeasureAct) single() plantroom.Value {
	if a.Value.Kind() == plantroom.FloatKind {
		return plantroom.Float(float64(float32(a.Value.Num())))
	}
	return a.Value
}

func (p *play) restart(a *RestartAct) (string, error) {
	n, err := p.node(a.Gateway, a.Port, a.Node)
	if err != nil {
		return "", err
	}
	n.Restart(p.now.Time(), time.Duration(a.Up), a.Slow)
	return fmt.Sprintf("node %d on %s starts anew", a.Node, a.Port), nil
}

func (p *play) line(a *LineAct) (string, error) {
	s, err := p.site(a.Gateway)
	if err != nil {
		return "", err
	}
	l := s.lines[a.Port]
	if l == nil {
		return "", plantroom.Errorf(plantroom.CodeNotFound, "gateway %s has no line %q", a.Gateway, a.Port)
	}
	l.cut = cmp.Or(a.Way, Both)
	p.later(a.Down, fmt.Sprintf("the line %s is whole again", a.Port), func() error { l.cut = Whole; return nil })
	return fmt.Sprintf("the line %s is cut (%s)", a.Port, l.cut), nil
}
