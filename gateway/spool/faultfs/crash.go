package faultfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes at once, in bytes.
const sector = 512

// Loss says what becomes of that which was not synced when the machine stops.
type Loss int

// The losses.
const (
	KeepAll Loss = iota // the process was killed: the kernel still has everything
	LoseAll             // power was cut before anything was written back
	Torn                // some sectors, sizes and names made it, and others did not
)

// Stop ends all use of f: every operation from now on fails with ErrStopped.
func (f *FS) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
}

// Crash stops f and returns what comes after: with KeepAll a new process on
// the same kernel, which still has what was not synced, else a new boot.
// There is unlimited space, and there are no faults and no locks. rng decides
// where loss is Torn.
func (f *FS) Crash(loss Loss, rng *rand.Rand) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	if loss == KeepAll {
		return f.copy()
	}
	image := map[string][]byte{}
	for name, n := range f.survivingNames(loss, rng) {
		image[name] = n.surviving(loss, rng)
	}
	return FromImage(image)
}

// copy returns f as another process finds it.
func (f *FS) copy() *FS {
	c := New()
	nodes := map[*node]*node{nil: nil}
	for _, names := range []map[string]*node{f.live, f.durable} {
		for _, n := range names {
			if nodes[n] == nil && n != nil {
				nodes[n] = &node{slices.Clone(n.data), slices.Clone(n.synced), slices.Clone(n.pending), slices.Clone(n.bad)}
			}
		}
	}
	for name, n := range f.live {
		c.live[name] = nodes[n]
	}
	for name, n := range f.durable {
		c.durable[name] = nodes[n]
	}
	return c
}

// survivingNames picks, name by name, the durable or the live state.
func (f *FS) survivingNames(loss Loss, rng *rand.Rand) map[string]*node {
	if loss == LoseAll {
		return f.durable
	}
	names := map[string]*node{}
	all := slices.Sorted(maps.Keys(f.live))
	for name := range f.durable {
		if f.live[name] == nil {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	for _, name := range all {
		n := f.live[name]
		if n != f.durable[name] && rng.IntN(2) == 0 {
			n = f.durable[name]
		}
		if n != nil {
			names[name] = n
		}
	}
	return names
}

// surviving returns the content after a crash.
func (n *node) surviving(loss Loss, rng *rand.Rand) []byte {
	if loss == LoseAll {
		return n.synced
	}
	b := slices.Clone(n.synced)
	for _, c := range n.pending {
		if rng.IntN(4) == 0 {
			break // what came later had not been started
		}
		if c.data == nil {
			b = c.apply(b)
			continue
		}
		b = c.tear(b, rng)
	}
	return b
}

// tear writes some of the change's sectors: a random choice of them, or all
// up to a random byte.
func (c change) tear(b []byte, rng *rand.Rand) []byte {
	if rng.IntN(2) == 0 {
		c.data = c.data[:rng.IntN(len(c.data)+1)]
		if len(c.data) == 0 {
			return b
		}
		return c.apply(b)
	}
	for at := 0; at < len(c.data); {
		n := min(sector-int((c.off+int64(at))%sector), len(c.data)-at)
		if rng.IntN(2) == 0 {
			b = change{c.off + int64(at), c.data[at : at+n]}.apply(b)
		}
		at += n
	}
	return b
}
