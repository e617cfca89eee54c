package chirpstack

import (
	"maps"
	"slices"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/lorawan"
)

// frame is the application payload of one uplink.
type frame struct {
	port int
	data []byte
}

// native decodes the frames of one device model. What it could read stands,
// next to an error about the rest.
type native func(frame) ([]measure, error)

var natives = map[string]native{
	"bosch-tpl110":        boschTPL110,
	"milesight-em300-di":  milesightEM300DI.decode,
	"milesight-em300-sld": milesightEM300SLD.decode,
	"milesight-em310-udl": milesightEM310UDL.decode,
	"nwave-nps405":        nwaveNPS405,
}

// Models lists the names of the native decoders, for the gateway's file.
func Models() []string {
	return slices.Sorted(slices.Values(append(lorawan.Models(), slices.Collect(maps.Keys(natives))...)))
}

// decodeNative decodes a frame as the model does; CodeNotFound is for one that
// is not known.
func decodeNative(model string, f frame) ([]measure, error) {
	decode := natives[model]
	if decode == nil {
		samples, err := lorawan.Native(model, f.port, f.data, 0)
		if plantroom.CodeOf(err) == plantroom.CodeNotFound {
			err = plantroom.Errorf(plantroom.CodeNotFound, "decoder %.40q is not known: use one of %s", model, strings.Join(Models(), ", "))
		}
		measures := make([]measure, 0, len(samples))
		for _, s := range samples {
			measures = append(measures, measure{signal: s.Signal, value: s.Value, at: s.At, quality: s.Quality})
		}
		return measures, err
	}
	measures, err := decode(f)
	if err != nil {
		err = plantroom.Errorf(plantroom.CodeInvalid, "%s: %w", model, err)
	}
	return measures, err
}

// need fails for a frame that is shorter than its port's layout.
func (f frame) need(n int) error {
	if len(f.data) < n {
		return plantroom.Errorf(plantroom.CodeInvalid, "frame of %d bytes on port %d: at least %d", len(f.data), f.port, n)
	}
	return nil
}
