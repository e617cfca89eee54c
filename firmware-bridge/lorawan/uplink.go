package lorawan

import (
	"encoding/json"

	"plantroom"
)

// Uplink is one frame, as either network server tells of it.
type Uplink struct {
	Address   string          // of the device: its DevEUI, or what the server calls it
	Also      string          // another name to look for among models: the device profile's; "": none
	Port      int             // 0: MAC commands only
	Payload   []byte          // the application payload, decrypted
	Object    json.RawMessage // what the server's own codec made of it; nil: nothing
	Receivers Receivers
	At        plantroom.Instant // when the server got it
}

// Payloads turns frames into samples.
type Payloads struct {
	models map[string]string
	codecs map[string]plantroom.PayloadDecoder
}

// NewPayloads makes a Payloads. Models gives, for a device's address or what
// else it is called, the name of a native decoder; codecs gives, for the same,
// a decoder that takes its time.
func NewPayloads(models map[string]string, codecs map[string]plantroom.PayloadDecoder) *Payloads {
	return &Payloads{models: folded(models), codecs: folded(codecs)}
}

// folded writes the DevEUIs among the keys as addresses.
func folded[V any](m map[string]V) map[string]V {
	out := make(map[string]V, len(m))
	for key, v := range m {
		if eui, ok := EUI(key); ok {
			key = eui
		}
		out[key] = v
	}
	return out
}

// Samples gives what the device has sent, and how well it was heard. Where the
// payload cannot be understood, the latter is given all the same, with an
// error that says why: the device is alive. What a codec makes of the payload
// is left for later, in a lane for each codec; now is when the message came.
// The samples, and those of later, still lack a Stamp.
func (p *Payloads) Samples(u *Uplink, now plantroom.Instant) (samples []plantroom.Sample, later *plantroom.Later, err error) {
	key := p.named(u)
	if codec := p.codecs[key]; codec != nil && u.Port >= 1 && u.Port <= 255 {
		port, payload, at := uint8(u.Port), u.Payload, u.At
		later = &plantroom.Later{Lane: key, Do: func() ([]plantroom.Sample, error) { return codec(now, at, port, payload) }}
	} else {
		samples, err = p.payload(u, key)
	}
	if u.Receivers.Heard {
		samples = append(samples,
			plantroom.Sample{Signal: "rssi_dbm", Value: plantroom.Float(u.Receivers.RSSI)},
			plantroom.Sample{Signal: "snr_db", Value: plantroom.Float(u.Receivers.SNR)})
	}
	return samples, later, err
}

// named gives the key under which the gateway's file names a decoder or a
// codec for the device: its address, or else what it is called besides; "":
// neither is there.
func (p *Payloads) named(u *Uplink) string {
	for _, key := range [2]string{u.Address, u.Also} {
		if _, native := p.models[key]; key != "" && (native || p.codecs[key] != nil) {
			return key
		}
	}
	return ""
}

// Then makes a Later whose result goes through finish; nil stays nil.
func Then(l *plantroom.Later, finish func([]plantroom.Sample, error) ([]plantroom.Sample, error)) *plantroom.Later {
	if l == nil {
		return nil
	}
	return &plantroom.Later{Lane: l.Lane, Do: func() ([]plantroom.Sample, error) { return finish(l.Do()) }}
}

// AtOnce does what was left for later, too: it makes a Decode of a Begin.
func AtOnce(samples []plantroom.Sample, later *plantroom.Later, err error) ([]plantroom.Sample, error) {
	if later == nil {
		return samples, err
	}
	more, fault := later.Do()
	if err == nil {
		err = fault
	}
	return append(samples, more...), err
}

// Stamp gives samples that have none yet their address, time and quality.
func Stamp(samples []plantroom.Sample, address string, at plantroom.Instant, q plantroom.Quality) {
	for i := range samples {
		s := &samples[i]
		s.Address = address
		if s.At.IsZero() {
			s.At = at
		}
		// A simulated frame stays one, whatever its decoder says of a value.
		if s.Quality == plantroom.Good || q == plantroom.Simulated {
			s.Quality = q
		}
	}
}

// payload takes the native decoder that the gateway's file names under key.
// Where it names none, only an object's fields that have the very name of a
// signal are taken: a codec calls things by any name and in any unit, and
// nothing is guessed.
func (p *Payloads) payload(u *Uplink, key string) ([]plantroom.Sample, error) {
	model, named := p.models[key]
	switch {
	case u.Port == 0:
		return nil, nil
	case p.codecs[key] != nil:
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "port %d is none: 0 to 255", u.Port)
	case named:
		return Native(model, u.Port, u.Payload)
	case len(u.Object) > 0 && string(u.Object) != "null":
		return readObject(u.Object)
	}
	if u.Also != "" && u.Also != u.Address {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "no decoder: name one for %s or %.60q under models or codecs", u.Address, u.Also)
	}
	return nil, plantroom.Errorf(plantroom.CodeInvalid, "no decoder: name one for %s under models or codecs", u.Address)
}
