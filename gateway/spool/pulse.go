package spool

// Pulse tells a committer that works from one that hangs. Taken twice, the
// same Groups with Waiting and without Writing both times means that records
// have waited all the while and nobody took them: a fault of this program.
// Writing for long is a disk that does not answer, which a new process would
// not get an answer from either.
type Pulse struct {
	Groups  uint64 // groups that have been stored or have failed
	Waiting bool   // there are records that the committer has not taken yet
	Writing bool   // a group is on its way to the disk
}

// Pulse returns the present state. It waits for no disk: a call that does not
// return is a lock that nobody gives back.
func (s *Spool) Pulse() Pulse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Pulse{Groups: s.stats.Groups, Waiting: len(s.pending.lengths) > 0, Writing: s.flight > 0}
}
