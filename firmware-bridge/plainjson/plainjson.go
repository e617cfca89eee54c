// Package plainjson understands the plain JSON that home-made and bridged
// devices can send without any codec:
//
//	topic    plantroom-device/{address}
//	payload  {"t":"2026-03-02T08:00:00+08:00","q":"suspect","v":{"distance_m":0.82,"state":"dry","occupied":true}}
//
// v holds 1 to 64 signals by name; a value is a number, a string or
// true/false. t, the time of the values, is RFC 3339 text or a whole number of
// milliseconds since 1970; without it the time of receipt counts. q is the
// name of a plantroom.Quality; without it the values are good.
//
// It is strict: an unknown or repeated key, a null, and any other shape is an
// error, and then nothing of the message is used. It does not know which
// signals exist: that is for whoever judges the readings.
//
// The format is Plantroom's own. The scanner is written out because this
// family carries bridged installations with tens of thousands of messages a
// second, and because encoding/json accepts repeated keys and keys in the wrong
// case.
package plainjson

import (
	"strings"

	"plantroom"
)

// DefaultPrefix is the first level of the topics.
const DefaultPrefix = "plantroom-device"

const (
	maxPayload = 64 << 10 // bytes
	maxSignals = 64
	maxAddress = 256 // bytes
	maxState   = 128 // a string value, in bytes: what the wire carries
)

// Topics gives the subscription for a prefix; "" is DefaultPrefix.
func Topics(prefix string) []string { return []string{base(prefix) + "+"} }

// New makes a decoder for a prefix; "" is DefaultPrefix. A retained message
// without a time gets quality EstimatedTime.
func New(prefix string) plantroom.Decoder { return decoder{base: base(prefix)} }

func base(prefix string) string {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	return strings.TrimSuffix(prefix, "/") + "/"
}

type decoder struct{ base string }

// Decode implements plantroom.Decoder.
func (d decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	address, ok := strings.CutPrefix(m.Topic, d.base)
	if !ok || address == "" || len(address) > maxAddress || strings.Contains(address, "/") || len(m.Payload) == 0 {
		return nil, nil
	}
	if len(m.Payload) > maxPayload {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "plainjson %s: payload of %d bytes, at most %d", address, len(m.Payload), maxPayload)
	}
	s := scanner{b: m.Payload}
	msg := s.message()
	if s.err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "plainjson %s: byte %d: %w", address, s.at, s.err)
	}
	if !msg.timed {
		msg.at = m.Received
		if m.Retained && msg.quality == plantroom.Good {
			msg.quality = plantroom.EstimatedTime
		}
	}
	for i := range msg.samples {
		v := &msg.samples[i]
		v.Address, v.At, v.Quality = address, msg.at, msg.quality
	}
	return msg.samples, nil
}
