package app

import (
	"plantroom"
	"plantroom/firmware-bridge/node"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/source/serial"
)

// line makes the part of a serial line.
func (a *App) line(c config.Line) (*part, error) {
	var rules []binding.Rule
	for _, n := range c.Devices {
		rules = append(rules, binding.Rule{Address: node.Address(n.Node), Device: n.Device, Map: n.Map})
	}
	binder, err := wired(rules...)
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("serial/"+c.Port, c, binder)
	p.line = serial.New(serial.Options{Port: c.Port, Baud: c.Baud, Intake: p.door, Clock: a.clock.At, Backoff: a.o.Backoff, Logger: a.log})
	p.run = p.line.Run
	return p, err
}

// NodeHealth is what a sensor node says of itself.
type NodeHealth struct {
	Node     uint16            `json:"node"`
	Firmware string            `json:"firmware,omitempty"`
	Last     plantroom.Instant `json:"last_heard,omitzero"`
	Dropped  uint32            `json:"dropped"` // readings it had no room for, since its start
	Missing  uint64            `json:"missing"` // readings it has left out, since the gateway's start
}

// lineHealth fills in what a serial line alone has.
func lineHealth(h *SourceHealth, st serial.State) {
	h.Connected, h.Since, h.Connects = &st.Connected, st.Since, st.Connects
	h.Messages, h.Held, h.Noise, h.LastError = st.Messages, st.Failed, st.Noise, st.LastError
	for _, n := range st.Nodes {
		h.Nodes = append(h.Nodes, NodeHealth(n))
	}
}
