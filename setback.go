package plantroom

import "time"

// After a clock was set back, what waits by the time that it had shown is looked
// for again, because whoever took that time just before may commit just after.
const (
	setBackAgain = 5 * time.Second
	setBackFor   = time.Minute
)

// SetBack notices that the clock was set back, for a loop that looks after what
// others have left to wait until a time that will not come for as long as the clock
// was ahead. The zero SetBack is ready; it is for one goroutine.
type SetBack struct {
	last  Instant // of Looked; zero: never
	again Instant // when to look again; zero: not
	until Instant // how long to look again
}

// Due reports whether to look: the first time, because the clock may have been set
// right while nobody ran; when now is before what was seen; and every few seconds
// for a minute from then.
func (s *SetBack) Due(now Instant) bool {
	return s.last.IsZero() || now < s.last || !s.again.IsZero() && now >= s.again
}

// Looked says that the loop has gone round at now and has looked where it was Due.
// Where it could not, nothing is to be said, and it stays Due.
func (s *SetBack) Looked(now Instant) {
	if !s.last.IsZero() && now < s.last {
		s.again, s.until = now, now.Add(setBackFor)
	}
	if !s.again.IsZero() && now >= s.again {
		s.again = now.Add(setBackAgain)
		if s.again > s.until {
			s.again = 0
		}
	}
	s.last = now
}
