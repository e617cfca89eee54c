package config

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/gateway/spool"
)

// DefaultReserve is how much of the spool's disk is left to others: room for
// some segments of the default size to be written again, and for a log.
const DefaultReserve = 64 << 20

// Spool says where readings wait.
type Spool struct {
	Dir     string             `json:"dir"`
	Max     Size               `json:"max,omitempty"`
	Reserve Size               `json:"reserve,omitempty"`
	Linger  plantroom.Duration `json:"linger,omitempty"`
	Streams []Stream           `json:"streams,omitempty"` // the first that fits counts
}

// Stream is a class of readings, and what becomes of them when room is short.
// A glob that is left out fits everything.
type Stream struct {
	Source string `json:"source,omitempty"` // as the health page names it: source/zigbee, pin/b1-l1-fault
	Device string `json:"device,omitempty"`
	Signal string `json:"signal,omitempty"` // its name here, behind the map
	Policy Policy `json:"policy"`
}

// Policy says what becomes of readings when room is short.
type Policy string

// The policies. Refuse is that of readings for which the file has none.
const (
	Refuse     Policy = "refuse"      // new ones are not taken; brokers keep QoS 1 messages
	DropOldest Policy = "drop-oldest" // the oldest make room for new ones, and are declared lost
)

// spool checks the section of the spool.
func (k *checker) spool(c Spool) {
	if d := time.Duration(c.Linger); d > spool.MaxLinger {
		k.fault("/spool/linger", d.String()+" is too long", "use at most "+spool.MaxLinger.String())
	}
	if c.Max != 0 && c.Max < 1<<20 {
		k.fault("/spool/max", "it leaves no room to work", "use at least 1MiB")
	}
	for i, s := range c.Streams {
		if s.Source+s.Device+s.Signal == "" && i+1 < len(c.Streams) {
			k.fault(fmt.Sprintf("/spool/streams/%d", i), "it fits every reading, so that those below it never count", "name a source, device or signal, or put it last")
		}
	}
}
