package scenario

import (
	"plantroom"
	"plantroom/gateway/clock"
)

// power is what the computer of a gateway knows of the time: it has no clock
// that runs without power.
type power struct {
	present func() plantroom.Instant // the true time
	boots   uint16
	on      plantroom.Instant // since when it has power
	found   plantroom.Instant // when NTP sets its clock
}

// kernel is what the computer says. Before NTP has set its clock, that shows
// 1970.
func (p *power) kernel() clock.Moment {
	now := p.present()
	m := clock.Moment{ID: clock.BootID{byte(p.boots >> 8), byte(p.boots)}, Wall: now, Boot: now.Sub(p.on), Synced: now >= p.found}
	if !m.Synced {
		m.Wall = plantroom.Instant(m.Boot)
	}
	return m
}

// heardAt tells when a true time was on the gateway's clock.
func (s *site) heardAt(at plantroom.Instant) plantroom.Instant {
	return s.clock.Now().Add(at.Sub(s.power.present()))
}

// look lets the gateway see whether its clock has been set.
func (s *site) look() {
	if !s.dark && s.clock.Stats().State == clock.None {
		s.clock.Look()
	}
}

// correct gives the records of a batch their times of day, and the performance
// the readings as they will be stored.
func (s *site) correct(first uint64, records [][]byte) ([][]byte, error) {
	n, err := s.clock.Correct(first, records)
	if err != nil {
		return nil, err
	}
	return records[:n], s.accepted.correct(accepted{s.id, s.spool.Epoch(), first}, records[:n])
}
