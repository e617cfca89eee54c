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
func (l *Link) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// publish changes the state. Snapshots share the list of devices, which is
// therefore made anew.
func (l *Link) publish(change func(*State)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.state)
	l.state.Devices = make([]DeviceState, 0, len(l.units))
	for _, u := range l.units {
		d := DeviceState{Device: u.ID, Unit: u.Unit, Silent: u.known && !u.up}
		if u.err != nil {
			d.LastError = u.err.Error()
		}
		l.state.Devices = append(l.state.Devices, d)
	}
}

func (s *State) open() {
	s.Connected, s.Since, s.LastError = true, plantroom.At(time.Now()), ""
	s.Connects++
}

func (s *State) down(err error) {
	s.Connected, s.Since, s.LastError = false, plantroom.At(time.Now()), err.Error()
}

func (s *State) count(err error) {
	s.Requests++
	var e Exception
	switch {
	case errors.Is(err, errSilent):
		s.Silent++
	case errors.Is(err, errGarbled):
		s.Garbled++
	case errors.As(err, &e):
		s.Exceptions++
	}
}
