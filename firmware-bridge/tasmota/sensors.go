package tasmota

import (
	"encoding/json"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
)

// maxSamples is more than one message has: Tasmota drives 28 switches, 8
// counters and 8 thermometers at most.
const maxSamples = 64

// collector gathers the samples of one message, and its first fault.
type collector struct {
	address string
	at      plantroom.Instant
	quality plantroom.Quality
	samples []plantroom.Sample
	err     error
}

func (c *collector) add(signal string, v plantroom.Value) {
	if len(c.samples) == maxSamples {
		c.fail("more than %d values", maxSamples)
		return
	}
	c.samples = append(c.samples, plantroom.Sample{Address: c.address, Signal: signal, Value: v, At: c.at, Quality: c.quality})
}

func (c *collector) fail(format string, args ...any) {
	if c.err == nil {
		c.err = plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	}
}

// fault notes the first error, and reports whether there is one.
func (c *collector) fault(err error) bool {
	if c.err == nil {
		c.err = err
	}
	return err != nil
}

// onOff takes "ON" or "OFF".
func (c *collector) onOff(signal string, value []byte) {
	switch string(value) {
	case `"ON"`, `"OFF"`:
		c.add(signal, plantroom.Bool(string(value) == `"ON"`))
	default:
		c.fail("%s is %.20s, neither ON nor OFF", signal, value)
	}
}

// number takes a number, converted unless convert is nil. null is of a sensor
// that does not answer, and gives nothing.
func (c *collector) number(signal string, value []byte, convert func(float64) float64) {
	if string(value) == "null" {
		return
	}
	var f float64
	if err := json.Unmarshal(value, &f); err != nil {
		c.fail("%s is %.20s, not a number", signal, value)
		return
	}
	if convert != nil {
		f = convert(f)
	}
	c.add(signal, plantroom.Float(f))
}

// sensors reads the members of SENSOR that are known here.
func (c *collector) sensors(object []byte) {
	unit := ""
	for key, value := range jsonobject.Members(object) {
		if string(key) == "TempUnit" {
			unit = string(value)
		}
	}
	for key, value := range jsonobject.Members(object) {
		name := string(key)
		switch {
		case numbered(name, "Switch"):
			c.onOff(strings.ToLower(name), value)
		case name == "ANALOG":
			c.inputs("analog_", value, "A", "Range")
		case name == "COUNTER":
			c.inputs("counter_", value, "C")
		case name == "ESP32":
			c.temperature("device_temp_c", value, unit)
		default:
			if signal, convert := ranger(name); signal != "" {
				c.field(signal, value, "Distance", convert)
			}
			if signal := thermometer(name, value); signal != "" {
				c.temperature(signal, value, unit)
			}
		}
	}
}

// inputs takes the numbers of an object whose names are one of words with a
// number behind it.
func (c *collector) inputs(prefix string, object []byte, words ...string) {
	for key, value := range jsonobject.Members(object) {
		for _, word := range words {
			if numbered(string(key), word) {
				c.number(prefix+strings.ToLower(string(key)), value, nil)
			}
		}
	}
}

// instance takes the name of a sensor apart, of which there may be several:
// DS18B20, DS18B20-2, or DS18B20_2 with SetOption64.
func instance(name string) (kind, number string) {
	if i := strings.LastIndexAny(name, "-_"); i >= 0 && numbered(name[i+1:], "") {
		return name[:i], name[i+1:]
	}
	return name, ""
}

// ranger gives the signal of a distance sensor and the unit it measures in,
// "" for anything else. An SR04 that hears no echo is left out of the message.
func ranger(name string) (signal string, convert func(float64) float64) {
	kind, number := instance(name)
	switch kind {
	case "SR04":
		convert = centimetres
	case "VL53L0X", "VL53L1X":
		convert = millimetres
	default:
		return "", nil
	}
	if number == "" || number == "1" {
		return "distance_m", convert
	}
	return "distance_" + number + "_m", convert
}

// thermometer gives the signal of a DS18x20 sensor, "" for anything else.
func thermometer(name string, object []byte) (signal string) {
	kind, number := instance(name)
	switch kind {
	case "DS18B20", "DS18S20", "DS1822":
	default:
		return ""
	}
	signal = strings.ToLower(kind)
	for key, value := range jsonobject.Members(object) {
		if string(key) != "Id" {
			continue
		}
		id := strings.ToLower(strings.Trim(string(value), `"`))
		if len(id) > 0 && len(id) <= 16 && strings.Trim(id, "0123456789abcdef") == "" {
			return signal + "_" + id + "_c"
		}
	}
	if number != "" {
		signal += "_" + number
	}
	return signal + "_c"
}

// temperature takes an object's Temperature, in the unit that the message says.
func (c *collector) temperature(signal string, object []byte, unit string) {
	switch unit {
	case `"C"`:
		c.field(signal, object, "Temperature", nil)
	case `"F"`:
		c.field(signal, object, "Temperature", fahrenheit)
	default:
		c.fail("%s: TempUnit is %.20q, neither C nor F", signal, unit)
	}
}

// field takes the number of one member of an object.
func (c *collector) field(signal string, object []byte, name string, convert func(float64) float64) {
	for key, value := range jsonobject.Members(object) {
		if string(key) == name {
			c.number(signal, value, convert)
		}
	}
}

func centimetres(f float64) float64 { return f / 100 }
func millimetres(f float64) float64 { return f / 1000 }
func fahrenheit(f float64) float64  { return (f - 32) * 5 / 9 }
