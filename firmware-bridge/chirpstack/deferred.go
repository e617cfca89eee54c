package chirpstack

import (
	"cmp"
	"slices"

	"plantroom"
)

// deferred leaves a payload to the codec for the device or, where nothing is
// named for the device itself, for its profile; nil: there is none.
func (d *decoder) deferred(ev *event, c *collector, now plantroom.Instant) *plantroom.Later {
	lane := c.address
	codec := d.codecs[lane]
	if _, native := d.models[lane]; codec == nil && !native {
		lane = ev.DeviceInfo.ProfileName
		codec = d.codecs[lane]
	}
	if codec == nil || ev.FPort < 1 || ev.FPort > 255 { // port 0 has MAC commands only
		return nil
	}
	found := collector{address: c.address, at: c.at, quality: c.quality}
	return &plantroom.Later{Lane: lane, Do: func() ([]plantroom.Sample, error) {
		samples, err := codec(now, found.at, uint8(ev.FPort), ev.Data)
		for _, s := range samples {
			found.add(measure{signal: s.Signal, value: s.Value, at: s.At, quality: s.Quality})
		}
		return found.samples, ev.fault(found.address, err)
	}}
}

// fault says which frame could not be understood.
func (ev *event) fault(eui string, err error) error {
	if err == nil {
		return nil
	}
	return plantroom.Errorf(plantroom.CodeInvalid, "chirpstack %s: port %d, frame %d: %w", eui, ev.FPort, ev.FCnt, err)
}

// link adds how well the best receiver heard the frame.
func (c *collector) link(receivers []rx) {
	if len(receivers) == 0 {
		return
	}
	best := slices.MaxFunc(receivers, func(a, b rx) int {
		return cmp.Or(cmp.Compare(a.SNR, b.SNR), cmp.Compare(a.RSSI, b.RSSI))
	})
	c.add(measure{signal: "rssi_dbm", value: plantroom.Float(best.RSSI)})
	c.add(measure{signal: "snr_db", value: plantroom.Float(best.SNR)})
}
