package chirpstack

import (
	"maps"
	"slices"

	"plantroom"
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
func Models() []string { return slices.Sorted(maps.Keys(natives)) }

// need fails for a frame that is shorter than its port's layout.
func (f frame) need(n int) error {
	if len(f.data) < n {
		return plantroom.Errorf(plantroom.CodeInvalid, "frame of %d bytes on port %d: at least %d", len(f.data), f.port, n)
	}
	return nil
}
