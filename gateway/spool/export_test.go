package spool

import "time"

// Unkept returns options under which only Keep writes segments again.
func Unkept(o Options) Options {
	o.unkept = true
	return o
}

// Keep makes room now, as if each sealed segment were old enough to be packed.
func (s *Spool) Keep() error {
	short := s.look()
	for s.makeRoom(time.Now().Add(time.Hour), short) {
		short = s.look()
	}
	return s.Stats().Room
}

// Pack is Keep while there is room enough.
func (s *Spool) Pack() error {
	for s.makeRoom(time.Now().Add(time.Hour), false) {
	}
	return s.Stats().Room
}
