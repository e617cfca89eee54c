package ingest

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
)

// position is how far one spool has been heard: stored ≤ queued ≤ seen.
type position struct {
	seen   uint64 // judged, and the consequences committed
	queued uint64 // on the way to the time-series database, or there
	stored uint64 // there, and that has been committed
	high   uint64 // offered ahead of its turn, and ignored
	heard  plantroom.Instant
	latest []byte // Progress.Latest
}

// lane is one spool of one gateway: its position as committed, and what is
// known of the records that the gateway has to send again.
type lane struct {
	gateway plantroom.GatewayID
	epoch   uint64
	position

	next  position // what the transaction under way will make of it
	round uint64   // the transaction that next belongs to

	askAt    plantroom.Instant // when the gateway is asked to send again; zero: nothing is missing
	patience time.Duration     // until it is asked once more
}

// How long a gateway may take to fill a hole by itself, and how often it is
// asked for what is missing while nothing of it comes.
const (
	firstAsk  = 2 * time.Second
	nextAsk   = 10 * time.Second
	rarestAsk = time.Minute
	askWithin = time.Hour // of the last sign of life of that spool
)

// missing reports whether records that the gateway has moved past are not here.
func (l *lane) missing() bool { return l.queued < l.seen || l.high > l.seen }

// step is what one parcel does to its lane.
type step struct {
	p     *parcel
	l     *lane // nil: the message as a whole is set aside
	gap   plantroom.Gap
	spare plantroom.Gap // records that the gateway has dropped, and that were not declared so
	lost  uint64        // how many they are
	fresh bool          // it has records that have not been judged
	from  mark          // where they begin
	early bool          // it is ahead of its turn
	upTo  uint64        // the queue takes the parcel's points up to here; 0: nothing to queue
	skip  int           // points of the parcel that are not queued, because they were before or find no room
	drop  int           // of these: those that find no room
	known bool          // the message was set aside already
}

// plan works out the step of a batch and moves l.next.
func (l *lane) plan(p *parcel, now plantroom.Instant, room bool) step {
	s, c := step{p: p, l: l, skip: len(p.points)}, &l.next
	c.heard = max(c.heard, now)
	queued := c.queued
	if p.base > c.queued+1 {
		s.gap = plantroom.Gap{First: c.queued + 1, Last: p.base - 1, Reason: c.gapReason(), At: now}
		c.queued = p.base - 1
		c.seen = max(c.seen, c.queued)
	}
	switch last := p.last(); {
	case len(p.marks) == 0:
	case p.first > c.seen+1:
		s.early = true
		c.high = max(c.high, last)
	default:
		seen, before := c.seen, c.queued
		if last > c.seen {
			s.fresh, s.from = true, p.after(c.seen)
			c.seen = last
		}
		l.planQueue(&s, room)
		if c.queued > before { // what was judged may have been dropped before it was stored
			seen = min(seen, before)
		}
		if s.fresh || c.queued > before {
			s.spare, s.lost = p.droppedAfter(seen, now)
		}
	}
	if c.queued > queued {
		s.upTo = c.queued
	}
	return s
}

// planQueue decides whether the points of a batch can follow those that are
// queued already.
func (l *lane) planQueue(s *step, room bool) {
	c, last := &l.next, s.p.last()
	if last <= c.queued {
		return
	}
	had := int(s.p.after(c.queued).points)
	if !room || s.p.first > c.queued+1 {
		s.drop = len(s.p.points) - had
		return
	}
	s.skip, c.queued = had, last
}

func (c *position) gapReason() string {
	if c.queued < c.seen {
		return "judged, but lost by the gateway before they were stored"
	}
	return "the gateway no longer holds them"
}

// ask decides at now whether the gateway is asked to send again. ready says
// whether the queue would take it.
func (l *lane) ask(now plantroom.Instant, ready bool) bool {
	hole := l.high > l.seen
	switch {
	case !l.missing():
		l.askAt = 0
	case l.askAt.IsZero():
		l.askAt, l.patience = now.Add(firstAsk), nextAsk
	case now < l.askAt, !hole && !ready, now.Sub(l.heard) > askWithin:
	default:
		l.askAt, l.patience = now.Add(l.patience), min(2*l.patience, rarestAsk)
		l.high = l.seen
		return true
	}
	return false
}

// coming reports whether the transaction under way brings some of what is
// missing. News is none of it: a gateway that has much to tell and was not
// asked would never be.
func (l *lane) coming() bool {
	if l.queued < l.seen {
		return l.next.queued > l.queued
	}
	return l.next.seen > l.seen
}

// moved puts off the next request, because what was missing is coming.
func (l *lane) moved(now plantroom.Instant) {
	if !l.askAt.IsZero() {
		l.askAt, l.patience = now.Add(nextAsk), nextAsk
	}
}

// row is the lane's progress as the transaction under way leaves it.
func (l *lane) row() plantroom.Progress {
	return plantroom.Progress{
		Gateway: l.gateway, Epoch: l.epoch, Seen: l.next.seen, Stored: l.next.stored,
		Heard: l.next.heard, Latest: l.next.latest,
	}
}

func (l *lane) ack(rewind bool) GatewayAck {
	return GatewayAck{l.gateway, Ack{Epoch: l.epoch, Stored: l.stored, Seen: l.seen, Rewind: rewind}}
}

// maxSpools bounds the spools of one gateway. A gateway starts a new one when
// its disk is replaced; one that invents them must not fill our memory.
const maxSpools = 1024

type laneKey struct {
	gateway plantroom.GatewayID
	epoch   uint64
}

// lanes are all spools ever heard, in a fixed order.
type lanes struct {
	byKey   map[laneKey]*lane
	ordered []*lane
	spools  map[plantroom.GatewayID]int
}

func newLanes() lanes {
	return lanes{byKey: make(map[laneKey]*lane), spools: make(map[plantroom.GatewayID]int)}
}

// restore takes over what the store holds.
func (s *lanes) restore(rows []plantroom.Progress) {
	slices.SortFunc(rows, func(a, b plantroom.Progress) int {
		return cmp.Or(cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.Epoch, b.Epoch))
	})
	for _, p := range rows {
		l := s.add(laneKey{p.Gateway, p.Epoch})
		l.position = position{
			seen: p.Seen, queued: p.Stored, stored: p.Stored, high: p.Seen, heard: p.Heard, latest: p.Latest,
		}
	}
}

// of returns the lane of a spool; a new one where it was never heard, and nil
// where the gateway has had too many.
func (s *lanes) of(gw plantroom.GatewayID, epoch uint64) *lane {
	key := laneKey{gw, epoch}
	if l, ok := s.byKey[key]; ok {
		return l
	}
	if s.spools[gw] >= maxSpools {
		return nil
	}
	return s.add(key)
}

func (s *lanes) add(key laneKey) *lane {
	l := &lane{gateway: key.gateway, epoch: key.epoch}
	s.byKey[key] = l
	s.ordered = append(s.ordered, l)
	s.spools[key.gateway]++
	return l
}
