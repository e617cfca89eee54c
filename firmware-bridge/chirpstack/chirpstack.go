// Package chirpstack understands the events that a ChirpStack v4 network
// server publishes of LoRaWAN devices: up, status and join, in JSON. The bytes
// of an up event go through the native decoder that the gateway's file names
// for the device or its device profile, or through the codec that it was given;
// where there is neither, an object that the network server has decoded itself
// is taken for the generic signals. It sends no downlinks and ignores the other
// events.
//
// Sources: ChirpStack documentation, "Event types" and "MQTT integration", and
// chirpstack/api/proto/integration/integration.proto of v4. The JSON is
// protobuf's: bytes are base64, and a field that is zero, false or "" may be
// absent. A device's address is its DevEUI, 16 hexadecimal digits in lower case.
package chirpstack

import (
	"encoding/json"
	"strings"

	"plantroom"
)

// maxPayload is far above any event, in bytes: a frame has at most 242 bytes,
// and few receivers hear it.
const maxPayload = 256 << 10

// Options is what the gateway's file says of this source.
type Options struct {
	Prefix string                              // levels before "application"; usually ""
	Models map[string]string                   // DevEUI or device profile name → one of Models
	Codecs map[string]plantroom.PayloadDecoder // the same → a decoder that takes its time
}

// Topics gives the subscription below a prefix, which is usually "".
func Topics(prefix string) []string {
	if prefix != "" {
		prefix = strings.TrimSuffix(prefix, "/") + "/"
	}
	return []string{prefix + "application/+/device/+/event/+"}
}

// New makes a decoder.
//
// A frame that arrives again (the same deduplicationId, or the same frame
// counter and bytes of the same session within two minutes, which is how a
// confirmed uplink is retransmitted) gives nothing. Where the bytes of a frame
// cannot be understood, its signal strength is given all the same, with an
// error that says why: the device is alive.
//
// The decoder is a plantroom.Deferrer: a payload that is left to a codec is
// decoded later, in a lane for each codec.
func New(o Options) plantroom.Decoder {
	d := &decoder{models: folded(o.Models), codecs: folded(o.Codecs), devices: make(map[string]*history)}
	d.prefix, _, _ = strings.Cut(Topics(o.Prefix)[0], "+")
	return d
}

// folded writes the DevEUIs among the keys in lower case.
func folded[V any](m map[string]V) map[string]V {
	out := make(map[string]V, len(m))
	for key, v := range m {
		if lower := strings.ToLower(key); isEUI(lower) {
			key = lower
		}
		out[key] = v
	}
	return out
}

type decoder struct {
	prefix  string
	models  map[string]string
	codecs  map[string]plantroom.PayloadDecoder
	devices map[string]*history
}

// event is what the up, status and join events hold that is used here.
type event struct {
	DeduplicationID string `json:"deduplicationId"`
	Time            string `json:"time"`
	DeviceInfo      struct {
		ProfileName string `json:"deviceProfileName"`
		DevEUI      string `json:"devEui"`
	} `json:"deviceInfo"`

	// up
	DevAddr string          `json:"devAddr"`
	FCnt    uint32          `json:"fCnt"`
	FPort   int             `json:"fPort"`
	Data    []byte          `json:"data"`
	Object  json.RawMessage `json:"object"`
	RxInfo  []rx            `json:"rxInfo"`

	// status
	ExternalPower      bool    `json:"externalPowerSource"`
	BatteryUnavailable bool    `json:"batteryLevelUnavailable"`
	BatteryLevel       float64 `json:"batteryLevel"` // %
}

// rx is how one receiver heard a frame.
type rx struct {
	RSSI float64 `json:"rssi"` // dBm
	SNR  float64 `json:"snr"`  // dB
}

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	samples, later, err := d.Begin(m)
	if later == nil {
		return samples, err
	}
	more, err := later.Do()
	return append(samples, more...), err
}

// Begin implements plantroom.Deferrer.
func (d *decoder) Begin(m plantroom.Message) ([]plantroom.Sample, *plantroom.Later, error) {
	eui, kind, ok := d.parseTopic(m.Topic)
	if !ok || len(m.Payload) == 0 {
		return nil, nil, nil
	}
	ev, c, err := d.read(m, eui, kind)
	if err != nil || d.repeated(eui, kind, ev, c.at) {
		return nil, nil, err
	}
	if kind == "up" {
		if later := d.deferred(ev, c, m.Received); later != nil {
			c.link(ev.RxInfo)
			return c.samples, later, nil
		}
		err := d.up(ev, c)
		return c.samples, nil, ev.fault(eui, err)
	}
	c.add(measure{signal: "heartbeat", value: plantroom.Bool(true)})
	if kind == "status" && !ev.ExternalPower && !ev.BatteryUnavailable {
		c.add(measure{signal: "battery_pct", value: plantroom.Float(ev.BatteryLevel)})
	}
	return c.samples, nil, nil
}

// read takes a message for an event.
func (d *decoder) read(m plantroom.Message, eui, kind string) (*event, *collector, error) {
	if len(m.Payload) > maxPayload {
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event of %d bytes, at most %d", eui, len(m.Payload), maxPayload)
	}
	ev := new(event)
	if err := json.Unmarshal(m.Payload, ev); err != nil {
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: %w", eui, kind, err)
	}
	if got := strings.ToLower(ev.DeviceInfo.DevEUI); got != eui {
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s is of device %.40q", eui, kind, got)
	}
	at, quality, err := sourceTime(ev.Time, m)
	if err != nil {
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: %w", eui, kind, err)
	}
	return ev, &collector{address: eui, at: at, quality: quality}, nil
}

// up gives the samples of an uplink frame.
func (d *decoder) up(ev *event, c *collector) error {
	measures, err := d.payload(ev, c.address)
	for _, m := range measures {
		c.add(m)
	}
	c.link(ev.RxInfo)
	return err
}

// payload decodes what the device itself has sent.
func (d *decoder) payload(ev *event, eui string) ([]measure, error) {
	name, ok := d.models[eui]
	if !ok {
		name, ok = d.models[ev.DeviceInfo.ProfileName]
	}
	switch {
	case ev.FPort == 0: // MAC commands only
		return nil, nil
	case ok:
		return decodeNative(name, frame{port: ev.FPort, data: ev.Data})
	case len(ev.Object) > 0 && string(ev.Object) != "null":
		return readObject(ev.Object)
	}
	return nil, plantroom.Errorf(plantroom.CodeInvalid, "no decoder: name one for %s or the profile %.60q under models or codecs", eui, ev.DeviceInfo.ProfileName)
}

// parseTopic takes application/{id}/device/{devEui}/event/{kind} apart. ok is
// false for what is not of this family or of no use.
func (d *decoder) parseTopic(topic string) (eui, kind string, ok bool) {
	rest, ok := strings.CutPrefix(topic, d.prefix)
	if !ok {
		return "", "", false
	}
	levels := strings.Split(rest, "/")
	if len(levels) != 5 || levels[1] != "device" || levels[3] != "event" {
		return "", "", false
	}
	eui, kind = strings.ToLower(levels[2]), levels[4]
	if kind != "up" && kind != "status" && kind != "join" {
		return "", "", false
	}
	return eui, kind, isEUI(eui)
}

// isEUI reports whether s is 16 hexadecimal digits in lower case.
func isEUI(s string) bool {
	return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == ""
}

// sourceTime is when the network server got the event.
func sourceTime(text string, m plantroom.Message) (plantroom.Instant, plantroom.Quality, error) {
	if text != "" {
		var at plantroom.Instant
		if err := at.UnmarshalText([]byte(text)); err != nil {
			return 0, 0, err
		}
		if at.IsZero() {
			return 0, 0, plantroom.Errorf(plantroom.CodeInvalid, "time %q is the zero of all clocks", text)
		}
		return at, plantroom.Good, nil
	}
	if m.Retained {
		return m.Received, plantroom.EstimatedTime, nil
	}
	return m.Received, plantroom.Good, nil
}

// measure is one value out of a payload. A zero at means "now", a zero
// quality that of the event.
type measure struct {
	signal  string
	value   plantroom.Value
	at      plantroom.Instant
	quality plantroom.Quality
}

// collector gathers the samples of one event.
type collector struct {
	address string
	at      plantroom.Instant
	quality plantroom.Quality
	samples []plantroom.Sample
}

func (c *collector) add(m measure) {
	s := plantroom.Sample{Address: c.address, Signal: m.signal, Value: m.value, At: c.at, Quality: c.quality}
	if !m.at.IsZero() {
		s.At = m.at
	}
	if m.quality != plantroom.Good {
		s.Quality = m.quality
	}
	c.samples = append(c.samples, s)
}
