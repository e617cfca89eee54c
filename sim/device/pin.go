package device

import (
	"time"

	"periph.io/x/conn/v3/gpio"
)

// Contact is a dry contact between a pin and ground, or supply. It bounces for
// some milliseconds when it closes or opens.
type Contact struct {
	edges  []edge // by time, the first one long ago
	reader *Pin   // nil: nobody watches
}

type edge struct {
	at     time.Time
	closed bool
}

// bounceEvery is how long a bouncing contact stays on one side.
const bounceEvery = 3 * time.Millisecond

// NewContact makes one that is open.
func NewContact() *Contact { return &Contact{edges: []edge{{}}} }

// Set closes or opens the contact. It changes sides so many times more before
// it rests, 3 ms each: an even number.
func (c *Contact) Set(now time.Time, closed bool, bounces int) {
	c.edges = append(c.edges[:0:0], c.edges[len(c.edges)-1])
	for i := range bounces + 1 {
		c.edges = append(c.edges, edge{now.Add(time.Duration(i) * bounceEvery), closed == (i%2 == 0)})
	}
	if c.reader != nil {
		c.reader.turns.Wake(now)
	}
}

// closed is how the contact is at a time.
func (c *Contact) closed(at time.Time) bool {
	is := false
	for _, e := range c.edges {
		if !e.at.After(at) {
			is = e.closed
		}
	}
	return is
}

// next is the time of the first edge after a time, and false where there is
// none.
func (c *Contact) next(after time.Time) (time.Time, bool) {
	for _, e := range c.edges {
		if e.at.After(after) {
			return e.at, true
		}
	}
	return time.Time{}, false
}

// Pin is the gateway's pin at a contact, for a loop that is played in Turns.
type Pin struct {
	gpio.PinIO // what is not below is not played
	contact    *Contact
	activeLow  bool
	turns      *Turns
	seen       time.Time // up to when edges have been waited for
}

// Wire connects a contact with a pin; activeLow: to ground.
func (c *Contact) Wire(t *Turns, activeLow bool) *Pin {
	c.reader = &Pin{contact: c, activeLow: activeLow, turns: t, seen: t.Now()}
	return c.reader
}

// In sets the pin up.
func (p *Pin) In(gpio.Pull, gpio.Edge) error { return nil }

// Halt ends the waiting.
func (p *Pin) Halt() error { return nil }

// Read is the pin's level.
func (p *Pin) Read() gpio.Level {
	return gpio.Level(p.contact.closed(p.turns.Now()) != p.activeLow)
}

// WaitForEdge waits for an edge, also for one that came since the last wait.
func (p *Pin) WaitForEdge(timeout time.Duration) bool {
	until := p.turns.Now().Add(timeout)
	for {
		now := p.turns.Now()
		at, is := p.contact.next(p.seen)
		switch {
		case is && !at.After(now):
			p.seen = at
			return true
		case !now.Before(until) || p.turns.wait == nil:
			p.seen = now
			return false
		case is && at.Before(until):
			p.turns.wait(at)
		default:
			p.turns.wait(until)
		}
	}
}
