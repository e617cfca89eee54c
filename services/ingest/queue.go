package ingest

import "plantroom"

// chunk is the part of a parcel that waits to be written. When its last point
// is durable, the lane is stored up to upTo. A chunk may be without points: it
// then carries a declared gap, or records that were all set aside, in line.
type chunk struct {
	l    *lane
	upTo uint64
	p    *parcel
	next int // the first point of p that has not been taken
}

// queue holds points in memory, bounded in number, in the order in which
// their records were judged.
type queue struct {
	chunks []chunk
	points int
	max    int
}

func (q *queue) push(c chunk) {
	q.chunks = append(q.chunks, c)
	q.points += len(c.p.points) - c.next
}

// load is one write under way: points of one or more chunks.
type load struct {
	points   []plantroom.Point
	segments []segment
	ends     []chunk // the chunks whose last point is in this load
	busy     bool    // a write of it is under way
	written  bool
	refused  []plantroom.Refused
}

// segment says where n points of a load come from.
type segment struct {
	l    *lane
	p    *parcel
	from int
	n    int
}

// take moves up to limit points from the queue's head into a load; nil if the
// queue is empty.
func (q *queue) take(limit int) *load {
	if len(q.chunks) == 0 {
		return nil
	}
	ld := &load{points: make([]plantroom.Point, 0, min(limit, q.points))}
	used := 0
	for used < len(q.chunks) {
		c := &q.chunks[used]
		n := min(limit-len(ld.points), len(c.p.points)-c.next)
		if n > 0 {
			ld.points = append(ld.points, c.p.points[c.next:c.next+n]...)
			ld.segments = append(ld.segments, segment{c.l, c.p, c.next, n})
			c.next += n
		}
		if c.next < len(c.p.points) {
			break
		}
		ld.ends = append(ld.ends, *c)
		used++
	}
	q.points -= len(ld.points)
	rest := copy(q.chunks, q.chunks[used:])
	clear(q.chunks[rest:])
	q.chunks = q.chunks[:rest]
	return ld
}

// origin returns the lane, the parcel and the place in it of a load's point.
func (ld *load) origin(point int) (segment, int) {
	for _, s := range ld.segments {
		if point < s.n {
			return s, s.from + point
		}
		point -= s.n
	}
	panic("ingest: the writer refused a point that it was not given")
}
