package history

import (
	"math"
	"time"

	"plantroom"
)

// facts collects what speaks of some assets at some time of [from, to), in the order
// of the assets.
func (t *Table) facts(b *Book, assets []plantroom.Asset, from, to plantroom.Instant) [][]fact {
	out := make([][]fact, len(assets))
	of := t.places(b, assets)
	for k, c := range t.incidents {
		if !c.within(from, to) {
			continue
		}
		for i := range t.filled(k) {
			if places := of[c.asset[i]]; places != nil && c.span(i).overlaps(from, to) {
				f := t.episode(b, c, i)
				f.incident = uint32(k)*chunkRows + i + 1
				for _, p := range places {
					if p.own || f.state == Unknown {
						out[p.asset] = append(out[p.asset], f)
					}
				}
			}
		}
	}
	t.visits(b, of, from, to, out)
	t.planned(b, assets, from, to, out)
	return out
}

func (t *Table) episode(b *Book, c *incidentChunk, i uint32) fact {
	rule := t.rules.list[c.rule[i]]
	text := b.cause(string(t.causes.list[c.cause[i]]))
	if silence(rule) {
		text = b.rule(rule)
	}
	return fact{span: c.span(i), state: episodeState(rule, plantroom.Severity(c.severity[i])), text: text, order: c.order[i]}
}

// place is an asset that something in the Table speaks of: its own number does, or
// that of a gateway behind which its devices stand.
type place struct {
	asset int // among those that are asked for
	own   bool
}

// places finds the places of each number of an asset or gateway.
func (t *Table) places(b *Book, assets []plantroom.Asset) [][]place {
	of, at := make([][]place, len(t.assets.list)), make(map[plantroom.AssetID]int, len(assets))
	for i := range assets {
		at[assets[i].ID] = i
		if n, ok := t.assets.index[assets[i].ID]; ok {
			of[n] = append(of[n], place{i, true})
		}
	}
	for gw, behind := range b.behind {
		n, ok := t.assets.index[plantroom.AssetID(gw)]
		for _, id := range behind {
			if i, asked := at[id]; ok && asked {
				of[n] = append(of[n], place{asset: i})
			}
		}
	}
	return of
}

// visits adds where somebody was there for an order, and where the window to
// restore was overrun.
func (t *Table) visits(b *Book, of [][]place, from, to plantroom.Instant, out [][]fact) {
	add := func(n uint32, c *orderChunk, i uint32, f fact) {
		if !f.overlaps(from, to) {
			return
		}
		for _, p := range of[c.asset[i]] {
			if p.own {
				f.order = n
				out[p.asset] = append(out[p.asset], f)
			}
		}
	}
	for k, c := range t.orders {
		if c == nil || !c.within(from, to) {
			continue
		}
		for i := range uint32(chunkRows) {
			if !c.attended[i].IsZero() && c.attended[i] < to && of[c.asset[i]] != nil {
				if s, there := c.visit(i); there {
					add(uint32(k)*chunkRows+i, c, i, fact{span: s, state: Maintenance, text: somebodyThere.In(b.lang)})
				}
			}
		}
	}
	for n, s := range t.late {
		if !s.overlaps(from, to) {
			continue
		}
		if c, i := t.chunk(n); of[c.asset[i]] != nil && !silence(t.rules.list[c.rule[i]]) {
			add(n, c, i, fact{span: s, state: Fault, text: overrunWords.In(b.lang) + ": " + b.cause(string(t.causes.list[c.cause[i]]))})
		}
	}
}

// visit is from when to when somebody was there: until it was said to be restored,
// or proved. When somebody left an order that was cancelled is not known.
func (c *orderChunk) visit(i uint32) (span, bool) {
	s := span{From: c.attended[i]}
	for _, at := range []plantroom.Instant{c.closed[i], c.verified[i], c.restored[i]} {
		if at >= s.From {
			s.To = at
		}
	}
	return s, c.state[i] != 0 && (s.To > s.From || s.To.IsZero() && stateOf(c.state[i]) == plantroom.Attended)
}

// planned adds planned works as they were planned, or until they were over before
// that. An overrun is no plan.
func (t *Table) planned(b *Book, assets []plantroom.Asset, from, to plantroom.Instant, out [][]fact) {
	at := make(map[plantroom.AssetID]int, len(assets))
	for i := range assets {
		at[assets[i].ID] = i
	}
	for _, w := range t.works {
		s := span{w.From, w.To}
		if w.Over() && !w.Ended.IsZero() {
			s.To = min(s.To, w.Ended)
		}
		if s.To <= s.From || !s.overlaps(from, to) {
			continue
		}
		for _, id := range w.Assets {
			if i, asked := at[id]; asked {
				out[i] = append(out[i], fact{span: s, state: Maintenance, text: w.Title.In(b.lang)})
			}
		}
	}
}

// known is from when on an asset about which nothing is said is ok: since the
// first episode or order on it, or, where the silence of its devices is judged, since
// that would have been noticed. Zero: never. The history does not know since when
// an asset has been watched; where one came later than the record, the time between
// counts as if it had been.
func (t *Table) known(b *Book, id plantroom.AssetID) plantroom.Instant {
	at := plantroom.Instant(math.MaxInt64)
	if n, ok := t.assets.index[id]; ok && int(n) < len(t.first) && !t.first[n].IsZero() {
		at = t.first[n]
	}
	if after := b.judged[id]; after > 0 && !t.began.IsZero() {
		at = min(at, t.began.Add(after))
	}
	if at == math.MaxInt64 {
		return 0
	}
	return at
}

// record is the time over which there is anything to know.
const record = 100 * 365 * 24 * time.Hour
