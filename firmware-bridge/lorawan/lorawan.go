// Package lorawan holds native decoders for LoRaWAN devices: the bytes of a
// frame to samples, a file for each maker. It knows no network server's topics
// or JSON and runs no JavaScript codecs.
//
// Each decoder names the document that its layout comes from, and says what in
// it is not verified. What a device measures besides (ambient temperature,
// humidity, light) is skipped.
package lorawan

import (
	"maps"
	"slices"
	"strings"

	"plantroom"
)

// frame is the application payload of one uplink.
type frame struct {
	port int
	data []byte
}

// native decodes the frames of one device model. What it could read stands,
// next to an error about the rest.
type native func(frame) ([]plantroom.Sample, error)

// Models lists the names of the native decoders, for the gateway's file.
func Models() []string { return slices.Sorted(maps.Keys(makers)) }

// Native decodes a frame. A sample it gives has no address; where its time is
// zero the frame's counts, and where its quality is Good the frame's does. What
// could be read stands, next to a CodeInvalid about the rest; CodeNotFound is
// for a model that is not known.
func Native(model string, port int, payload []byte, _ plantroom.Instant) ([]plantroom.Sample, error) {
	decode := makers[model]
	if decode == nil {
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "decoder %.40q is not known: use one of %s", model, strings.Join(Models(), ", "))
	}
	samples, err := decode(frame{port: port, data: payload})
	if err != nil {
		err = plantroom.Errorf(plantroom.CodeInvalid, "%s: %w", model, err)
	}
	return samples, err
}

// need fails for a frame that is shorter than its port's layout.
func (f frame) need(n int) error {
	if len(f.data) < n {
		return plantroom.Errorf(plantroom.CodeInvalid, "frame of %d bytes on port %d: at least %d", len(f.data), f.port, n)
	}
	return nil
}
