package app

import (
	"sync"

	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/spool"
)

// gate makes the way of one source into the spool. Where the file has streams
// it says with each reading what may become of it.
func (a *App) gate(source string) intake.Spool {
	if len(a.streams) == 0 {
		return a.spool
	}
	return &sorter{spool: a.spool, source: source, streams: a.streams, known: map[string]bool{}}
}

// sorter is a door that knows the streams. What is not a reading is kept: a
// reject or a gap says that something went wrong.
type sorter struct {
	spool   *spool.Spool
	source  string
	streams []config.Stream

	mu    sync.Mutex
	known map[string]bool // by device and signal: whether it may be dropped
	key   []byte
}

// maxKnown bounds known: the devices of a binder have fewer signals, and who
// goes beyond makes the table begin anew.
const maxKnown = 1 << 16

// Submit hands a record on.
func (s *sorter) Submit(rec []byte, done func(seq uint64, err error)) error {
	if device, signal, ok := wire.Peek(rec); ok && s.spare(device, signal) {
		return s.spool.SubmitSpare(rec, done)
	}
	return s.spool.Submit(rec, done)
}

func (s *sorter) spare(device, signal []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = append(append(append(s.key[:0], device...), 0), signal...)
	may, ok := s.known[string(s.key)]
	if !ok {
		if len(s.known) >= maxKnown {
			clear(s.known)
		}
		may = policy(s.streams, s.source, string(device), string(signal)) == config.DropOldest
		s.known[string(s.key)] = may
	}
	return may
}

// policy is that of the first stream that fits.
func policy(streams []config.Stream, source, device, signal string) config.Policy {
	fits := func(glob, name string) bool { return glob == "" || binding.Match(glob, name) }
	for _, s := range streams {
		if fits(s.Source, source) && fits(s.Device, device) && fits(s.Signal, signal) {
			return s.Policy
		}
	}
	return config.Refuse
}

// reserve is what the file says is left of the disk.
func reserve(c config.Spool) int64 {
	if c.Reserve == 0 {
		return config.DefaultReserve
	}
	return int64(c.Reserve)
}
