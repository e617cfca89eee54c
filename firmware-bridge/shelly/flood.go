package shelly

import (
	"bytes"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
)

const (
	// maxDevices bounds what is known of flood sensors; when it is full all is
	// forgotten, which at worst leaves a state untold until the device says it
	// as a whole. It is as many as a gateway binds.
	maxDevices = 20_000
	// maxFloods is how many flood components of one device are followed, those
	// with the lowest numbers. There is no device with more than one.
	maxFloods = 4
)

// floods is what is known of a device's flood components.
type floods [maxFloods]flood

// flood is what is known of one: a change of one field is laid over it.
type flood struct {
	known     bool // alarm is
	alarm     bool
	unplugged bool
}

// flood reads a flood component.
func (d *decoder) flood(c *collector, id int, object []byte, whole bool) {
	if id >= maxFloods {
		return
	}
	f := d.known(c.address, id)
	var told bool // something of which the state is made
	if whole {
		*f, told = flood{}, true
	}
	for key, value := range jsonobject.Members(object) {
		switch string(key) {
		case "alarm":
			switch string(value) {
			case "true", "false":
				f.known, f.alarm, told = true, string(value) == "true", true
			case "null":
				f.known = false
			default:
				c.fail("alarm is %.20s, neither true nor false", value)
			}
		case "errors": // a list, or null or absent for none
			f.unplugged, told = bytes.Contains(value, []byte(`"cable_unplugged"`)), true
		}
	}
	if word := f.state(); told && word != "" {
		c.add(numbered("state", id, ""), plantroom.String(word))
	}
}

// state is what a flood sensor says, "" where it is not known. Water goes
// before a cable that is not plugged in: both may be so.
func (f *flood) state() string {
	switch {
	case f.known && f.alarm:
		return "wet"
	case f.unplugged:
		return "cable_break"
	case f.known:
		return "dry"
	}
	return ""
}

// known finds what is known of a flood component.
func (d *decoder) known(address string, id int) *flood {
	all := d.floods[address]
	if all == nil {
		if len(d.floods) >= maxDevices {
			clear(d.floods)
		}
		all = new(floods)
		d.floods[strings.Clone(address)] = all // not the whole topic it is a part of
	}
	return &all[id]
}
