// Package lorawan holds what the families of LoRaWAN network servers share:
// native decoders for device models (a file for each maker), which decoder or
// codec a frame is for, what may be taken from an object that the server has
// decoded itself, the best of a frame's receivers, and the account of each
// device's frames (which were here before, how many are missing). It knows no
// server's topics or JSON and no JavaScript. It is not a family of devices:
// chirpstack and thethings are.
//
// Sources: LoRaWAN 1.0.4 specification (LoRa Alliance TS001) for frame
// counters and device status; each device model's file for its payloads, and
// for what in them is not verified. What a device measures besides (ambient
// temperature, humidity, light) is skipped.
package lorawan

import (
	"encoding/hex"
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

// natives lists decoders by the name that the gateway's file uses; makers has
// the others.
var natives = map[string]native{
	"bosch-tpl110":        boschTPL110,
	"milesight-em300-di":  milesightEM300DI.decode,
	"milesight-em300-sld": milesightEM300SLD.decode,
	"milesight-em310-udl": milesightEM310UDL.decode,
	"nwave-nps405":        nwaveNPS405,
}

// Models lists the names of the native decoders, for the gateway's file.
func Models() []string {
	return slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(natives)), maps.Keys(makers))))
}

// Native makes samples of the bytes of one frame: which model sent them, and on
// which port. A sample it gives has no address; where its time is zero the
// frame's counts, and where its quality is Good the frame's does. What could be
// read stands, next to a CodeInvalid about the rest; CodeNotFound is for a
// model that is not known. The payload is not kept.
func Native(model string, port int, payload []byte) ([]plantroom.Sample, error) {
	decode := natives[model]
	if decode == nil {
		decode = makers[model]
	}
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

// EUI returns the address of a device, its DevEUI in lower case; ok is false
// for what is not 16 hexadecimal digits.
func EUI(text string) (address string, ok bool) {
	if len(text) != 16 {
		return "", false
	}
	var bytes [8]byte
	_, err := hex.Decode(bytes[:], []byte(text))
	return strings.ToLower(text), err == nil
}
