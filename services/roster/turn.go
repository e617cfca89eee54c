package roster

import (
	"time"

	"plantroom"
)

// The bounds of a rotation's turn. Longer turns are a shift.
const (
	MinTurn = time.Hour
	MaxTurn = 8 * 7 * day
)

// rotates reports whether a rotation can be followed; Lint says what is wrong
// with one that cannot.
func rotates(r *plantroom.Rotation) bool {
	return len(r.People) > 0 && time.Duration(r.Turn) >= MinTurn && time.Duration(r.Turn) <= MaxTurn
}

// handOver is the moment on the wall at which turn n begins; 0 is the first.
func handOver(r *plantroom.Rotation, n int64) wall {
	return wallOf(r.From, time.Duration(r.HandOver)) + wall(n)*wall(r.Turn)
}

// turnsAbout returns which turns may run at some instant from one to another:
// some more on both sides, and none before the first.
func turnsAbout(r *plantroom.Rotation, zone *time.Location, from, to plantroom.Instant) (first, last int64) {
	low, high := from.Time(), to.Time()
	least := min(offset(low.Add(-day), zone), offset(low, zone), offset(low.Add(day), zone))
	most := max(offset(high.Add(-day), zone), offset(high, zone), offset(high.Add(day), zone))
	begin := handOver(r, 0)
	first = int64((wall(from)+wall(least)-begin)/wall(r.Turn)) - 2 // division truncates towards zero
	last = int64((wall(to)+wall(most)-begin)/wall(r.Turn)) + 1
	return max(0, first), last
}

// turn returns when turn n begins and ends; both alike where nothing is left
// of it.
func turn(r *plantroom.Rotation, zone *time.Location, n int64) (from, to plantroom.Instant) {
	from, _ = handOver(r, n).instants(zone)
	_, to = handOver(r, n+1).instants(zone)
	if r.To != 0 {
		_, end := Moment(zone, r.To, time.Duration(r.HandOver))
		to = min(to, end)
	}
	return from, max(from, to)
}

// allDay reports whether the holder of a turn is on duty throughout.
func allDay(r *plantroom.Rotation) bool {
	return len(r.Hours.Days) == 0 && r.Hours.Start == r.Hours.End
}

// holding calls yield for each turn that runs at an instant: one, or two in an
// hour that is repeated.
func holding(r *plantroom.Rotation, zone *time.Location, at plantroom.Instant, yield func(person plantroom.PersonID, n int64)) {
	if !rotates(r) {
		return
	}
	if _, on := running(r.Hours, zone, at); !on && !allDay(r) {
		return
	}
	first, last := turnsAbout(r, zone, at, at)
	for n := first; n <= last; n++ {
		if from, to := turn(r, zone, n); from <= at && at < to {
			yield(r.People[n%int64(len(r.People))], n)
		}
	}
}
