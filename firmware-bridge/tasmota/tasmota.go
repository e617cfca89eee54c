// Package tasmota understands what devices with the Tasmota firmware publish:
// switches, relays, analog inputs, counters, DS18x20 temperatures, distances
// by SR04 and VL53L0X or VL53L1X, Wi-Fi signal and whether they are online. It sends no commands and
// knows no other sensors of the many that Tasmota can drive.
//
// Signals: switch1 … and power1 … (true: ON), analog_a0 …, analog_range1 …,
// counter_c1 …, ds18b20_c or ds18b20_{id}_c (°C, also for ds18s20 and ds1822;
// by the sensor's own id, since its number changes when one is added),
// distance_m (of a second sensor distance_2_m), device_temp_c (an ESP32's own), rssi_dbm, heartbeat, online.
// Those that no domain knows are for the gateway's file to map.
//
// The address of a device is its Topic. Its times are local and without a
// zone, unless it is set to send an offset (SetOption52) or the time since
// 1970 (Time 2 and 3): see New. StateText and the topic prefixes cmnd, stat
// and tele have to be the usual ones.
//
// Sources: Tasmota documentation, "MQTT", "Commands", "DS18x20", "HC-SR04",
// "VL53LXX"; GetTopic_P and ResponseGetTime in its source for FullTopic and the
// forms of time, xsns_22_sr04 for the unit.
package tasmota

import (
	"bytes"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
)

// maxPayload is far above any message, in bytes: the firmware's buffers are
// of 1 to 4 KiB.
const maxPayload = 16 << 10

// Options is what the gateway's file says of this source.
type Options struct {
	Prefix    string         // levels before those of FullTopic; usually ""
	FullTopic string         // as the devices have it; "": DefaultFullTopic
	Zone      *time.Location // of the devices' clocks; nil: UTC
}

// Topics gives the subscriptions; none for a FullTopic that Check refuses.
func Topics(o Options) []string {
	p, err := parse(o.Prefix, o.FullTopic)
	if err != nil {
		return nil
	}
	return p.subscriptions()
}

// Check reports what is wrong with a FullTopic, as a CodeInvalid.
func Check(fullTopic string) error {
	_, err := parse("", fullTopic)
	return err
}

// New makes a decoder. With a FullTopic that Check refuses it understands
// nothing.
//
// A local time becomes an instant by the zone. Where clocks are put back, an
// hour happens twice: the later of the two instants is taken unless it would
// lie ahead of the receipt, which is right for all that comes within an hour,
// and keeps the order. Where clocks are put forward, a time in the hour that
// does not happen is read as if they had not been, with quality
// EstimatedTime. A device whose clock was never set (before 2016) gets the
// time of receipt. So does one whose time lies more than a quarter of an hour
// ahead of it, with quality EstimatedTime and an error: its zone is another,
// or its clock is wrong.
func New(o Options) plantroom.Decoder {
	d := &decoder{zone: o.Zone}
	d.topics, _ = parse(o.Prefix, o.FullTopic)
	if d.zone == nil {
		d.zone = time.UTC
	}
	return d
}

type decoder struct {
	topics pattern
	zone   *time.Location
}

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	prefix, device, leaf, ok := d.topics.match(m.Topic)
	if !ok || len(m.Payload) == 0 {
		return nil, nil
	}
	c := collector{address: device, at: m.Received}
	if m.Retained {
		c.quality = plantroom.EstimatedTime
	}
	read := reader(prefix, leaf)
	if read == nil {
		return nil, nil
	}
	if len(m.Payload) > maxPayload {
		c.fail("payload of %d bytes, at most %d", len(m.Payload), maxPayload)
	} else {
		read(d, &c, leaf, m.Payload)
	}
	if c.err != nil {
		return c.samples, plantroom.Errorf(plantroom.CodeInvalid, "tasmota %s: %s: %w", device, leaf, c.err)
	}
	return c.samples, nil
}

// reader finds what reads a message; nil: it is of no use. An empty prefix is
// that of a FullTopic which has none.
func reader(prefix, leaf string) func(*decoder, *collector, string, []byte) {
	if prefix != stat {
		switch leaf {
		case "SENSOR":
			return (*decoder).sensor
		case "STATE":
			return (*decoder).state
		case "LWT":
			return (*decoder).lwt
		}
	}
	if prefix != tele {
		switch {
		case leaf == "STATUS8", leaf == "STATUS10", leaf == "STATUS11":
			return (*decoder).status
		case leaf == "RESULT", numbered(leaf, "SWITCH"):
			return (*decoder).result
		case leaf == "POWER", numbered(leaf, "POWER"):
			return (*decoder).power
		}
	}
	return nil
}

// lwt reads the last will, and what replaces it.
func (d *decoder) lwt(c *collector, _ string, payload []byte) {
	switch word := string(bytes.TrimSpace(payload)); word {
	case "Online", "Offline":
		c.add("online", plantroom.Bool(word == "Online"))
	default:
		c.fail("%.20q is neither Online nor Offline", word)
	}
}

// sensor reads what tele/…/SENSOR holds.
func (d *decoder) sensor(c *collector, _ string, payload []byte) {
	if c.fault(jsonobject.Check(payload)) {
		return
	}
	d.clock(c, payload)
	c.sensors(payload)
}

// state reads what tele/…/STATE holds: relays and the radio.
func (d *decoder) state(c *collector, _ string, payload []byte) {
	if c.fault(jsonobject.Check(payload)) {
		return
	}
	d.clock(c, payload)
	c.add("heartbeat", plantroom.Bool(true))
	for key, value := range jsonobject.Members(payload) {
		switch {
		case string(key) == "POWER", numbered(string(key), "POWER"):
			c.onOff(powerSignal(string(key)), value)
		case string(key) == "Wifi":
			c.field("rssi_dbm", value, "Signal", nil) // dBm; RSSI is in percent
		}
	}
}

// status reads the answers to the commands Status 8, 10 and 11, which wrap
// what SENSOR and STATE hold.
func (d *decoder) status(c *collector, leaf string, payload []byte) {
	if c.fault(jsonobject.Check(payload)) {
		return
	}
	for key, value := range jsonobject.Members(payload) {
		switch string(key) {
		case "StatusSNS":
			d.sensor(c, leaf, value)
		case "StatusSTS":
			d.state(c, leaf, value)
		}
	}
}

// result reads what a switch that is detached from its relay says
// ({"Switch1":{"Action":"ON"}}). A relay's is left to power, since Tasmota
// says it both ways; so are the answers to commands.
func (d *decoder) result(c *collector, _ string, payload []byte) {
	if c.fault(jsonobject.Check(payload)) {
		return
	}
	for key, value := range jsonobject.Members(payload) {
		if !numbered(string(key), "Switch") {
			continue
		}
		for field, action := range jsonobject.Members(value) {
			// TOGGLE, HOLD and the like tell nothing of where it stands.
			if string(field) == "Action" && (string(action) == `"ON"` || string(action) == `"OFF"`) {
				c.onOff(strings.ToLower(string(key)), action)
			}
		}
	}
}

// power reads a relay's state: ON, or {"POWER":"ON"} with SetOption4.
func (d *decoder) power(c *collector, leaf string, payload []byte) {
	if word := string(bytes.TrimSpace(payload)); word == "ON" || word == "OFF" {
		c.add(powerSignal(leaf), plantroom.Bool(word == "ON"))
		return
	}
	if c.fault(jsonobject.Check(payload)) {
		return
	}
	for key, value := range jsonobject.Members(payload) {
		if string(key) == leaf {
			c.onOff(powerSignal(leaf), value)
		}
	}
}

// powerSignal is power1 for POWER1, and for the POWER of a device with one
// relay.
func powerSignal(name string) string {
	if name == "POWER" {
		return "power1"
	}
	return strings.ToLower(name)
}

// numbered reports whether a name is word with a number of one or two digits
// behind it.
func numbered(name, word string) bool {
	digits, ok := strings.CutPrefix(name, word)
	return ok && (len(digits) == 1 || len(digits) == 2) && strings.Trim(digits, "0123456789") == ""
}
