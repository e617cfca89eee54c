package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/broker"
	"plantroom/internal/yamldoc"
	"plantroom/sim/estates"
)

// checkWires compares the acts on wires with the files of the gateways: a
// register of a unit that nobody asks would change nothing.
func (s *Scenario) checkWires(e plantroom.Estate) (yamldoc.Faults, error) {
	k := wireChecker{s: s, estate: e, files: map[plantroom.GatewayID]config.Config{}}
	for i, a := range s.Do {
		path := fmt.Sprintf("/do/%d", i)
		var err error
		switch {
		case a.Registers != nil:
			err = k.unit(path+"/registers", a.Registers.Gateway, a.Registers.Link, a.Registers.Unit)
		case a.Unit != nil:
			err = k.unit(path+"/unit", a.Unit.Gateway, a.Unit.Link, a.Unit.Unit)
		case a.Measure != nil:
			err = k.node(path+"/measure", a.Measure.Gateway, a.Measure.Port, a.Measure.Node)
		case a.Restart != nil:
			err = k.node(path+"/restart", a.Restart.Gateway, a.Restart.Port, a.Restart.Node)
		case a.Line != nil:
			err = k.node(path+"/line", a.Line.Gateway, a.Line.Port, 0)
		case a.Publish != nil:
			err = k.account(path+"/publish", a.Publish)
		case a.Contact != nil:
			err = k.contact(path+"/contact/pin", a.Contact)
		case a.Rope != nil:
			err = k.rope(path+"/rope/device", a.Rope)
		}
		if err != nil {
			return nil, err
		}
	}
	return k.faults, nil
}

type wireChecker struct {
	s      *Scenario
	estate plantroom.Estate
	files  map[plantroom.GatewayID]config.Config
	faults yamldoc.Faults
}

// file reads a gateway's file; known is false for a gateway that the estate
// does not have, with which fault is found elsewhere.
func (k *wireChecker) file(id plantroom.GatewayID) (c config.Config, known bool, err error) {
	if c, known = k.files[id]; known {
		return c, true, nil
	}
	if !slices.ContainsFunc(k.estate.Gateways, func(g plantroom.Gateway) bool { return g.ID == id }) {
		return c, false, nil
	}
	c, err = estates.GatewayConfig(k.estate, id)
	k.files[id] = c
	return c, err == nil, err
}

// one finds fault with a name that is none of those in a gateway's file.
func (k *wireChecker) one(pointer, what string, list []string, name string) bool {
	if slices.Contains(list, name) {
		return true
	}
	instead := "its gateway's file has none"
	if len(list) > 0 {
		instead = remedy(list, name)
	}
	k.faults = append(k.faults, k.s.doc.Fault(pointer, fmt.Sprintf("there is no %s %q", what, name), instead))
	return false
}

func (k *wireChecker) unit(path string, gw plantroom.GatewayID, link string, unit byte) error {
	c, known, err := k.file(gw)
	if err != nil || !known {
		return err
	}
	var links, units []string
	for _, l := range c.Modbus {
		links = append(links, l.Name)
		for _, d := range l.Devices {
			if l.Name == link {
				units = append(units, strconv.Itoa(int(d.Unit)))
			}
		}
	}
	if k.one(path+"/link", "Modbus link of "+string(gw), links, link) {
		k.one(path+"/unit", "unit on "+link, units, strconv.Itoa(int(unit)))
	}
	return nil
}

// node checks a line and, unless it is 0, a node on it.
func (k *wireChecker) node(path string, gw plantroom.GatewayID, port string, id uint16) error {
	c, known, err := k.file(gw)
	if err != nil || !known {
		return err
	}
	var ports, nodes []string
	for _, l := range c.Serial {
		ports = append(ports, l.Port)
		for _, d := range l.Devices {
			if l.Port == port {
				nodes = append(nodes, strconv.Itoa(int(d.Node)))
			}
		}
	}
	if k.one(path+"/port", "line of "+string(gw), ports, port) && id != 0 {
		k.one(path+"/node", "node on "+port, nodes, strconv.Itoa(int(id)))
	}
	return nil
}

// account checks who publishes at a gateway's own broker, and on which topic.
func (k *wireChecker) account(path string, a *PublishAct) error {
	c, known, err := k.file(a.Gateway)
	if err != nil || !known {
		return err
	}
	accounts := broker.Accounts{}
	if c.Listen != nil {
		if accounts, err = estates.Accounts(k.estate); err != nil {
			return err
		}
	}
	if !k.one(path+"/account", "account at the broker of "+string(a.Gateway), slices.Sorted(maps.Keys(accounts)), a.Account) {
		return nil
	}
	if permitted := accounts[a.Account].Publish; !subscribed(permitted, a.Topic) {
		k.faults = append(k.faults, k.s.doc.Fault(path+"/topic", fmt.Sprintf("%s may not publish on %q", a.Account, a.Topic), remedy(permitted, a.Topic)))
	}
	return nil
}

func (k *wireChecker) contact(pointer string, a *ContactAct) error {
	c, known, err := k.file(a.Gateway)
	if err != nil || !known {
		return err
	}
	var pins []string
	for _, p := range c.Pins {
		if p.Count == nil {
			pins = append(pins, p.Pin)
		}
	}
	k.one(pointer, "contact of "+string(a.Gateway)+" on", pins, a.Pin)
	return nil
}

func (k *wireChecker) rope(pointer string, a *RopeAct) error {
	c, known, err := k.file(a.Gateway)
	if err != nil || !known {
		return err
	}
	var ropes []string
	for _, b := range c.Buses {
		for _, in := range b.Devices {
			if in.Rope != nil {
				ropes = append(ropes, string(in.Device))
			}
		}
	}
	k.one(pointer, "rope of "+string(a.Gateway), ropes, string(a.Device))
	return nil
}
