package scenario

import (
	"fmt"
	"time"

	"plantroom"
)

// ReadingIs looks at what InfluxDB has of a device.
type ReadingIs struct {
	Device   plantroom.DeviceID `json:"device"`
	Signal   string             `json:"signal"`
	Value    plantroom.Value    `json:"value"`
	Times    *int               `json:"times"`    // exactly so many; nil: at least one
	Measured *Offset            `json:"measured"` // its own time, to the second
}

// met reports whether there are as many readings as wanted.
func (r *ReadingIs) met(p *play) bool {
	n := r.count(p)
	return r.Times == nil && n > 0 || r.Times != nil && n == *r.Times
}

func (r *ReadingIs) count(p *play) int {
	n := 0
	for k, v := range p.server.tsdb.points {
		if k.device == r.Device && k.signal == r.Signal && fits(r.Value, v) && r.timed(p.start, k.at) {
			n++
		}
	}
	return n
}

func (r *ReadingIs) timed(start, at plantroom.Instant) bool {
	if r.Measured == nil {
		return true
	}
	return at.Sub(start.Add(time.Duration(*r.Measured))).Abs() <= time.Second
}

// nearest says what there was instead: so many, or the newest of the signal.
func (r *ReadingIs) nearest(p *play) string {
	if n := r.count(p); n > 0 {
		return fmt.Sprintf("%d such readings", n)
	}
	var newest pointKey
	for k := range p.server.tsdb.points {
		if k.device == r.Device && k.signal == r.Signal && k.at > newest.at {
			newest = k
		}
	}
	if newest.at.IsZero() {
		return "no reading of the signal"
	}
	return fmt.Sprintf("none; the newest is %s, measured at %s", p.server.tsdb.points[newest],
		plantroom.Duration(newest.at.Sub(p.start).Round(time.Millisecond)))
}
