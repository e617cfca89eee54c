package ingest

import (
	"time"

	"plantroom"
)

// apart is by how much the clock of a gateway may differ from the server's, and
// a batch be on its way, without the gateway's clock being taken for wrong.
const apart = time.Minute

// behind is by how much a gateway's clock is behind the server's, or ahead of
// it where it is negative; 0 where that is no more than usual.
func behind(sent, now plantroom.Instant) time.Duration {
	if d := now.Sub(sent); sent != 0 && d.Abs() > apart {
		return d
	}
	return 0
}

// placed is a reading as it is judged. A gateway whose clock was never set
// guesses its times, hours too early after a power cut: by such a time an order
// would be late before it is raised, and a proof that takes time would be given
// at once. But it guesses the time of sending by the same clock, so the distance
// of the two is true. The reading is stored under its own time, which is the
// same however often it is sent.
func (p *parcel) placed(rd plantroom.Reading, now plantroom.Instant) plantroom.Reading {
	if p.behind == 0 || rd.Quality != plantroom.EstimatedTime {
		return rd
	}
	if at := min(rd.At.Add(p.behind), now); at >= earliest {
		rd.At = at
	}
	return rd
}
