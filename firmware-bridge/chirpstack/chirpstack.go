// Package chirpstack understands the events that a ChirpStack v4 network
// server publishes of LoRaWAN devices: up, status and join, in JSON. The bytes
// of an up event go through the native decoder that the gateway's file names
// for the device or its device profile, or through the codec that it was given;
// where there is neither, an object that the network server has decoded itself
// is taken for the generic signals. It sends no downlinks and ignores the other
// events.
//
// Besides what a device measures it gives rssi_dbm and snr_db of each frame,
// uplinks_lost where frames are missing before one, and of a status
// battery_pct, external_power and downlink_snr_db (what ChirpStack calls
// margin: DevStatusAns, LoRaWAN 1.0.4 section 5.5).
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
	"plantroom/firmware-bridge/lorawan"
)

// maxPayload is far above any event, in bytes: a frame has at most 242 bytes,
// and few receivers hear it.
const maxPayload = 64 << 10

// Options is what the gateway's file says of this source.
type Options struct {
	Prefix string                              // levels before "application"; usually ""
	Models map[string]string                   // DevEUI or device profile name → one of lorawan.Models
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
	d := &decoder{payloads: lorawan.NewPayloads(o.Models, o.Codecs), frames: lorawan.NewFrames()}
	d.prefix, _, _ = strings.Cut(Topics(o.Prefix)[0], "+")
	return d
}

type decoder struct {
	prefix   string
	payloads *lorawan.Payloads
	frames   *lorawan.Frames
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
	DevAddr string            `json:"devAddr"`
	FCnt    uint32            `json:"fCnt"`
	FPort   int               `json:"fPort"`
	Data    []byte            `json:"data"`
	Object  json.RawMessage   `json:"object"`
	RxInfo  lorawan.Receivers `json:"rxInfo"`

	// status
	Margin             float64 `json:"margin"` // dB
	ExternalPower      bool    `json:"externalPowerSource"`
	BatteryUnavailable bool    `json:"batteryLevelUnavailable"`
	BatteryLevel       float64 `json:"batteryLevel"` // %
}

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	return lorawan.AtOnce(d.Begin(m))
}

// Begin implements plantroom.Deferrer.
func (d *decoder) Begin(m plantroom.Message) (samples []plantroom.Sample, later *plantroom.Later, err error) {
	eui, kind, ok := d.parseTopic(m.Topic)
	if !ok || len(m.Payload) == 0 {
		return nil, nil, nil
	}
	ev, at, quality, err := read(m, eui, kind)
	if err != nil {
		return nil, nil, err
	}
	if len(ev.Data) > lorawan.MaxPayload {
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: data of %d bytes, at most %d", eui, kind, len(ev.Data), lorawan.MaxPayload)
	}
	f := lorawan.Frame{Kind: kind, ID: ev.DeduplicationID, Session: ev.DevAddr, Counter: ev.FCnt, Port: ev.FPort, Payload: ev.Data, At: at}
	if d.frames.Repeated(eui, &f) {
		return nil, nil, nil
	}
	finish := func(samples []plantroom.Sample, err error) ([]plantroom.Sample, error) {
		lorawan.Stamp(samples, eui, at, quality)
		if err != nil {
			err = plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: port %d, frame %d: %w", eui, f.Port, f.Counter, err)
		}
		return samples, err
	}
	switch kind {
	case "up":
		samples, later, err = d.payloads.Samples(&lorawan.Uplink{
			Address: eui, Also: ev.DeviceInfo.ProfileName, Port: ev.FPort, Payload: ev.Data, Object: ev.Object,
			Receivers: ev.RxInfo, At: at,
		}, m.Received)
		if lost := d.frames.Lost(eui, &f); lost > 0 {
			samples = append(samples, plantroom.Sample{Signal: "uplinks_lost", Value: plantroom.Float(float64(lost))})
		}
	case "join":
		d.frames.Joined(eui)
		samples = []plantroom.Sample{{Signal: "heartbeat", Value: plantroom.Bool(true)}}
	case "status":
		samples = status(ev)
	}
	samples, err = finish(samples, err)
	return samples, lorawan.Then(later, finish), err
}

// read takes a message for an event of a device.
func read(m plantroom.Message, eui, kind string) (*event, plantroom.Instant, plantroom.Quality, error) {
	if len(m.Payload) > maxPayload {
		return nil, 0, 0, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event of %d bytes, at most %d", eui, len(m.Payload), maxPayload)
	}
	ev := new(event)
	if err := json.Unmarshal(m.Payload, ev); err != nil {
		return nil, 0, 0, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: %w", eui, kind, err)
	}
	if got := strings.ToLower(ev.DeviceInfo.DevEUI); got != eui {
		return nil, 0, 0, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s is of device %.40q", eui, kind, got)
	}
	at, quality, err := sourceTime(ev.Time, m)
	if err != nil {
		return nil, 0, 0, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: %w", eui, kind, err)
	}
	return ev, at, quality, nil
}

// status gives what a device has answered to a status request. The level of a
// battery counts only where the device runs on it and knows it.
func status(ev *event) []plantroom.Sample {
	samples := []plantroom.Sample{
		{Signal: "heartbeat", Value: plantroom.Bool(true)},
		{Signal: "external_power", Value: plantroom.Bool(ev.ExternalPower)},
		{Signal: "downlink_snr_db", Value: plantroom.Float(ev.Margin)},
	}
	if !ev.ExternalPower && !ev.BatteryUnavailable {
		samples = append(samples, plantroom.Sample{Signal: "battery_pct", Value: plantroom.Float(ev.BatteryLevel)})
	}
	return samples
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
	kind = levels[4]
	if kind != "up" && kind != "status" && kind != "join" {
		return "", "", false
	}
	eui, ok = lorawan.EUI(levels[2])
	return eui, kind, ok
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

// Forget implements plantroom.Forgetter.
func (d *decoder) Forget() { d.frames.Forget() }
