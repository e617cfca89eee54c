package scenario

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
)

// entry is something on the agenda of the performance.
type entry struct {
	at   plantroom.Instant
	ends bool // what an act took away comes back: before anything else of its moment
	says string
	do   func() error
}

// plan puts something on the agenda.
func (p *play) plan(at plantroom.Instant, do func() error) { p.enter(entry{at: at, do: do}) }

// later plans the end of what an act takes away.
func (p *play) later(d Offset, says string, do func() error) {
	p.enter(entry{at: p.now.Add(time.Duration(d)), ends: true, says: says, do: do})
}

func (p *play) enter(e entry) {
	p.agenda = append(p.agenda, e)
	slices.SortStableFunc(p.agenda, func(a, b entry) int {
		if c := cmp.Compare(a.at, b.at); c != 0 || a.ends == b.ends {
			return c
		}
		if a.ends {
			return -1
		}
		return 1
	})
}
