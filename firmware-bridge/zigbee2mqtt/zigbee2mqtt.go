// Package zigbee2mqtt understands what Zigbee2MQTT publishes of its devices:
// water leak, contact, occupancy, battery, link quality, tamper and
// availability. It does not send commands, does not know groups or the
// bridge's own topics, and has no table of device models: Zigbee2MQTT has
// turned those into the same few names already.
//
// Sources: Zigbee2MQTT guide, "MQTT topics and messages" and "Device
// availability", and the exposes of its device pages. The address of a device
// is its friendly name, which may contain slashes.
package zigbee2mqtt

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"

	"plantroom"
)

// DefaultPrefix is Zigbee2MQTT's usual base topic.
const DefaultPrefix = "zigbee2mqtt"

// maxPayload is far above any device's message, in bytes.
const maxPayload = 64 << 10

// Topics gives the subscription for a base topic; "" is DefaultPrefix.
func Topics(prefix string) []string { return []string{base(prefix) + "#"} }

// New makes a decoder for a base topic; "" is DefaultPrefix.
//
// A retained message was published before the gateway subscribed. Its time is
// the device's last_seen where Zigbee2MQTT is set to send that; else the
// sample gets the time of receipt and quality EstimatedTime, since a leak that
// began while the gateway was away has to be judged all the same.
//
// A message whose fields are partly of a wrong type gives the samples of the
// others together with an error that names the field.
func New(prefix string) plantroom.Decoder { return &decoder{base: base(prefix)} }

func base(prefix string) string {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	return strings.TrimSuffix(prefix, "/") + "/"
}

type decoder struct{ base string }

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	name, ok := strings.CutPrefix(m.Topic, d.base)
	if !ok || name == "" || foreign(name) || len(m.Payload) == 0 {
		return nil, nil
	}
	if len(m.Payload) > maxPayload {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: payload of %d bytes, at most %d", name, len(m.Payload), maxPayload)
	}
	if device, ok := strings.CutSuffix(name, "/availability"); ok && device != "" {
		return availability(device, m)
	}
	return state(name, m)
}

// foreign reports topics below the base that are not a device's state: the
// bridge's own, and commands on their way to a device. A device whose name has
// a level "get" or "set" cannot be told from these.
func foreign(name string) bool {
	if name == "bridge" || strings.HasPrefix(name, "bridge/") {
		return true
	}
	for _, command := range []string{"/set", "/get"} {
		if strings.HasSuffix(name, command) || strings.Contains(name, command+"/") {
			return true
		}
	}
	return false
}

// availability reads "online" or "offline", plain or as {"state":"online"}.
func availability(name string, m plantroom.Message) ([]plantroom.Sample, error) {
	word := string(bytes.TrimSpace(m.Payload))
	if strings.HasPrefix(word, "{") {
		var p struct {
			State string `json:"state"`
		}
		if err := json.Unmarshal(m.Payload, &p); err != nil {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: availability: %w", name, err)
		}
		word = p.State
	}
	if word != "online" && word != "offline" {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: availability %.20q is neither online nor offline", name, word)
	}
	c := collector{address: name, at: m.Received, quality: receivedQuality(m)}
	c.add("online", plantroom.Bool(word == "online"))
	return c.samples, nil
}

// payload is what a device's message may hold that somebody here has a use
// for. The fields are of any type, so that one of a wrong type is seen as such
// and takes no other with it; nil is absent, or null for "not known yet".
type payload struct {
	WaterLeak         any             `json:"water_leak"`         // bool
	Contact           any             `json:"contact"`            // bool, true: closed
	Occupancy         any             `json:"occupancy"`          // bool
	Presence          any             `json:"presence"`           // bool: what mmWave sensors say for occupancy
	Tamper            any             `json:"tamper"`             // bool
	Battery           any             `json:"battery"`            // number, %
	Voltage           any             `json:"voltage"`            // number, mV where there is a battery
	LinkQuality       any             `json:"linkquality"`        // number
	DeviceTemperature any             `json:"device_temperature"` // number, °C
	LastSeen          json.RawMessage `json:"last_seen"`          // RFC 3339 text, or ms since 1970
}

func state(name string, m plantroom.Message) ([]plantroom.Sample, error) {
	if trimmed := bytes.TrimLeft(m.Payload, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: payload is not a JSON object; set its option advanced.output to json", name)
	}
	var p payload
	if err := json.Unmarshal(m.Payload, &p); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: %w", name, err)
	}
	c := collector{address: name}
	c.at, c.quality, c.err = sourceTime(p.LastSeen, m)
	p.collect(&c)
	if c.err != nil {
		return c.samples, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: %w", name, c.err)
	}
	return c.samples, nil
}

func (p *payload) collect(c *collector) {
	if wet, ok := c.bool("water_leak", p.WaterLeak); ok {
		word := "dry"
		if wet {
			word = "wet"
		}
		c.add("state", plantroom.String(word))
	}
	if closed, ok := c.bool("contact", p.Contact); ok {
		c.add("contact", plantroom.Bool(closed))
	}
	if p.Occupancy == nil {
		p.Occupancy = p.Presence
	}
	if occupied, ok := c.bool("occupancy", p.Occupancy); ok {
		c.add("occupied", plantroom.Bool(occupied))
	}
	if tamper, ok := c.bool("tamper", p.Tamper); ok {
		c.add("tamper", plantroom.Bool(tamper))
	}
	if percent, ok := c.number("battery", p.Battery); ok {
		c.add("battery_pct", plantroom.Float(percent))
		if mV, ok := c.number("voltage", p.Voltage); ok { // without a battery it is the mains, in V
			c.add("battery_v", plantroom.Float(mV/1000))
		}
	}
	if quality, ok := c.number("linkquality", p.LinkQuality); ok {
		c.add("link_quality", plantroom.Float(quality))
	}
	if celsius, ok := c.number("device_temperature", p.DeviceTemperature); ok {
		c.add("device_temp_c", plantroom.Float(celsius))
	}
}

// collector gathers the samples of one message.
type collector struct {
	address string
	at      plantroom.Instant
	quality plantroom.Quality
	samples []plantroom.Sample
	err     error
}

func (c *collector) add(signal string, v plantroom.Value) {
	if c.samples == nil {
		c.samples = make([]plantroom.Sample, 0, 4)
	}
	c.samples = append(c.samples, plantroom.Sample{
		Address: c.address, Signal: signal, Value: v, At: c.at, Quality: c.quality,
	})
}

// bool takes a field that has to be true or false; ok is false where it is
// absent or anything else, which is noted.
func (c *collector) bool(field string, v any) (value, ok bool) {
	value, ok = v.(bool)
	if !ok && v != nil {
		c.fail("%s is not true or false", field)
	}
	return value, ok
}

// number takes a field that has to be a number.
func (c *collector) number(field string, v any) (value float64, ok bool) {
	value, ok = v.(float64)
	if !ok && v != nil {
		c.fail("%s is not a number", field)
	}
	return value, ok
}

// fail notes the first fault of a message.
func (c *collector) fail(format string, args ...any) {
	if c.err == nil {
		c.err = plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	}
}

// sourceTime takes last_seen where there is one, in either of its forms.
// Zigbee2MQTT also publishes its cache again when it starts, so that last_seen
// may lie well before the receipt of a message that is not retained.
func sourceTime(raw json.RawMessage, m plantroom.Message) (plantroom.Instant, plantroom.Quality, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return m.Received, receivedQuality(m), nil
	}
	if raw[0] == '"' {
		var at plantroom.Instant
		if err := json.Unmarshal(raw, &at); err != nil || at.IsZero() {
			return m.Received, plantroom.EstimatedTime, plantroom.Errorf(plantroom.CodeInvalid, "last_seen %.40s is not a time", raw)
		}
		return at, plantroom.Good, nil
	}
	var ms float64
	if err := json.Unmarshal(raw, &ms); err != nil || ms <= 0 || ms > math.MaxInt64/1e6 {
		return m.Received, plantroom.EstimatedTime, plantroom.Errorf(plantroom.CodeInvalid, "last_seen %.40s is not a time", raw)
	}
	return plantroom.Instant(int64(ms) * 1e6), plantroom.Good, nil
}

// receivedQuality is the quality of the time of receipt.
func receivedQuality(m plantroom.Message) plantroom.Quality {
	if m.Retained {
		return plantroom.EstimatedTime
	}
	return plantroom.Good
}
