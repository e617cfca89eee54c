package ingest

import (
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// parcel is one delivery, understood. Its slices hold what the records of a
// batch came to, in order; marks tell which record an element belongs to.
type parcel struct {
	gateway plantroom.GatewayID
	leaf    wire.Leaf              // Up or StateLeaf
	whole   *plantroom.Quarantined // the message as a whole cannot be used
	state   wire.State

	epoch, base, first uint64
	behind             time.Duration // by which the gateway's clock is wrong; 0: it is not
	marks              []mark
	readings           []plantroom.Reading
	points             []plantroom.Point
	aside              []plantroom.Quarantined
	gaps               []plantroom.Gap
	dropped            []uint64 // numbers whose records the gateway has dropped, ascending
}

// mark is how long the slices of a parcel were behind one of its records.
type mark struct{ readings, points, aside, gaps int32 }

// last returns the sequence number of the last record; first-1 if there is none.
func (p *parcel) last() uint64 { return p.first + uint64(len(p.marks)) - 1 }

// after returns the lengths behind record seq: where what is newer begins.
func (p *parcel) after(seq uint64) mark {
	if seq < p.first {
		return mark{}
	}
	return p.marks[min(seq, p.last())-p.first]
}

// droppedAfter makes one gap of the records behind seq that the gateway has
// dropped, and says how many they are; 0: none. Where they stand between others
// the gap is longer, and its reason says so: rows for single numbers would tell
// nobody more, and fill the store.
func (p *parcel) droppedAfter(seq uint64, now plantroom.Instant) (g plantroom.Gap, n uint64) {
	from, _ := slices.BinarySearch(p.dropped, seq+1)
	d := p.dropped[from:]
	if len(d) == 0 {
		return g, 0
	}
	g, n = plantroom.Gap{First: d[0], Last: d[len(d)-1], Reason: "dropped by the gateway to make room", At: now}, uint64(len(d))
	if all := g.Last - g.First + 1; n < all {
		g.Reason = fmt.Sprintf("%d of these %d were dropped by the gateway to make room", n, all)
	}
	return g, n
}

// seqOf returns the sequence number of the record that a point came from.
func (p *parcel) seqOf(point int) uint64 {
	n := sort.Search(len(p.marks), func(i int) bool { return int(p.marks[i].points) > point })
	return p.first + uint64(n)
}

var parcels = sync.Pool{New: func() any { return new(parcel) }}

func newParcel() *parcel { return parcels.Get().(*parcel) }

// free gives the parcel's memory back. Nothing may refer to it any more.
func (p *parcel) free() {
	clear(p.aside)
	*p = parcel{
		marks: p.marks[:0], readings: p.readings[:0], points: p.points[:0],
		aside: p.aside[:0], gaps: p.gaps[:0], dropped: p.dropped[:0],
	}
	parcels.Put(p)
}
