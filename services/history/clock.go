package history

import (
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// Kinds lists the clocks, of which an order has one each at most. Their places
// are kept in files.
var Kinds = []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore}

const kinds = 4

// clockStates in files: new ones go to the end.
var clockStates = []plantroom.ClockState{"", plantroom.ClockWaiting, plantroom.ClockRunning, plantroom.ClockPaused, plantroom.ClockMet, plantroom.ClockBreached, plantroom.ClockVoid}

// clockBits says how an order's clocks stand: of each kind four bits, three for its
// state (0: the order has none) and one that it was stopped.
type clockBits uint16

func (b clockBits) state(kind int) plantroom.ClockState {
	return clockStates[b>>(4*kind)&7]
}

func (b clockBits) stopped(kind int) bool { return b>>(4*kind)&8 != 0 }

// breached counts the clocks that are.
func (b clockBits) breached() (n int) {
	for k := range kinds {
		if b.state(k) == plantroom.ClockBreached {
			n++
		}
	}
	return n
}

// valid reports whether each state is one that there is.
func (b clockBits) valid() bool {
	for k := range kinds {
		if int(b>>(4*k)&7) >= len(clockStates) {
			return false
		}
	}
	return true
}

// times fills in what a row tells of its clocks. The worst one is that of which
// the most was used among those that count no more.
func (r *orderRow) times(o *plantroom.WorkOrder) error {
	for i := range o.Clocks {
		c := &o.Clocks[i]
		kind, state := slices.Index(Kinds, c.Kind), slices.Index(clockStates, c.State)
		if kind < 0 || state <= 0 {
			return plantroom.Errorf(plantroom.CodeInvalid, "take order %s over into the history: its clock %.40q (%.40q) is not known", o.ID, c.Kind, c.State)
		}
		bits := clockBits(state)
		if !c.Stopped.IsZero() && c.State != plantroom.ClockVoid {
			bits |= 8
			r.took[kind] = float32(c.Took().Seconds())
			if used := float32(sla.Used(c, o.Pauses, c.Stopped)); r.worst == 0 || used > r.used {
				r.worst, r.used, r.due = uint8(kind+1), used, c.Due
			}
		}
		r.clocks = r.clocks&^(15<<(4*kind)) | bits<<(4*kind)
	}
	return nil
}

// plainClock is one that counts around the clock, over whole seconds, and neither
// pauses nor ever went on after a repair: its marks follow from its start. There may be
// millions of them, and a plantroom.Clock takes twenty times as much.
type plainClock struct {
	started     plantroom.Instant // zero: it waits
	window      uint32            // seconds
	kind, state uint8             // places in Kinds and clockStates
}

// clock is as much of the clock as sla.Used looks at.
func (p plainClock) clock() plantroom.Clock {
	c := plantroom.Clock{Kind: Kinds[p.kind], State: plantroom.ClockWaiting, Window: plantroom.Duration(time.Duration(p.window) * time.Second)}
	if !p.started.IsZero() {
		sla.Start(&c, p.started, nil)
	}
	c.State = clockStates[p.state]
	return c
}

// plain reports whether a clock is one.
func plain(c *plantroom.Clock) (plainClock, bool) {
	seconds := time.Duration(c.Window) / time.Second
	p := plainClock{c.Started, uint32(seconds), uint8(slices.Index(Kinds, c.Kind)), uint8(slices.Index(clockStates, c.State))}
	as := p.clock()
	return p, c.Window == as.Window && c.Half == as.Half && c.Most == as.Most && c.Due == as.Due && c.Paused.IsZero() && c.Resumed.IsZero() && c.Stopped.IsZero()
}

// running is what is needed of an order with a clock that counts and is not plain.
type running struct {
	clocks []plantroom.Clock
	pauses []plantroom.Pause
}

// keepClocks keeps the clocks of an order that count. Its kinds and states are known
// to be good.
func (t *Table) keepClocks(n uint32, o *plantroom.WorkOrder) {
	delete(t.plain, n)
	delete(t.live, n)
	var all []plainClock
	odd := len(o.Pauses) > 0
	for i := range o.Clocks {
		if c := &o.Clocks[i]; c.Open() {
			p, is := plain(c)
			all, odd = append(all, p), odd || !is
		}
	}
	switch {
	case len(all) == 0:
	case !odd:
		t.plain[n] = slices.Clip(all)
	default:
		r := running{pauses: slices.Clone(o.Pauses)}
		for i := range o.Clocks {
			if o.Clocks[i].Open() {
				r.clocks = append(r.clocks, o.Clocks[i])
			}
		}
		t.live[n] = r
	}
}

// counting lists the clocks of an order that count, and its pauses.
func (t *Table) counting(n uint32) ([]plantroom.Clock, []plantroom.Pause) {
	if r, odd := t.live[n]; odd {
		return r.clocks, r.pauses
	}
	var out []plantroom.Clock
	for _, p := range t.plain[n] {
		out = append(out, p.clock())
	}
	return out, nil
}

// most finds the clock that counts of which most is used up, and how much; below 0
// where none counts.
func (t *Table) most(n uint32, now plantroom.Instant) (clock plantroom.Clock, used float64) {
	used = -1
	clocks, pauses := t.counting(n)
	for i := range clocks {
		if u := sla.Used(&clocks[i], pauses, now); i == 0 || u > used {
			clock, used = clocks[i], u
		}
	}
	return clock, used
}

// ClockItem is one clock of an order in an answer.
type ClockItem struct {
	Kind  plantroom.ClockKind  `json:"kind"`
	State plantroom.ClockState `json:"state"`
	Due   plantroom.Instant    `json:"due,omitzero"`
	Used  float64              `json:"used"` // of its window; above 1 once it is late
}

// pressing is the clock of an order that counts and of which the most is used;
// where none counts, the worst of those that did; nil where it had none.
func (t *Table) pressing(n uint32, c *orderChunk, i uint32, now plantroom.Instant) *ClockItem {
	if k, used := t.most(n, now); k.Kind != "" {
		return &ClockItem{k.Kind, k.State, k.Due, used}
	}
	if w := int(c.worst[i]); w > 0 {
		return &ClockItem{Kinds[w-1], c.clocks[i].state(w - 1), c.due[i], float64(c.used[i])}
	}
	return nil
}
