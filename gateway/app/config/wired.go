package config

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/gateway/binding"
	"plantroom/gateway/modbus"
	"plantroom/gateway/sensor"
)

// OneWire is a 1-Wire bus of the kernel and the thermometers on it.
type OneWire struct {
	Name    string        `json:"name"`
	Devices []Thermometer `json:"devices"`
}

// Thermometer is one DS18B20.
type Thermometer struct {
	Device    plantroom.DeviceID        `json:"device"`
	Serial    string                    `json:"serial"`
	OffsetC   float64                   `json:"offset_c,omitempty"`
	Heartbeat plantroom.Duration        `json:"heartbeat,omitempty"`
	Map       map[string]binding.Signal `json:"map,omitempty"`
}

// IIO is a load cell on a converter that the kernel has a driver for.
type IIO struct {
	Device    plantroom.DeviceID        `json:"device"`
	Name      string                    `json:"name"` // hx711, or iio:device0
	Channel   int                       `json:"channel,omitempty"`
	Heartbeat plantroom.Duration        `json:"heartbeat,omitempty"`
	Map       map[string]binding.Signal `json:"map,omitempty"`
	Load      sensor.Load               `json:"load"`
}

// Ranger is an ultrasonic sensor on a serial line of its own.
type Ranger struct {
	Device    plantroom.DeviceID        `json:"device"`
	Port      string                    `json:"port"`
	Kind      string                    `json:"kind"`
	OffsetM   float64                   `json:"offset_m,omitempty"`
	MinM      float64                   `json:"min_m,omitempty"`
	MaxM      float64                   `json:"max_m,omitempty"`
	Samples   int                       `json:"samples,omitempty"`
	Heartbeat plantroom.Duration        `json:"heartbeat,omitempty"`
	Map       map[string]binding.Signal `json:"map,omitempty"`
}

// Options are what the sensor is made from, but for what opens its line and
// takes its readings.
func (r *Ranger) Options() sensor.RangerOptions {
	return sensor.RangerOptions{Device: r.Device, Port: r.Port, Kind: r.Kind, OffsetM: r.OffsetM, MinM: r.MinM, MaxM: r.MaxM,
		Samples: r.Samples, Heartbeat: time.Duration(r.Heartbeat)}
}

// count checks a counter of pulses.
func (k *checker) count(path string, p Pin) {
	if p.Count != nil {
		k.broken(path+"/count", p.Count.Check(time.Duration(p.Debounce)))
	}
}

// inputs checks what hangs on one I²C bus: each input of a converter once.
func (k *checker) inputs(path string, inputs []Input) {
	used := map[string]bool{}
	for j, in := range inputs {
		at := fmt.Sprintf("%s/%d", path, j)
		if !k.doc.Sound(at) {
			continue
		}
		k.input(at, in)
		k.once(used, at, fmt.Sprintf("%#x, channel %d", in.At(), in.Channel), "input", "give each device an input of its own")
	}
}

// At is the address of the input's converter.
func (in *Input) At() uint16 {
	switch {
	case in.Address != 0:
		return in.Address
	case in.Load != nil:
		return sensor.NAU7802Address
	}
	return sensor.ADS1115Address
}

func (k *checker) input(path string, in Input) {
	k.wired(path, in.Device, in.Map)
	kinds := 0
	for _, is := range []bool{in.Rope != nil, in.Distance != nil, in.Load != nil} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		k.fault(path, "it is not said what hangs on this input", "add either rope: {} or distance: {} or load: {}")
	case in.Load != nil:
		k.load(path, in)
	case in.At() < 0x48 || in.At() > 0x4b:
		k.fault(path+"/address", fmt.Sprintf("an ADS1115 cannot have the address %#x", in.Address), "use 0x48 to 0x4b")
	case in.Rope != nil:
		k.broken(path+"/rope", in.Rope.Check())
	default:
		k.broken(path+"/distance", in.Distance.Check())
	}
}

// load checks a load cell on an NAU7802.
func (k *checker) load(path string, in Input) {
	k.broken(path+"/load", in.Load.Check())
	if in.At() != sensor.NAU7802Address {
		k.fault(path+"/address", fmt.Sprintf("an NAU7802 cannot have the address %#x", in.Address), "remove address: it is always 0x2a; a second one needs a bus of its own")
	}
	if in.Channel > 1 {
		k.fault(path+"/channel", fmt.Sprintf("an NAU7802 has no channel %d", in.Channel), "use 0 or 1")
	}
}

// oneWire checks that each bus has one section, and each thermometer one
// place.
func (k *checker) oneWire(buses []OneWire) {
	names, serials := map[string]bool{}, map[string]bool{}
	for i, b := range buses {
		path := fmt.Sprintf("/onewire/%d", i)
		if k.doc.Sound(path + "/name") {
			k.once(names, path+"/name", b.Name, "bus", "list all its thermometers in one place")
		}
		for j, d := range b.Devices {
			at := fmt.Sprintf("%s/devices/%d", path, j)
			if !k.doc.Sound(at) {
				continue
			}
			k.wired(at, d.Device, d.Map)
			k.once(serials, at+"/serial", d.Serial, "thermometer", "one thermometer is one device")
			if sensor.Thermometer(d.Serial) == "" {
				k.fault(at+"/serial", fmt.Sprintf("%q is no thermometer that is read here", d.Serial), "use a DS18B20 (28-…) or a DS1822 (22-…); plantroom-gateway probe lists what is on the bus")
			}
		}
	}
}

// iio checks the load cells behind drivers of the kernel.
func (k *checker) iio(cells []IIO) {
	used := map[string]bool{}
	for i, c := range cells {
		path := fmt.Sprintf("/iio/%d", i)
		if !k.doc.Sound(path) {
			continue
		}
		k.wired(path, c.Device, c.Map)
		k.once(used, path, fmt.Sprintf("%s, channel %d", c.Name, c.Channel), "input", "give each device an input of its own")
		k.broken(path+"/load", c.Load.Check())
	}
}

// ranging checks the ultrasonic sensors: a line of its own for each.
func (k *checker) ranging(c *Config) {
	ports := map[string]bool{}
	for _, l := range c.Modbus {
		if l.Link.Serial() {
			ports[where(l.Link)] = true
		}
	}
	for _, l := range c.Serial {
		ports[where(modbus.Address("rtu://"+l.Port))] = true
	}
	for i := range c.Ranging {
		path, r := fmt.Sprintf("/ultrasonic/%d", i), &c.Ranging[i]
		if !k.doc.Sound(path) {
			continue
		}
		k.wired(path, r.Device, r.Map)
		k.once(ports, path+"/port", where(modbus.Address("rtu://"+r.Port)), "line", "give each ultrasonic sensor a line of its own")
		k.broken(path, r.Options().Check())
	}
}
