package shelly

import (
	"encoding/json"
	"strconv"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
)

// maxSamples is more than one device says at once; the largest has some 40
// components.
const maxSamples = 64

// maxID is above the numbers of components: those of an add-on begin at 100.
const maxID = 255

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

// bool takes true or false; null is of what is not known.
func (c *collector) bool(signal string, value []byte) {
	switch string(value) {
	case "true", "false":
		c.add(signal, plantroom.Bool(string(value) == "true"))
	case "null":
	default:
		c.fail("%s is %.20s, neither true nor false", signal, value)
	}
}

// number takes a number; null is of a sensor that does not answer.
func (c *collector) number(signal string, value []byte) {
	if string(value) == "null" {
		return
	}
	var f float64
	if err := json.Unmarshal(value, &f); err != nil {
		c.fail("%s is %.20s, not a number", signal, value)
		return
	}
	c.add(signal, plantroom.Float(f))
}

// field takes a number one level deeper.
func (c *collector) field(signal string, object []byte, name string) {
	for key, value := range jsonobject.Members(object) {
		if string(key) == name {
			c.number(signal, value)
		}
	}
}

// component takes a name like input:0 apart; ok is false for a component of no
// use here.
func component(name string) (kind string, id int, ok bool) {
	if name == "wifi" {
		return name, 0, true
	}
	kind, digits, ok := strings.Cut(name, ":")
	id, err := strconv.Atoi(digits)
	if !ok || err != nil || id < 0 || id > maxID || strconv.Itoa(id) != digits {
		return "", 0, false
	}
	switch kind {
	case "flood", "input", "switch", "temperature", "humidity":
		return kind, id, true
	case "devicepower":
		return kind, id, id == 0
	}
	return "", 0, false
}

// numbered puts a component's number into the name of its signal, unless it is 0.
func numbered(before string, id int, after string) string {
	if id == 0 {
		return before + after
	}
	return before + "_" + strconv.Itoa(id) + after
}

// status reads a component's status: the whole of it, or what has changed.
func (d *decoder) status(c *collector, kind string, id int, object []byte, whole bool) {
	if !jsonobject.Is(object) {
		if string(object) != "null" { // a component that is gone
			c.fail("%s is %.20s, not an object", numbered(kind, id, ""), object)
		}
		return
	}
	if kind == "flood" {
		d.flood(c, id, object, whole)
		return
	}
	for key, value := range jsonobject.Members(object) {
		switch kind + "." + string(key[:min(len(key), 20)]) {
		case "input.state": // null: a button, which has no state
			c.bool("input_"+strconv.Itoa(id), value)
		case "input.percent":
			c.number("input_"+strconv.Itoa(id)+"_pct", value)
		case "input.counts":
			c.field("input_"+strconv.Itoa(id)+"_count", value, "total")
		case "switch.output":
			c.bool("output_"+strconv.Itoa(id), value)
		case "switch.temperature":
			if id == 0 { // all sit in one housing
				c.field("device_temp_c", value, "tC")
			}
		case "temperature.tC":
			c.number(numbered("temperature", id, "_c"), value)
		case "humidity.rh":
			c.number(numbered("humidity", id, "_pct"), value)
		case "devicepower.battery":
			c.field("battery_v", value, "V")
			c.field("battery_pct", value, "percent")
		case "devicepower.external":
			for key, value := range jsonobject.Members(value) {
				if string(key) == "present" {
					c.bool("external_power", value)
				}
			}
		case "wifi.rssi":
			c.number("rssi_dbm", value)
		}
	}
}
