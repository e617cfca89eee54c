package history

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

func TestHowMuchOfAWindowIsUsedIsWhatTheOrderSaysHoweverLittleIsKept(t *testing.T) {
	plainOnes, odd := 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		some := func(most time.Duration) time.Duration { return 1 + time.Duration(r.Int64N(int64(most))) }
		o := plantroom.WorkOrder{ID: "wo-000001"}
		for _, kind := range Kinds[:1+r.IntN(len(Kinds))] {
			o.Clocks = append(o.Clocks, drawnClock(r, kind, &o))
		}
		table := NewTable()
		if err := table.Put(&plantroom.WorkOrder{ID: o.ID, State: plantroom.Dispatched, Raised: start, Clocks: o.Clocks, Pauses: o.Pauses}); err != nil {
			t.Fatal(err)
		}
		plainOnes, odd = plainOnes+len(table.plain), odd+len(table.live)
		for range 5 {
			now := start.Add(some(3 * day))
			var want *ClockItem
			for i := range o.Clocks {
				if c := &o.Clocks[i]; c.Open() {
					if used := sla.Used(c, o.Pauses, now); want == nil || used > want.Used {
						want = &ClockItem{c.Kind, c.State, c.Due, used}
					}
				}
			}
			chunk, i := table.chunk(1)
			if got := table.pressing(1, chunk, i, now); want == nil && got != nil && got.State != plantroom.ClockMet || want != nil && (got == nil || *got != *want) {
				t.Fatalf("seed %d at %s: %+v, want %+v, of %+v", seed, now, got, want, o.Clocks)
			}
		}
	}
	if plainOnes < 500 || odd < 200 {
		t.Errorf("%d orders were kept as plain and %d were not: too few to tell", plainOnes, odd)
	}
}

// drawnClock is one that waits, runs, pauses or has done any of that.
func drawnClock(r *rand.Rand, kind plantroom.ClockKind, o *plantroom.WorkOrder) plantroom.Clock {
	some := func(most time.Duration) time.Duration { return 1 + time.Duration(r.Int64N(int64(most))) }
	c := plantroom.Clock{Kind: kind, State: plantroom.ClockWaiting, Window: plantroom.Duration(some(day).Truncate(time.Second) + time.Minute), Basis: "contract quicklift"}
	switch r.IntN(12) {
	case 0, 1:
		return c
	case 2:
		c.Window++
	}
	sla.Start(&c, start.Add(some(day)), nil)
	switch r.IntN(8) {
	case 0:
		at := c.Started.Add(some(time.Duration(c.Window)))
		sla.Pause(&c, at)
		o.Pauses = append(o.Pauses, plantroom.Pause{Clocks: []plantroom.ClockKind{kind}, Begun: at})
	case 1:
		at := c.Started.Add(some(time.Duration(c.Window)))
		if sla.Pause(&c, at) {
			end := at.Add(some(day))
			sla.Continue(&c, end, nil)
			o.Pauses = append(o.Pauses, plantroom.Pause{Clocks: []plantroom.ClockKind{kind}, Begun: at, Ended: end})
		}
	case 2:
		c.Half, c.Most, c.Due = c.Half.Add(some(day)), c.Most.Add(day), c.Due.Add(day+some(day)) // of a calendar
	case 3:
		c.State, c.Breached = plantroom.ClockBreached, c.Due
	case 4:
		c.State, c.Stopped = plantroom.ClockMet, c.Started+1
	}
	return c
}

// The oldest windows press most, and alerts see no more than are asked for.
func TestOfMoreOpenOrdersThanAreWantedThoseThatPressMostAreTaken(t *testing.T) {
	table := NewTable()
	now := start.Add(60 * time.Hour)
	put := func(n int, o plantroom.WorkOrder) {
		o.ID, o.Raised = orderID(uint32(n)), start.Add(time.Duration(n)*time.Hour)
		if err := table.Put(&o); err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n <= 40; n++ { // the window of the nth runs since the nth hour
		c := plantroom.Clock{Kind: plantroom.Restore, State: plantroom.ClockWaiting, Window: plantroom.Duration(100 * time.Hour)}
		sla.Start(&c, start.Add(time.Duration(n)*time.Hour), nil)
		put(n, plantroom.WorkOrder{State: plantroom.Dispatched, Clocks: []plantroom.Clock{c}})
	}
	for n := 41; n <= 50; n++ { // nothing of them counts any more
		put(n, plantroom.WorkOrder{State: plantroom.Closed, Closed: now})
	}
	for most, want := range map[int][]uint32{3: {3, 2, 1}, 41: append([]uint32{50}, down(40)...)} {
		var ids []plantroom.OrderID
		for _, n := range want {
			ids = append(ids, orderID(n))
		}
		if got := table.OpenIn(&Filter{}, start, now, now, most); !slices.Equal(got, ids) {
			t.Errorf("%d at most: %v, want %v", most, got, ids)
		}
	}
}

func down(from uint32) (out []uint32) {
	for n := from; n > 0; n-- {
		out = append(out, n)
	}
	return out
}
