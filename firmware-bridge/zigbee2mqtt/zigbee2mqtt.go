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
	"errors"
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
// bridge's own, and commands on their way to a device.
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
// for. A null means "not known yet" and leaves the pointer nil.
type payload struct {
	WaterLeak         *bool           `json:"water_leak"`
	Contact           *bool           `json:"contact"` // true: closed
	Occupancy         *bool           `json:"occupancy"`
	Presence          *bool           `json:"presence"` // what mmWave sensors say for occupancy
	Tamper            *bool           `json:"tamper"`
	Battery           *float64        `json:"battery"` // %
	Voltage           *float64        `json:"voltage"` // mV, where there is a battery
	LinkQuality       *float64        `json:"linkquality"`
	DeviceTemperature *float64        `json:"device_temperature"` // °C
	LastSeen          json.RawMessage `json:"last_seen"`          // RFC 3339, or ms since 1970
}

func state(name string, m plantroom.Message) ([]plantroom.Sample, error) {
	if trimmed := bytes.TrimLeft(m.Payload, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: payload is not a JSON object; set its option advanced.output to json", name)
	}
	var p payload
	// Unmarshal goes on after a value of the wrong type and reports the first.
	err := json.Unmarshal(m.Payload, &p)
	if _, wrongType := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !wrongType {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: %w", name, err)
	}
	c := collector{address: name}
	var timeErr error
	c.at, c.quality, timeErr = sourceTime(p.LastSeen, m)
	if err == nil {
		err = timeErr
	}
	p.collect(&c)
	if err != nil {
		return c.samples, plantroom.Errorf(plantroom.CodeInvalid, "zigbee2mqtt %s: %w", name, err)
	}
	return c.samples, nil
}

func (p *payload) collect(c *collector) {
	if p.WaterLeak != nil {
		word := "dry"
		if *p.WaterLeak {
			word = "wet"
		}
		c.add("state", plantroom.String(word))
	}
	c.bool("contact", p.Contact)
	if p.Occupancy == nil {
		p.Occupancy = p.Presence
	}
	c.bool("occupied", p.Occupancy)
	c.bool("tamper", p.Tamper)
	c.float("battery_pct", p.Battery)
	if p.Battery != nil && p.Voltage != nil { // without a battery it is the mains, in V
		c.add("battery_v", plantroom.Float(*p.Voltage/1000))
	}
	c.float("link_quality", p.LinkQuality)
	c.float("device_temp_c", p.DeviceTemperature)
}

// collector gathers the samples of one message.
type collector struct {
	address string
	at      plantroom.Instant
	quality plantroom.Quality
	samples []plantroom.Sample
}

func (c *collector) add(signal string, v plantroom.Value) {
	if c.samples == nil {
		c.samples = make([]plantroom.Sample, 0, 4)
	}
	c.samples = append(c.samples, plantroom.Sample{
		Address: c.address, Signal: signal, Value: v, At: c.at, Quality: c.quality,
	})
}

func (c *collector) bool(signal string, b *bool) {
	if b != nil {
		c.add(signal, plantroom.Bool(*b))
	}
}

func (c *collector) float(signal string, f *float64) {
	if f != nil {
		c.add(signal, plantroom.Float(*f))
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
