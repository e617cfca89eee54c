// Package shelly understands what Shelly devices of the second generation and
// later publish over MQTT: flood alarms, inputs, switches, temperature,
// humidity, battery, Wi-Fi signal and whether they are online. It sends no
// commands, and does not know devices that a Shelly passes on over Bluetooth.
//
// Signals, by component: flood:0 gives state (wet, dry, or cable_break where
// its cable is not plugged in and nothing is wet); input:0 gives input_0, or
// input_0_pct, or input_0_count; switch:0 gives output_0, and device_temp_c;
// temperature:0 gives temperature_c, humidity:0 humidity_pct; devicepower:0
// gives battery_pct, battery_v, external_power; wifi gives rssi_dbm. Of other
// numbers the number is in the name: state_1, temperature_100_c. Besides there
// are online, and heartbeat where a notification says nothing of these. Those
// that no domain knows are for the gateway's file to map.
//
// The address of a device is its MQTT topic prefix below the source's. That is
// the device's id, the src of its notifications, where nobody has changed it;
// where somebody has, it is the one name that all of its topics have.
//
// Sources: Shelly's API documentation of Gen2+, "MQTT", "Notifications", "RPC
// Protocol" and the pages of the components. That a flood sensor without its
// cable lists cable_unplugged among its errors is second-hand (a test of Home
// Assistant's Shelly integration).
package shelly

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
)

// maxPayload is far above a full status of the largest device, in bytes.
const maxPayload = 64 << 10

// maxAddress bounds a device's topic prefix, in bytes (the firmware takes 300
// characters; unverified). What is longer is of no Shelly.
const maxAddress = 300

// Topics gives the subscriptions below a prefix, which is usually "".
func Topics(prefix string) []string {
	base := below(prefix)
	return []string{base + "+/events/rpc", base + "+/status/+", base + "+/online"}
}

func below(prefix string) string {
	if prefix == "" {
		return ""
	}
	return strings.TrimSuffix(prefix, "/") + "/"
}

// New makes a decoder for devices below a prefix, which is usually "".
//
// NotifyStatus tells of changes only: a field that it does not have is as it
// was, and gives no sample. NotifyFullStatus and the status topics tell of a
// component as a whole. The time is the notification's ts; where there is
// none, or the device's clock was never set (before 2016), it is that of the
// receipt, which is EstimatedTime for a retained message. So it is, with an
// error, where ts lies more than a quarter of an hour ahead.
func New(prefix string) plantroom.Decoder {
	return &decoder{base: below(prefix), floods: make(map[string]*floods)}
}

type decoder struct {
	base   string
	floods map[string]*floods
}

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	rest, ok := strings.CutPrefix(m.Topic, d.base)
	if !ok || len(m.Payload) == 0 {
		return nil, nil
	}
	device, about, read := d.parse(rest)
	if read == nil || device == "" || len(device) > maxAddress {
		return nil, nil
	}
	c := collector{address: device, at: m.Received}
	if m.Retained {
		c.quality = plantroom.EstimatedTime
	}
	if len(m.Payload) > maxPayload {
		c.fail("payload of %d bytes, at most %d", len(m.Payload), maxPayload)
	} else {
		read(&c, m.Payload)
	}
	if c.err != nil {
		return c.samples, plantroom.Errorf(plantroom.CodeInvalid, "shelly %s: %s: %w", device, about, c.err)
	}
	return c.samples, nil
}

// parse takes {device}/{about} apart, and finds what reads it; nil for what is
// of no use.
func (d *decoder) parse(topic string) (device, about string, read func(*collector, []byte)) {
	if device, ok := strings.CutSuffix(topic, "/online"); ok {
		return device, "online", online
	}
	if device, ok := strings.CutSuffix(topic, "/events/rpc"); ok {
		return device, "events/rpc", d.notification
	}
	i := strings.LastIndexByte(topic, '/')
	if i < 0 {
		return "", "", nil
	}
	device, ok := strings.CutSuffix(topic[:i], "/status")
	kind, id, known := component(topic[i+1:])
	if !ok || !known {
		return "", "", nil
	}
	return device, topic[i+1:], func(c *collector, payload []byte) {
		if !c.fault(jsonobject.Check(payload)) {
			d.status(c, kind, id, payload, true)
		}
	}
}

// online reads the device's word, and its last will.
func online(c *collector, payload []byte) {
	switch word := string(bytes.TrimSpace(payload)); word {
	case "true", "false":
		c.add("online", plantroom.Bool(word == "true"))
	default:
		c.fail("%.20q is neither true nor false", word)
	}
}

// notification reads a JSON-RPC notification frame.
func (d *decoder) notification(c *collector, payload []byte) {
	if c.fault(jsonobject.Check(payload)) {
		return
	}
	var method string
	var params []byte
	for key, value := range jsonobject.Members(payload) {
		switch string(key) {
		case "method":
			method = string(value[:min(len(value), 20)])
		case "params":
			params = value
		}
	}
	switch method {
	case `"NotifyStatus"`, `"NotifyFullStatus"`, `"NotifyEvent"`:
	default:
		return
	}
	if !jsonobject.Is(params) {
		c.fail("%s without params", method)
		return
	}
	c.clock(params)
	if method != `"NotifyEvent"` {
		for key, value := range jsonobject.Members(params) {
			if kind, id, ok := component(string(key[:min(len(key), 40)])); ok {
				d.status(c, kind, id, value, method == `"NotifyFullStatus"`)
			}
		}
	}
	if len(c.samples) == 0 && c.err == nil {
		c.add("heartbeat", plantroom.Bool(true))
	}
}

const (
	// ahead is how far a device's time may lie ahead of its receipt.
	ahead = 15 * time.Minute
	// valid is 2016-01-01T00:00:00Z, before which there was no such device:
	// its clock was not set yet.
	valid = 1451606800
)

// clock takes ts, in seconds since 1970 with a fraction, which is read to the
// millisecond.
func (c *collector) clock(params []byte) {
	for key, value := range jsonobject.Members(params) {
		if string(key) != "ts" || string(value) == "null" {
			continue
		}
		var seconds float64
		if json.Unmarshal(value, &seconds) != nil || seconds < 0 || seconds > math.MaxUint32 {
			c.quality = plantroom.EstimatedTime
			c.fail("ts %.40s is not a time", value)
			return
		}
		if seconds < valid {
			return
		}
		at := plantroom.Instant(math.Round(seconds*1e3)) * 1e6
		if at.Sub(c.at) > ahead && !c.at.IsUnset() { // a gateway whose clock is not set cannot say so
			c.quality = plantroom.EstimatedTime
			c.fail("its time %s lies %s ahead: set the device's clock", at, at.Sub(c.at).Round(time.Minute))
			return
		}
		c.at, c.quality = at, plantroom.Good
	}
}
