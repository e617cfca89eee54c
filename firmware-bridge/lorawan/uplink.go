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
	decode Decode
}

// NewPayloads makes a Payloads. Models gives, for a device's address or
// what else it is called, the name that decode knows; a nil decode is Native.
func NewPayloads(models map[string]string, decode Decode) *Payloads {
	p := &Payloads{models: make(map[string]string, len(models)), decode: decode}
	if decode == nil {
		p.decode = Native
	}
	for key, model := range models {
		if eui, ok := EUI(key); ok {
			key = eui
		}
		p.models[key] = model
	}
	return p
}

// Samples gives what the device has sent, and how well it was heard. Where the
// payload cannot be understood, the latter is given all the same, with an
// error that says why: the device is alive. The samples still lack a Stamp.
func (p *Payloads) Samples(u *Uplink) ([]plantroom.Sample, error) {
	samples, err := p.payload(u)
	if u.Receivers.Heard {
		samples = append(samples,
			plantroom.Sample{Signal: "rssi_dbm", Value: plantroom.Float(u.Receivers.RSSI)},
			plantroom.Sample{Signal: "snr_db", Value: plantroom.Float(u.Receivers.SNR)})
	}
	return samples, err
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

// payload takes the decoder that the gateway's file names. Where it names
// none, only an object's fields that have the very name of a signal are taken:
// a codec calls things by any name and in any unit, and nothing is guessed.
func (p *Payloads) payload(u *Uplink) ([]plantroom.Sample, error) {
	model, named := p.models[u.Address]
	if !named && u.Also != "" {
		model, named = p.models[u.Also]
	}
	switch {
	case u.Port == 0:
		return nil, nil
	case named:
		return p.decode(model, u.Port, u.Payload, u.At)
	case len(u.Object) > 0 && string(u.Object) != "null":
		return readObject(u.Object)
	}
	if u.Also != "" && u.Also != u.Address {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "no decoder: name one for %s or %.60q under models", u.Address, u.Also)
	}
	return nil, plantroom.Errorf(plantroom.CodeInvalid, "no decoder: name one for %s under models", u.Address)
}
