package app

import (
	"strconv"
	"time"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/modbus"
	"plantroom/internal/mqttconn"
)

// link makes the part of a Modbus link, which may write the coils that are
// outputs.
func (a *App) link(c config.Modbus, drives []config.Coil) (*part, error) {
	var rules []binding.Rule
	var on []modbus.Device
	for i := range c.Devices {
		d := &c.Devices[i]
		rules = append(rules, binding.Rule{Address: string(d.Device), Map: d.Map, Interval: polled(d)})
		on = append(on, d.On())
	}
	binder, err := wired(rules...)
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("modbus/"+c.Name, struct {
		config.Modbus
		Drives []config.Coil `json:"drives,omitempty"`
	}{c, drives}, binder)
	if err != nil {
		return nil, err
	}
	timeout, pace := time.Duration(c.Timeout), a.o.Backoff
	if len(drives) > 0 && timeout == 0 {
		timeout = config.MaxOutputTimeout
	}
	if len(drives) > 0 && pace == (mqttconn.Backoff{}) {
		pace = quickly
	}
	p.link = modbus.New(modbus.Options{
		Name: c.Name, Address: c.Link, Line: modbus.Line{Baud: c.Baud, Parity: c.Parity, StopBits: c.StopBits},
		Timeout: timeout, Backoff: pace, Devices: on, Outputs: coils(c, drives), At: a.clock.At, Logger: a.log,
		Sink: func(m plantroom.Message, samples []plantroom.Sample, why error) {
			p.door.Take(m, samples, why, func(err error) {
				if err != nil { // the next heartbeat says it again
					a.log.Error("a reading of a Modbus device is lost", "from", m.Topic, "error", err)
				}
			})
		},
	})
	p.run = p.link.Run
	return p, nil
}

// ModbusHealth is what a Modbus link has beside what every source has.
type ModbusHealth struct {
	Requests   uint64         `json:"requests"`
	Silent     uint64         `json:"unanswered"`
	Garbled    uint64         `json:"garbled"`
	Exceptions uint64         `json:"exceptions"`
	Devices    []ModbusDevice `json:"devices"`
}

// ModbusDevice is one device on a Modbus link.
type ModbusDevice struct {
	Device    plantroom.DeviceID `json:"device"`
	Unit      byte               `json:"unit"`
	Silent    bool               `json:"silent"`
	LastError string             `json:"last_error,omitempty"`
}

// modbus fills in the health of a link.
func (h *SourceHealth) modbus(st modbus.State) {
	h.Connected, h.Since, h.Connects, h.LastError = &st.Connected, st.Since, st.Connects, st.LastError
	h.Messages = st.Requests - st.Silent - st.Garbled
	h.Modbus = &ModbusHealth{Requests: st.Requests, Silent: st.Silent, Garbled: st.Garbled, Exceptions: st.Exceptions}
	for _, d := range st.Devices {
		h.Modbus.Devices = append(h.Modbus.Devices, ModbusDevice(d))
	}
}

// devices are the devices of a Modbus link, and none of anything else.
func (h *SourceHealth) devices() []ModbusDevice {
	if h.Modbus == nil {
		return nil
	}
	return h.Modbus.Devices
}

// silent lists the devices of a link that is up that do not answer.
func (h *SourceHealth) silent() []string {
	var out []string
	for _, d := range h.devices() {
		if *h.Connected && d.Silent {
			out = append(out, h.Name+": unit "+strconv.Itoa(int(d.Unit))+", device "+string(d.Device)+", does not answer: "+d.LastError)
		}
	}
	return out
}
