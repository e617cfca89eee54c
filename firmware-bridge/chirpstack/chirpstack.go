// Package chirpstack understands the events that a ChirpStack v4 network
// server publishes of LoRaWAN devices: up, status and join, in JSON. The bytes
// of an up event go through the native decoder that the gateway's file names
// for the device or its device profile; where it names none, an object that
// the network server has decoded itself is taken for the generic signals. It
// runs no JavaScript codecs, sends no downlinks and ignores the other events.
//
// Sources: ChirpStack documentation, "Event types" and "MQTT integration", and
// chirpstack/api/proto/integration/integration.proto of v4. The JSON is
// protobuf's: bytes are base64, and a field that is zero, false or "" may be
// absent. A device's address is its DevEUI, 16 hexadecimal digits in lower case.
package chirpstack

import (
	"cmp"
	"encoding/json"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// maxPayload is far above any event, in bytes: a frame has at most 242 bytes,
// and few receivers hear it.
const maxPayload = 256 << 10

// Options is what the gateway's file says of this source.
type Options struct {
	Prefix string            // levels before "application"; usually ""
	Models map[string]string // DevEUI or device profile name → one of Models
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
func New(o Options) plantroom.Decoder {
	d := &decoder{models: make(map[string]string, len(o.Models)), devices: make(map[string]*history), seed: maphash.MakeSeed()}
	for key, model := range o.Models {
		if isEUI(strings.ToLower(key)) {
			key = strings.ToLower(key)
		}
		d.models[key] = model
	}
	d.prefix, _, _ = strings.Cut(Topics(o.Prefix)[0], "+")
	return d
}

type decoder struct {
	prefix  string
	models  map[string]string
	devices map[string]*history
	seed    maphash.Seed
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
	eui, kind, ok := d.parseTopic(m.Topic)
	if !ok || len(m.Payload) == 0 {
		return nil, nil
	}
	if len(m.Payload) > maxPayload {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event of %d bytes, at most %d", eui, len(m.Payload), maxPayload)
	}
	var ev event
	if err := json.Unmarshal(m.Payload, &ev); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: %w", eui, kind, err)
	}
	if got := strings.ToLower(ev.DeviceInfo.DevEUI); got != eui {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s is of device %.40q", eui, kind, got)
	}
	at, quality, err := sourceTime(ev.Time, m)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: %w", eui, kind, err)
	}
	if len(ev.Data) > maxData {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: event %s: data of %d bytes, at most %d", eui, kind, len(ev.Data), maxData)
	}
	if d.repeated(eui, kind, &ev, at) {
		return nil, nil
	}
	c := collector{address: eui, at: at, quality: quality}
	if kind == "up" {
		if err := d.up(&ev, &c); err != nil {
			return c.samples, plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: port %d, frame %d: %w", eui, ev.FPort, ev.FCnt, err)
		}
		return c.samples, nil
	}
	c.add(measure{signal: "heartbeat", value: plantroom.Bool(true)})
	if kind == "status" && !ev.ExternalPower && !ev.BatteryUnavailable {
		c.add(measure{signal: "battery_pct", value: plantroom.Float(ev.BatteryLevel)})
	}
	return c.samples, nil
}

// up gives the samples of an uplink frame.
func (d *decoder) up(ev *event, c *collector) error {
	measures, err := d.payload(ev, c.address)
	for _, m := range measures {
		c.add(m)
	}
	if len(ev.RxInfo) > 0 {
		best := slices.MaxFunc(ev.RxInfo, func(a, b rx) int {
			return cmp.Or(cmp.Compare(a.SNR, b.SNR), cmp.Compare(a.RSSI, b.RSSI))
		})
		c.add(measure{signal: "rssi_dbm", value: plantroom.Float(best.RSSI)})
		c.add(measure{signal: "snr_db", value: plantroom.Float(best.SNR)})
	}
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
	case ok && natives[name] == nil:
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "decoder %.40q is not known: use one of %s", name, strings.Join(Models(), ", "))
	case ok:
		measures, err := natives[name](frame{port: ev.FPort, data: ev.Data})
		if err != nil {
			err = plantroom.Errorf(plantroom.CodeInvalid, "%s: %w", name, err)
		}
		return measures, err
	case len(ev.Object) > 0 && string(ev.Object) != "null":
		return readObject(ev.Object)
	}
	return nil, plantroom.Errorf(plantroom.CodeInvalid, "no decoder: name one for %s or the profile %.60q under models", eui, ev.DeviceInfo.ProfileName)
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

// retransmission is how long a device may go on sending one frame.
const retransmission = 2 * time.Minute

// maxDevices bounds the histories; when they are full all are forgotten, which
// at worst lets a repeated frame through.
//
// Their number is that of the devices which a gateway serves at one source
// (binding.MaxDevices): addresses are not known here, and strangers count too.
const maxDevices = 20_000

// maxData is more than any frame holds: 242 bytes (LoRaWAN Regional
// Parameters RP002, the largest N of all regions).
const maxData = 255

// history is the last events of one device.
type history struct {
	events [8]heard
	next   int
}

// heard is what tells an event from its repetition. Texts and bytes are kept as
// hashes, so that an event of any length takes the same room.
type heard struct {
	id, kind, session, data uint64 // 0: none
	up                      bool
	port                    int
	counter                 uint32
	at                      plantroom.Instant
}

// hash is not 0 but for nothing.
func (d *decoder) hash(s string) uint64 {
	if s == "" {
		return 0
	}
	return maphash.String(d.seed, s) | 1
}

// Forget implements plantroom.Forgetter.
func (d *decoder) Forget() { clear(d.devices) }

// repeated reports whether the event was here before, and remembers it.
func (d *decoder) repeated(eui, kind string, ev *event, at plantroom.Instant) bool {
	h := d.devices[eui]
	if h == nil {
		if len(d.devices) >= maxDevices {
			clear(d.devices)
		}
		h = new(history)
		d.devices[eui] = h
	}
	now := heard{d.hash(ev.DeduplicationID), d.hash(kind), d.hash(ev.DevAddr), d.hash(string(ev.Data)), kind == "up", ev.FPort, ev.FCnt, at}
	if slices.ContainsFunc(h.events[:], now.repeats) {
		return true
	}
	h.events[h.next] = now
	h.next = (h.next + 1) % len(h.events)
	return false
}

func (e heard) repeats(old heard) bool {
	if e.kind != old.kind {
		return false
	}
	if e.id != 0 && e.id == old.id {
		return true
	}
	return e.up && e.session == old.session && e.counter == old.counter &&
		e.port == old.port && e.data == old.data && e.at.Sub(old.at).Abs() < retransmission
}
