package modbus

import (
	"errors"
	"time"

	"plantroom"
)

// State is what the health page shows of a link.
type State struct {
	Connected  bool              // the link is open
	Since      plantroom.Instant // of the present state
	Connects   uint64
	Requests   uint64 // questions asked
	Silent     uint64 // that nobody has answered
	Garbled    uint64 // whose answer had a bad checksum or length
	Exceptions uint64 // that a device has refused
	LastError  string // why the link is down
	Devices    []DeviceState
}

// DeviceState is one device on a link.
type DeviceState struct {
	Device    plantroom.DeviceID
	Unit      byte
	Silent    bool // it was asked, and does not answer
	LastError string
}

// State returns a snapshot.
func (p *Poller) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// publish changes the state. Snapshots share the list of devices, which is
// therefore made anew.
func (p *Poller) publish(change func(*State)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.state)
	p.state.Devices = make([]DeviceState, 0, len(p.units))
	for _, u := range p.units {
		d := DeviceState{Device: u.ID, Unit: u.Unit, Silent: u.known && !u.up}
		if u.err != nil {
			d.LastError = u.err.Error()
		}
		p.state.Devices = append(p.state.Devices, d)
	}
}

func (s *State) open(now time.Time) {
	s.Connected, s.Since, s.LastError = true, plantroom.At(now), ""
	s.Connects++
}

func (s *State) down(now time.Time, err error) {
	s.Connected, s.Since, s.LastError = false, plantroom.At(now), err.Error()
}

func (s *State) count(err error) {
	s.Requests++
	var e Exception
	switch {
	case errors.Is(err, ErrSilent):
		s.Silent++
	case errors.Is(err, ErrGarbled):
		s.Garbled++
	case errors.As(err, &e):
		s.Exceptions++
	}
}
