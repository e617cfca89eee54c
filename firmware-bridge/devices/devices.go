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
	"plantroom/firmware-bridge/homeassistant"
	"plantroom/firmware-bridge/homie"
	"plantroom/firmware-bridge/lorawan"
	"plantroom/firmware-bridge/plainjson"
	"plantroom/firmware-bridge/shelly"
	"plantroom/firmware-bridge/sparkplug"
	"plantroom/firmware-bridge/tasmota"
	"plantroom/firmware-bridge/thethings"
	"plantroom/firmware-bridge/zigbee2mqtt"
)

// Options is what a gateway's file may say of a source. A family takes what
// it has a use for.
type Options struct {
	Prefix    string                              // first level or levels of the topics; "": the family's usual one
	FullTopic string                              // pattern of the topics, where devices let their users choose it; "": the family's usual one
	Zone      *time.Location                      // of devices that send local time without a zone; nil: UTC
	Models    map[string]string                   // device address, or what else its server calls it or its profile → what is special about it: the name of a native decoder
	Codecs    map[string]plantroom.PayloadDecoder // the keys of Models → a decoder that the file brings along
	Host      string                              // under which name a family that speaks is known; "": the family's usual one
}

// Family is one kind of devices, as a source in a gateway's file names it.
type Family struct {
	Name      string
	Topics    func(Options) []string          // the MQTT subscriptions where the file gives none
	New       func(Options) plantroom.Decoder // a decoder with a state of its own
	Models    func() []string                 // what Options.Models may say of a device; nil: nothing
	Codecs    bool                            // it has a use for Options.Codecs
	FullTopic func(string) error              // checks Options.FullTopic, which New and Topics take only so; nil: the family has none
	Host      bool                            // it speaks under Options.Host
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
			Models: lorawan.Models,
			Codecs: true,
		},
		{
			Name:   "homeassistant",
			Topics: func(o Options) []string { return homeassistant.Topics(homeassistant.Options{Prefix: o.Prefix}) },
			New: func(o Options) plantroom.Decoder {
				var split []string
				for identifier := range o.Models {
					split = append(split, identifier)
				}
				return homeassistant.New(homeassistant.Options{Prefix: o.Prefix, Split: split})
			},
			Models: func() []string { return []string{homeassistant.Split} },
		},
		{
			Name:   "homie",
			Topics: func(o Options) []string { return homie.Topics(o.Prefix) },
			New:    func(o Options) plantroom.Decoder { return homie.New(o.Prefix) },
		},
		{
			Name:   "plainjson",
			Topics: func(o Options) []string { return plainjson.Topics(o.Prefix) },
			New:    func(o Options) plantroom.Decoder { return plainjson.New(o.Prefix) },
		},
		{
			Name:   "shelly",
			Topics: func(o Options) []string { return shelly.Topics(o.Prefix) },
			New:    func(o Options) plantroom.Decoder { return shelly.New(o.Prefix) },
		},
		{
			Name:   "sparkplug",
			Topics: func(o Options) []string { return sparkplug.Topics(sparkplug.Options{Prefix: o.Prefix, Host: o.Host}) },
			New: func(o Options) plantroom.Decoder {
				return sparkplug.New(sparkplug.Options{Prefix: o.Prefix, Host: o.Host})
			},
			Host: true,
		},
		{
			Name:      "tasmota",
			Topics:    func(o Options) []string { return tasmota.Topics(tasmotaOptions(o)) },
			New:       func(o Options) plantroom.Decoder { return tasmota.New(tasmotaOptions(o)) },
			FullTopic: tasmota.Check,
		},
		{
			Name:   "thethings",
			Topics: func(o Options) []string { return thethings.Topics(o.Prefix) },
			New: func(o Options) plantroom.Decoder {
				return thethings.New(thethings.Options{Prefix: o.Prefix, Models: o.Models, Codecs: o.Codecs})
			},
			Models: lorawan.Models,
			Codecs: true,
		},
		{
			Name:   "zigbee2mqtt",
			Topics: func(o Options) []string { return zigbee2mqtt.Topics(o.Prefix) },
			New:    func(o Options) plantroom.Decoder { return zigbee2mqtt.New(o.Prefix) },
		},
	}
}

func tasmotaOptions(o Options) tasmota.Options {
	return tasmota.Options{Prefix: o.Prefix, FullTopic: o.FullTopic, Zone: o.Zone}
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
	err := plantroom.Errorf(plantroom.CodeNotFound, "device family %.40q is not known", name)
	err.Hint = "use one of " + strings.Join(names, ", ")
	return Family{}, err
}
