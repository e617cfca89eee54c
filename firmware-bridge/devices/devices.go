// Package devices is the one visible list of the device families that a
// gateway understands: name, default MQTT subscriptions, decoder. A family is
// a folder of firmware-bridge; a test fails for a folder that is not here. It
// decodes nothing itself and subscribes to nothing.
package devices

import (
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/chirpstack"
	"plantroom/firmware-bridge/plainjson"
	"plantroom/firmware-bridge/zigbee2mqtt"
)

// Options is what a gateway's file may say of a source. A family takes what
// it has a use for.
type Options struct {
	Prefix string                              // first level or levels of the topics; "": the family's usual one
	Zone   *time.Location                      // of devices that send local time without a zone; nil: UTC
	Models map[string]string                   // device address or device profile name → name of a native decoder
	Codecs map[string]plantroom.PayloadDecoder // the same → a decoder that the file brings along
}

// Family is one kind of devices, as a source in a gateway's file names it.
type Family struct {
	Name   string
	Topics func(Options) []string          // the MQTT subscriptions where the file gives none
	New    func(Options) plantroom.Decoder // a decoder with a state of its own
	Models func() []string                 // the native decoders that Options.Models may name; nil: none
	Codecs bool                            // it has a use for Options.Codecs
}

// Families lists all families by name.
func Families() []Family {
	return []Family{
		{
			Name:   "chirpstack",
			Topics: func(o Options) []string { return chirpstack.Topics(o.Prefix) },
			New: func(o Options) plantroom.Decoder {
				return chirpstack.New(chirpstack.Options{Prefix: o.Prefix, Models: o.Models, Codecs: o.Codecs})
			},
			Models: chirpstack.Models,
			Codecs: true,
		},
		{
			Name:   "plainjson",
			Topics: func(o Options) []string { return plainjson.Topics(o.Prefix) },
			New:    func(o Options) plantroom.Decoder { return plainjson.New(o.Prefix) },
		},
		{
			Name:   "zigbee2mqtt",
			Topics: func(o Options) []string { return zigbee2mqtt.Topics(o.Prefix) },
			New:    func(o Options) plantroom.Decoder { return zigbee2mqtt.New(o.Prefix) },
		},
	}
}

// ByName finds a family; CodeNotFound lists the names that exist.
func ByName(name string) (Family, error) {
	all := Families()
	i := slices.IndexFunc(all, func(f Family) bool { return f.Name == name })
	if i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return Family{}, plantroom.Errorf(plantroom.CodeNotFound, "device family %.40q is not known: use one of %s", name, strings.Join(names, ", "))
}
