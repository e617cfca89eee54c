// Package thethings understands what The Things Stack v3 (The Things Network,
// The Things Industries) publishes of LoRaWAN devices over MQTT: up and join,
// in JSON. The bytes of a frame go through the native decoder that the
// gateway's file names for the device, or through the codec that it was given;
// where there is neither, decoded_payload is taken for its fields that have the
// very name of a generic signal. Other names and
// normalized_payload are left alone: the former are anybody's, and the latter
// speaks of air, soil and wind. It sends no downlinks and ignores the other
// messages.
//
// Besides what a device measures it gives rssi_dbm and snr_db of each frame,
// uplinks_lost where frames are missing before one, and battery_pct where the
// server tells of a new answer to a status request.
//
// A device's address is its dev_eui, 16 hexadecimal digits in lower case, or
// its device_id where it has none. Messages with simulated: true are not real,
// and have quality Simulated. The time is that at which the network server got
// the frame: settings.time is of a LoRaWAN gateway's own clock, which may be
// wrong, and counts only where the server tells no time.
//
// Sources: The Things Stack documentation, "MQTT Server" and "Data Formats";
// lib/payload.json in TheThingsNetwork/lorawan-devices for normalized_payload.
// The server publishes at QoS 0 only, and leaves out what is 0, false or "".
package thethings

import (
	"encoding/json"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/lorawan"
)

// maxPayload is far above any message, in bytes: a frame has at most 242
// bytes, and few receivers hear it.
const maxPayload = 64 << 10

// maxID is the length of the longest device_id, in bytes (identifiers.proto of
// The Things Stack).
const maxID = 36

// Options is what the gateway's file says of this source.
type Options struct {
	Prefix string                              // levels before "v3"; usually ""
	Models map[string]string                   // DevEUI or device_id → one of lorawan.Models
	Codecs map[string]plantroom.PayloadDecoder // the same → a decoder that takes its time
}

// Topics gives the subscriptions below a prefix, which is usually "".
func Topics(prefix string) []string {
	base := below(prefix)
	return []string{base + "+/devices/+/up", base + "+/devices/+/join"}
}

func below(prefix string) string {
	if prefix != "" {
		prefix = strings.TrimSuffix(prefix, "/") + "/"
	}
	return prefix + "v3/"
}

// New makes a decoder.
//
// A frame that arrives again (the same counter and bytes of the same session
// within two minutes) gives nothing. Where the bytes of a frame cannot be
// understood, its signal strength is given all the same, with an error that
// says why: the device is alive.
//
// The decoder is a plantroom.Deferrer: a payload that is left to a codec is
// decoded later, in a lane for each codec.
func New(o Options) plantroom.Decoder {
	return &decoder{base: below(o.Prefix), payloads: lorawan.NewPayloads(o.Models, o.Codecs), frames: lorawan.NewFrames()}
}

type decoder struct {
	base     string
	payloads *lorawan.Payloads
	frames   *lorawan.Frames
}

// Forget implements plantroom.Forgetter.
func (d *decoder) Forget() { d.frames.Forget() }

// message is what is used here of up and join.
type message struct {
	Device struct {
		ID      string `json:"device_id"`
		DevEUI  string `json:"dev_eui"`
		DevAddr string `json:"dev_addr"`
	} `json:"end_device_ids"`
	ReceivedAt string  `json:"received_at"` // by the application server
	Simulated  bool    `json:"simulated"`
	Uplink     *uplink `json:"uplink_message"`
	Join       *struct {
		ReceivedAt string `json:"received_at"`
	} `json:"join_accept"`
}

type uplink struct {
	Session    string            `json:"session_key_id"`
	Port       int               `json:"f_port"`
	Counter    uint32            `json:"f_cnt"`
	Payload    []byte            `json:"frm_payload"`
	Decoded    json.RawMessage   `json:"decoded_payload"`
	Receivers  lorawan.Receivers `json:"rx_metadata"`
	ReceivedAt string            `json:"received_at"` // by the network server
	Settings   struct {
		Time string `json:"time"`
	} `json:"settings"`
	Battery struct {
		Value      *float64 `json:"value"` // %
		ReceivedAt string   `json:"received_at"`
	} `json:"last_battery_percentage"`
}

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	return lorawan.AtOnce(d.Begin(m))
}

// Begin implements plantroom.Deferrer.
func (d *decoder) Begin(m plantroom.Message) ([]plantroom.Sample, *plantroom.Later, error) {
	device, kind, ok := d.parseTopic(m.Topic)
	if !ok || len(m.Payload) == 0 {
		return nil, nil, nil
	}
	if len(m.Payload) > maxPayload {
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "thethings %s: message of %d bytes, at most %d", device, len(m.Payload), maxPayload)
	}
	var msg message
	if err := json.Unmarshal(m.Payload, &msg); err != nil {
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "thethings %s: %s: %w", device, kind, err)
	}
	samples, later, err := d.samples(device, kind, &msg, m)
	named := func(samples []plantroom.Sample, err error) ([]plantroom.Sample, error) {
		if err != nil {
			err = plantroom.Errorf(plantroom.CodeInvalid, "thethings %s: %s: %w", device, kind, err)
		}
		return samples, err
	}
	samples, err = named(samples, err)
	return samples, lorawan.Then(later, named), err
}

func (d *decoder) samples(device, kind string, msg *message, m plantroom.Message) (samples []plantroom.Sample, later *plantroom.Later, err error) {
	address, err := msg.address(device)
	if err != nil {
		return nil, nil, err
	}
	at, quality, err := msg.time(m)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case kind == "join" && msg.Join != nil:
		if !msg.Simulated {
			d.frames.Joined(address)
		}
		samples = []plantroom.Sample{{Signal: "heartbeat", Value: plantroom.Bool(true)}}
	case kind == "up" && msg.Uplink != nil:
		samples, later, err = d.up(address, msg, at, m.Received)
	default:
		return nil, nil, plantroom.Errorf(plantroom.CodeInvalid, "the message has neither uplink_message nor join_accept where its topic says so")
	}
	lorawan.Stamp(samples, address, at, quality)
	return samples, lorawan.Then(later, func(samples []plantroom.Sample, err error) ([]plantroom.Sample, error) {
		lorawan.Stamp(samples, address, at, quality)
		return samples, err
	}), err
}

// up gives the samples of a frame; none for a repetition. A simulated frame
// is no part of the account: its counter is invented.
func (d *decoder) up(address string, msg *message, at, now plantroom.Instant) ([]plantroom.Sample, *plantroom.Later, error) {
	u := msg.Uplink
	session := u.Session
	if session == "" {
		session = msg.Device.DevAddr
	}
	f := lorawan.Frame{Kind: "up", Session: session, Counter: u.Counter, Port: u.Port, Payload: u.Payload, At: at}
	if !msg.Simulated && d.frames.Repeated(address, &f) {
		return nil, nil, nil
	}
	samples, later, err := d.payloads.Samples(&lorawan.Uplink{
		Address: address, Also: msg.Device.ID, Port: u.Port, Payload: u.Payload, Object: u.Decoded, Receivers: u.Receivers, At: at,
	}, now)
	framed := func(samples []plantroom.Sample, err error) ([]plantroom.Sample, error) {
		if err != nil {
			err = plantroom.Errorf(plantroom.CodeInvalid, "port %d, frame %d: %w", f.Port, f.Counter, err)
		}
		return samples, err
	}
	samples, err = framed(samples, err)
	if !msg.Simulated {
		var more []plantroom.Sample
		more, err = d.account(address, u, &f, err)
		samples = append(samples, more...)
	}
	return samples, lorawan.Then(later, framed), err
}

// account gives what the server says besides of the device: how many frames
// are missing before this one, and how full its battery is. Err is what is
// wrong already.
func (d *decoder) account(address string, u *uplink, f *lorawan.Frame, err error) (samples []plantroom.Sample, _ error) {
	if lost := d.frames.Lost(address, f); lost > 0 {
		samples = append(samples, plantroom.Sample{Signal: "uplinks_lost", Value: plantroom.Float(float64(lost))})
	}
	b := u.Battery
	if b.Value == nil {
		return samples, err
	}
	asked, fault := instant(b.ReceivedAt)
	switch {
	case fault != nil && err == nil:
		err = plantroom.Errorf(plantroom.CodeInvalid, "last_battery_percentage: %w", fault)
	case fault == nil && d.frames.NewBattery(address, asked):
		samples = append(samples, plantroom.Sample{Signal: "battery_pct", Value: plantroom.Float(*b.Value), At: asked})
	}
	return samples, err
}

// address is the device's, which has to be the one of the topic.
func (m *message) address(device string) (string, error) {
	if m.Device.ID != device {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "the message is of device %.40q", m.Device.ID)
	}
	if m.Device.DevEUI == "" {
		return device, nil
	}
	eui, ok := lorawan.EUI(m.Device.DevEUI)
	if !ok {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "dev_eui %.40q is not 16 hexadecimal digits", m.Device.DevEUI)
	}
	return eui, nil
}

// time takes the first of the times that is there.
func (m *message) time(from plantroom.Message) (plantroom.Instant, plantroom.Quality, error) {
	texts := [3]string{1: m.ReceivedAt}
	if m.Join != nil {
		texts[0] = m.Join.ReceivedAt
	}
	if m.Uplink != nil {
		texts[0], texts[2] = m.Uplink.ReceivedAt, m.Uplink.Settings.Time
	}
	at, quality := from.Received, plantroom.Good
	if from.Retained {
		quality = plantroom.EstimatedTime
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		var err error
		if at, err = instant(text); err != nil {
			return 0, 0, err
		}
		quality = plantroom.Good
		break
	}
	if m.Simulated {
		quality = plantroom.Simulated
	}
	return at, quality, nil
}

// instant reads a time, which has to be one that a clock can show.
func instant(text string) (at plantroom.Instant, err error) {
	if err := at.UnmarshalText([]byte(text)); err != nil {
		return 0, err
	}
	if at <= plantroom.Instant(time.Hour) {
		return 0, plantroom.Errorf(plantroom.CodeInvalid, "time %.40q is that of a clock that was never set", text)
	}
	return at, nil
}

// parseTopic takes v3/{application}@{tenant}/devices/{device}/{kind} apart,
// with or without a tenant. ok is false for what is of no use here.
func (d *decoder) parseTopic(topic string) (device, kind string, ok bool) {
	rest, ok := strings.CutPrefix(topic, d.base)
	if !ok {
		return "", "", false
	}
	levels := strings.Split(rest, "/")
	if len(levels) != 4 || levels[0] == "" || levels[1] != "devices" || levels[2] == "" || len(levels[2]) > maxID {
		return "", "", false
	}
	device, kind = levels[2], levels[3]
	return device, kind, kind == "up" || kind == "join"
}
