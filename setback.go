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
	steps uint64  // of Looked
	again Instant // when to look again; zero: not
	until Instant // how long to look again
}

// Due reports whether to look: the first time, because the clock may have been set
// right while nobody ran; when now is before what this loop has seen, or others have
// counted a step since; and every few seconds for a minute from then. steps is how
// often the clock was seen to be set back by anybody in this program, who may have
// taken a time that this loop never saw; 0 where nobody counts.
func (s *SetBack) Due(now Instant, steps uint64) bool {
	return s.last.IsZero() || s.stepped(now, steps) || !s.again.IsZero() && now >= s.again
}

func (s *SetBack) stepped(now Instant, steps uint64) bool {
	return now < s.last || steps != s.steps
}

// Looked says that the loop has gone round and has looked where it was Due; its
// arguments are those of Due. Where it could not, nothing is to be said, and it stays Due.
func (s *SetBack) Looked(now Instant, steps uint64) {
	if !s.last.IsZero() && s.stepped(now, steps) {
		s.again, s.until = now, now.Add(setBackFor)
	}
	if !s.again.IsZero() && now >= s.again {
		s.again = now.Add(setBackAgain)
		if s.again > s.until {
			s.again = 0
		}
	}
	s.last, s.steps = now, steps
}
