package probe

import "plantroom/gateway/sensor/gpioline"

// Report is what was found.
type Report struct {
	GPIO    []gpioline.Chip `json:"gpio"`
	I2C     []Bus           `json:"i2c"`
	OneWire []Master        `json:"onewire"`
	IIO     []IIO           `json:"iio"`
	Serial  []Port          `json:"serial"`
	Missing []Missing       `json:"missing"` // what could be had, and how
	Faults  []Missing       `json:"faults"`  // what should be there and is not, or could not be looked at
	YAML    string          `json:"yaml"`    // sections of the gateway's file for what is known; "": nothing is
}

// Bus is one I²C bus.
type Bus struct {
	Name    string   `json:"name"`              // as the gateway's file has it: I2C1
	Adapter string   `json:"adapter"`           // what the kernel calls it
	Left    string   `json:"left,omitempty"`    // why nothing was sent on it
	Devices []Answer `json:"devices"`           // what answers, and what the kernel has
	HungAt  uint16   `json:"hung_at,omitempty"` // where a transfer did not end in time
	Problem string   `json:"problem,omitempty"` // why not all of it was looked at
	UsedBy  []string `json:"used_by,omitempty"` // devices of the gateway's file
}

// Answer is one address of an I²C bus.
type Answer struct {
	Address uint16   `json:"address"`
	Driver  string   `json:"driver,omitempty"` // of the kernel, which has it: nothing was sent
	Likely  string   `json:"likely,omitempty"` // what usually has this address
	UsedBy  []string `json:"used_by,omitempty"`
}

// Master is one 1-Wire bus.
type Master struct {
	Name    string  `json:"name"`
	Probes  []Probe `json:"probes"`
	Problem string  `json:"problem,omitempty"`
}

// Probe is one device on a 1-Wire bus.
type Probe struct {
	Serial  string   `json:"serial"`
	Model   string   `json:"model,omitempty"` // "": none that the gateway reads
	Celsius *float64 `json:"celsius,omitempty"`
	Problem string   `json:"problem,omitempty"`
	UsedBy  string   `json:"used_by,omitempty"`
}

// IIO is one device of the kernel's Industrial I/O.
type IIO struct {
	Place    string           `json:"place"` // iio:device0
	Name     string           `json:"name"`
	Voltages map[string]int64 `json:"voltages,omitempty"` // counts by channel, where it is a converter for bridges
	Problem  string           `json:"problem,omitempty"`
	UsedBy   []string         `json:"used_by,omitempty"`
}

// Port is one serial line.
type Port struct {
	Path   string `json:"path"` // the one to use
	Device string `json:"device"`
	UsedBy string `json:"used_by,omitempty"`
}

// Missing is something that is not there, and what to do about it.
type Missing struct {
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

// Uses says what the gateway's file has given to whom: the ids of devices, by
// the name that the file has for a thing.
type Uses struct {
	Pins   map[string]string              // GPIO17, gpiochip0/17
	Buses  map[string]map[uint16][]string // I2C1 and the address
	Probes map[string]string              // 28-00000a1b2c3d
	IIO    map[string][]string            // hx711, iio:device0
	Ports  map[string]string              // /dev/ttyUSB0
}

// Sound reports whether everything was looked at, nothing hung, and all that
// the file uses is there.
func (r *Report) Sound() bool { return len(r.Faults) == 0 }

// Empty reports whether nothing was found that a sensor could be wired to.
func (r *Report) Empty() bool {
	return len(r.GPIO)+len(r.I2C)+len(r.OneWire)+len(r.IIO)+len(r.Serial) == 0
}

func (r *Report) missing(what, remedy string) { r.Missing = append(r.Missing, Missing{what, remedy}) }
func (r *Report) fault(what, remedy string)   { r.Faults = append(r.Faults, Missing{what, remedy}) }
