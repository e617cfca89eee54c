// Package world is a virtual estate: lifts that carry residents with morning
// and evening peaks, water that seeps from floor to floor, bins that fill and
// cars that come and go, all in virtual time and from one seed.
//
// Its devices speak the payloads of real hardware. It deliberately knows
// nothing of incidents, contracts or clocks: what is detected is Plantroom's
// business.
package world

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"plantroom"
)

// Options say which estate to bring to life.
type Options struct {
	Estate plantroom.Estate
	Start  plantroom.Instant
	Seed   uint64
	Calm   bool // no residents: only what is asked for happens
	// Stamp gives the time that devices put into their messages, where it is
	// not the world's own: a world that runs fast before a server that does not.
	Stamp func(plantroom.Instant) plantroom.Instant
}

// Emission is one message that a device sent.
type Emission struct {
	At      plantroom.Instant
	Device  plantroom.DeviceID
	Gateway plantroom.GatewayID
	Topic   string
	Payload []byte
}

// World is the estate at one moment. It is used by one goroutine.
type World struct {
	now     plantroom.Instant
	local   *time.Location
	calm    bool
	stamp   func(plantroom.Instant) plantroom.Instant
	rand    *rand.Rand
	queue   events
	order   uint64
	sent    []Emission
	radios  map[plantroom.AssetID][]*radio
	lifts   map[plantroom.AssetID]*lift
	wet     map[plantroom.ZoneID]*room
	bins    map[plantroom.AssetID]*bin
	bays    map[plantroom.AssetID]*bay
	estate  plantroom.Estate
	skipped map[plantroom.DeviceID]bool // radios that are broken
}

// New wakes the estate up at o.Start: every device is heard within one
// heartbeat of it.
func New(o Options) (*World, error) {
	loc, err := time.LoadLocation(o.Estate.Zone)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "estate %s: unknown time zone %q", o.Estate.ID, o.Estate.Zone)
	}
	w := &World{now: o.Start, local: loc, calm: o.Calm, rand: rand.New(rand.NewPCG(o.Seed, 0x506c616e74)), estate: o.Estate,
		radios: map[plantroom.AssetID][]*radio{}, lifts: map[plantroom.AssetID]*lift{}, wet: map[plantroom.ZoneID]*room{},
		bins: map[plantroom.AssetID]*bin{}, bays: map[plantroom.AssetID]*bay{}, skipped: map[plantroom.DeviceID]bool{}}
	if w.stamp = o.Stamp; w.stamp == nil {
		w.stamp = func(i plantroom.Instant) plantroom.Instant { return i }
	}
	for _, d := range o.Estate.Devices {
		w.radios[d.Asset] = append(w.radios[d.Asset], newRadio(d))
	}
	for _, a := range o.Estate.Assets {
		if w.scripted(a.ID) {
			continue
		}
		switch a.Domain {
		case "lifts":
			w.addLift(a)
		case "leaks":
			w.addRoom(a)
		case "waste":
			w.addBin(a)
		case "bays":
			w.addBay(a)
		}
	}
	return w, nil
}

// scripted reports whether an asset has devices that only say what they are
// told to: the world does not bring it to life.
func (w *World) scripted(id plantroom.AssetID) bool {
	return slices.ContainsFunc(w.radios[id], func(r *radio) bool { return r.device.Model == ModelScripted })
}

// Now returns the world's time.
func (w *World) Now() plantroom.Instant { return w.now }

// Next returns when something will happen next.
func (w *World) Next() plantroom.Instant {
	if len(w.queue) == 0 {
		return math.MaxInt64
	}
	return w.queue[0].at
}

// Advance lets time pass up to and including to and returns what the devices
// sent on the way, in order.
func (w *World) Advance(to plantroom.Instant) []Emission {
	for len(w.queue) > 0 && w.queue[0].at <= to {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
	w.now = max(w.now, to)
	out := w.sent
	w.sent = nil
	return out
}

// Silence breaks a device's radio, or mends it.
func (w *World) Silence(d plantroom.DeviceID, silent bool) error {
	if !slices.ContainsFunc(w.estate.Devices, func(x plantroom.Device) bool { return x.ID == d }) {
		return plantroom.Errorf(plantroom.CodeNotFound, "the estate has no device %q", d)
	}
	w.skipped[d] = silent
	return nil
}

// event is something that will happen; events of one instant happen in the
// order in which they were planned.
type event struct {
	at    plantroom.Instant
	order uint64
	do    func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

func (w *World) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.queue, event{at: w.now.Add(d), order: w.order, do: do})
}

// every does something at a pace, from a random phase on.
func (w *World) every(d time.Duration, do func()) {
	var again func()
	again = func() {
		do()
		w.after(d, again)
	}
	w.after(time.Duration(w.rand.Int64N(int64(d))), again)
}

// about draws an exponentially distributed time with a mean, the pause between
// two independent arrivals, held to between a hundredth and six times the mean.
func (w *World) about(mean time.Duration) time.Duration {
	x := min(max(w.rand.ExpFloat64(), 0.01), 6)
	return time.Duration(float64(mean) * x)
}

// between draws a time between two bounds.
func (w *World) between(a, b time.Duration) time.Duration {
	return a + time.Duration(w.rand.Int64N(int64(b-a)+1))
}

// hour returns the local time of day in hours, 0 to below 24.
func (w *World) hour() float64 {
	t := w.now.Time().In(w.local)
	return float64(t.Hour()) + float64(t.Minute())/60
}
