package clock

import (
	"time"

	"plantroom"
)

// BootID names one run of the machine, from its start to its end.
type BootID [16]byte

// Moment is what the machine says of the time.
type Moment struct {
	ID   BootID
	Wall plantroom.Instant // what the system's clock shows
	Boot time.Duration     // since the start of the machine, suspend included
	// Synced says that somebody keeps the system's clock right: NTP, or its like.
	Synced bool
	// Kept says that the machine has a clock that runs without power, and that
	// the system's clock was set from it.
	Kept bool
}

// zero is what the system's clock would have shown at the start of the
// machine. It changes only when the clock is stepped: NTP slews both alike.
func (m Moment) zero() plantroom.Instant { return m.Wall.Add(-m.Boot) }

// Kernel tells the moment.
type Kernel func() Moment
