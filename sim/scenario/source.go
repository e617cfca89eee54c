package scenario

import (
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/codec/engine"
	"plantroom/firmware-bridge/devices"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
)

// source is one MQTT source of a gateway's file, on a connection that never
// breaks by itself.
type source struct {
	name    string
	topics  []string
	decoder plantroom.Decoder
	intake  *intake.Intake
	speaker plantroom.Speaker // nil: it only listens
	next    plantroom.Instant // of the speaker's turn; zero: none
}

func newSource(c config.Source, spool intake.Spool) (*source, error) {
	family, err := devices.ByName(c.Family)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	binder, err := binding.New(c.Devices, c.Ignore)
	if err != nil {
		return nil, err
	}
	o := devices.Options{Prefix: c.Prefix, FullTopic: c.FullTopic, Zone: zone, Models: c.Models, Codecs: codecs(c.Codecs), Host: c.Host}
	s := &source{name: c.Name, topics: c.Topics, decoder: family.New(o), intake: intake.New(spool, binder)}
	if len(s.topics) == 0 {
		s.topics = family.Topics(o)
	}
	s.speaker, _ = s.decoder.(plantroom.Speaker)
	return s, nil
}

// codecs makes the payload decoders that a source's section brings along. They
// run within the engine's limits only, not in a process that can be killed: a
// scenario's codecs are its author's own choice.
func codecs(section map[string]*config.Codec) map[string]plantroom.PayloadDecoder {
	out, run := make(map[string]plantroom.PayloadDecoder, len(section)), engine.Here()
	for key, c := range section {
		out[key] = codec.New(c.Program, c.Map, run).Decode
	}
	return out
}

// listens reports whether the source has subscribed to a topic.
func (s *source) listens(topic string) bool { return subscribed(s.topics, topic) }

// subscribed reports whether one of some filters covers a topic.
func subscribed(filters []string, topic string) bool {
	for _, filter := range filters {
		if within(strings.Split(filter, "/"), strings.Split(topic, "/")) {
			return true
		}
	}
	return false
}

// within matches the levels of a topic with those of an MQTT filter.
func within(filter, topic []string) bool {
	for i, level := range filter {
		switch {
		case level == "#":
			return true
		case i >= len(topic), level != "+" && level != topic[i]:
			return false
		}
	}
	return len(filter) == len(topic)
}

// hear takes a message.
func (s *source) hear(m plantroom.Message, taken receipts) {
	samples, why := s.decoder.Decode(m)
	s.intake.Take(m, samples, why, taken())
	s.turn(m.Received, false, taken)
}

// turn gives a speaker its turn. What it says is heard by nobody; what it asks
// for is subscribed.
func (s *source) turn(now plantroom.Instant, connected bool, taken receipts) {
	if s.speaker == nil {
		return
	}
	t := s.speaker.Turn(now, connected)
	s.next = t.Next
	s.topics = append(slices.DeleteFunc(s.topics, func(topic string) bool { return slices.Contains(t.Unsubscribe, topic) }), t.Subscribe...)
	if len(t.Samples) > 0 || t.Err != nil {
		s.intake.Take(plantroom.Message{Topic: s.name, Received: now}, t.Samples, t.Err, taken())
	}
}
