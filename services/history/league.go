package history

import (
	"cmp"
	"math"
	"slices"

	"plantroom"
)

// LeagueItem is how one contractor did with the orders that were raised in a time
// and that it has now. Declined are orders that it did not take, whoever has them
// now. Times are how long its clocks ran until they were stopped, met or late, in
// seconds, pauses included; absent where none was.
type LeagueItem struct {
	Contractor     plantroom.ContractorID `json:"contractor"`
	ContractorName string                 `json:"contractor_name"`
	Orders         int                    `json:"orders"`
	Declined       int                    `json:"declined"`
	Reopened       int                    `json:"reopened"`     // times
	Contradicted   int                    `json:"contradicted"` // claims of "fixed" that a sensor did not bear out
	Promised       int                    `json:"promised"`     // clocks
	Met            int                    `json:"met"`
	Breached       int                    `json:"breached"`
	BreachShare    *float64               `json:"breach_share,omitempty"` // of those that are decided

	AcknowledgeP50 *float64 `json:"acknowledge_p50,omitempty"`
	AcknowledgeP90 *float64 `json:"acknowledge_p90,omitempty"`
	AttendP50      *float64 `json:"attend_p50,omitempty"`
	AttendP90      *float64 `json:"attend_p90,omitempty"`
	ReleaseP50     *float64 `json:"release_p50,omitempty"`
	ReleaseP90     *float64 `json:"release_p90,omitempty"`
	RestoreP50     *float64 `json:"restore_p50,omitempty"`
	RestoreP90     *float64 `json:"restore_p90,omitempty"`
}

// League compares contractors by the orders that were raised in [from, to).
func (t *Table) League(b *Book, f *Filter, from, to plantroom.Instant) []LeagueItem {
	type standing struct {
		item LeagueItem
		took [kinds][]float32
		seen bool
	}
	s, all := t.selection(f), make([]standing, len(t.contractors.list))
	t.raised(&s, from, to, func(_ uint32, c *orderChunk, i uint32) {
		st := &all[c.holder[i]]
		st.seen = true
		st.item.Orders++
		st.item.Reopened += int(c.reopens[i])
		st.item.Contradicted += int(c.wrong[i])
		for k := range kinds {
			switch bits := c.clocks[i]; bits.state(k) {
			case "":
				continue
			case plantroom.ClockMet:
				st.item.Met++
			case plantroom.ClockBreached:
				st.item.Breached++
			}
			st.item.Promised++
			if c.clocks[i].stopped(k) {
				st.took[k] = append(st.took[k], c.took[i][k])
			}
		}
	})
	whoever := s
	whoever.holder = nil // who declined it does not have it
	for n, by := range t.declined {
		if c, i := t.chunk(n); c.raised[i] >= from && c.raised[i] < to && whoever.order(c, i) {
			for _, k := range by {
				if picks(s.holder, k) {
					all[k].seen = true
					all[k].item.Declined++
				}
			}
		}
	}
	items := []LeagueItem{}
	for k := range all {
		if st := &all[k]; st.seen && k > 0 {
			st.item.Contractor = t.contractors.list[k]
			st.item.ContractorName = b.contractor(st.item.Contractor)
			st.item.BreachShare = share(st.item.Breached, st.item.Met+st.item.Breached)
			st.item.times(&st.took)
			items = append(items, st.item)
		}
	}
	slices.SortFunc(items, func(x, y LeagueItem) int { return cmp.Compare(x.Contractor, y.Contractor) })
	return items
}

func (l *LeagueItem) times(took *[kinds][]float32) {
	l.AcknowledgeP50, l.AcknowledgeP90 = percentiles(took[0])
	l.AttendP50, l.AttendP90 = percentiles(took[1])
	l.ReleaseP50, l.ReleaseP90 = percentiles(took[2])
	l.RestoreP50, l.RestoreP90 = percentiles(took[3])
}

// percentiles returns the values by which half and nine tenths of all had come
// (nearest rank: each is one of the values), nil where there is none. It puts the
// values into another order.
func percentiles(values []float32) (p50, p90 *float64) {
	n := len(values)
	if n == 0 {
		return nil, nil
	}
	rank := func(p float64) int { return int(math.Ceil(p*float64(n))) - 1 }
	high := float64(nth(values, rank(0.9)))
	half := float64(nth(values[:rank(0.9)+1], rank(0.5)))
	return &half, &high
}

// nth returns the value that would stand at k if the values were sorted; those
// before it are then no greater.
func nth(a []float32, k int) float32 {
	lo, hi := 0, len(a)-1
	for tries := 0; lo < hi; tries++ {
		if tries > 64 { // an order that the choice of the pivot does not like
			slices.Sort(a[lo : hi+1])
			break
		}
		p := median(a[lo], a[lo+(hi-lo)/2], a[hi])
		i, j := lo, hi
		for i <= j {
			for a[i] < p {
				i++
			}
			for a[j] > p {
				j--
			}
			if i <= j {
				a[i], a[j] = a[j], a[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return a[k]
		}
	}
	return a[k]
}

func median(a, b, c float32) float32 { return max(min(a, b), min(max(a, b), c)) }
