package gpioline

import (
	"encoding/binary"
	"time"
)

// Edge is one change of a line's level.
type Edge struct {
	At     time.Duration // on the kernel's monotonic clock
	Active bool          // the level after it, turned over for a line that is active low
	Number uint32        // counts from 1 for each time a line is opened, those that were dropped included; it wraps
}

// Buffered is how many edges the kernel is asked to keep for a line until they
// are read. It is the most that it gives for one (GPIO_V2_LINES_MAX × 16).
const Buffered = 1024

// eventSize is the size of struct gpio_v2_line_event.
const eventSize = 48

// parse appends the edges in what was read of a line to into. The kernel gives
// whole events only; a rest is left out, as is an event that is neither of the
// two that there are.
func parse(b []byte, into []Edge) []Edge {
	for ; len(b) >= eventSize; b = b[eventSize:] {
		id := binary.NativeEndian.Uint32(b[8:])
		if id != eventRising && id != eventFalling {
			continue
		}
		into = append(into, Edge{
			At:     time.Duration(binary.NativeEndian.Uint64(b)),
			Active: id == eventRising,
			Number: binary.NativeEndian.Uint32(b[20:]),
		})
	}
	return into
}

const (
	eventRising  = 1
	eventFalling = 2
)

// Chip is one GPIO chip and its lines.
type Chip struct {
	Name  string `json:"name"` // gpiochip0
	Label string `json:"label"`
	Lines []Info `json:"lines"`
}

// Info is one line, as the kernel tells of it to anybody.
type Info struct {
	Number   int    `json:"number"`
	Name     string `json:"name,omitempty"` // GPIO17
	Used     bool   `json:"used"`
	Consumer string `json:"consumer,omitempty"` // who uses it, where that has said its name
	Output   bool   `json:"output"`
}

// Options say how a line is set up.
type Options struct {
	Pull      string // up, down, none; "": as it is
	ActiveLow bool
}
