package rehearsal

import (
	"plantroom"
)

// Result is how the last test of a channel went that has an end.
type Result struct {
	Channel string
	At      plantroom.Instant // when it was made; zero: never yet, of the last two days
	Passed  bool
	Err     string // of the last try of one that has failed
}

// Results lists all channels that are tested, in the order of the file. While
// a test is under way, the one of the day before counts.
func (p *Plan) Results(tx plantroom.Tx, now plantroom.Instant) ([]Result, error) {
	out := make([]Result, len(p.estate.Tests))
	for i, t := range p.estate.Tests {
		out[i].Channel = t.Channel
		day, _ := p.latest(t, now)
		for _, d := range []plantroom.Date{day, day - 1} {
			c, there, err := find(tx, testID(t, d))
			if err != nil {
				return nil, err
			}
			if bad := there && failed(c, now); bad || there && c.State == plantroom.CallSent {
				out[i].At, out[i].Passed, out[i].Err = c.Created, !bad, c.LastErr
				break
			}
		}
	}
	return out, nil
}
