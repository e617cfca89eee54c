package spool

import (
	"time"

	"plantroom"
)

// report notes a loss and says whether it was new.
func (h *healer) report(first, last uint64, why cause) bool {
	fresh := h.lose(gap{first, last, plantroom.At(time.Now()), why})
	for _, g := range fresh {
		h.rec.Gaps = append(h.rec.Gaps, g.public())
	}
	return len(fresh) > 0
}

// scanAll reads every segment, oldest first.
func (h *healer) scanAll() error {
	h.end = h.base
	if len(h.files) > 0 {
		h.report(h.base, h.files[0].first-1, causeMissing)
		h.end = h.files[0].first
	}
	for i, f := range h.files {
		if i+1 < len(h.files) {
			h.scanSealed(f, h.files[i+1].first)
			continue
		}
		h.scanNewest(f)
	}
	return nil
}

// scan walks the intact records of a segment up to the number limit.
func (h *healer) scan(f found, limit uint64) (seg *segment, sc *scanner, fresh bool) {
	seg = &segment{name: f.name, first: f.first, next: f.first, end: segmentHeader, size: f.size, since: time.Now()}
	sc = &scanner{r: f.file, seed: h.seed, end: f.size}
	sc.seek(segmentHeader, f.first)
	for f.file != nil && sc.want < limit {
		want := sc.want
		fr, payload, ok, err := sc.next()
		if err != nil {
			h.note("segment %s: %v", f.name, err)
		}
		if !ok || fr.seq >= limit {
			break
		}
		if fr.seq > want {
			fresh = h.report(want, fr.seq-1, causeDamage) || fresh
			seg.left = true
		}
		seg.index = note(seg.index, fr.seq, sc.off-fr.size())
		seg.next, seg.end = min(sc.want, limit), sc.off
		seg.packed = seg.packed || fr.tag == tagBlock
		seg.add(fr.load(payload))
	}
	h.end = seg.next
	return seg, sc, fresh
}

// scanSealed reads a segment that another one follows. The follower's first
// number overrules what stands behind.
func (h *healer) scanSealed(f found, limit uint64) {
	seg, sc, fresh := h.scan(f, limit)
	switch {
	case seg.next == limit:
	case seg.end < sc.end:
		fresh = h.report(seg.next, limit-1, causeDamage) || fresh
	default:
		h.report(seg.next, limit-1, causeMissing)
	}
	seg.left = seg.left || seg.next < limit
	seg.next = limit
	h.keep(seg, f, fresh)
}

// scanNewest reads the segment that was written to last, and decides whether
// what stands behind its last intact record was cut off or damaged.
func (h *healer) scanNewest(f found) {
	limit := maxSeq
	if h.meta.clean {
		limit = h.meta.limit // what follows was refused to its callers
	}
	seg, sc, fresh := h.scan(f, limit)
	h.sealed = seg.packed
	if seg.next >= limit {
		h.keep(seg, f, fresh)
		return
	}
	if sc.knownSeq > seg.next {
		h.end = sc.knownSeq
		fresh = h.report(seg.next, h.end-1, causeDamage) || fresh
		h.sealed = true
	}
	switch rest := sc.end - sc.knownOff; {
	case f.file == nil:
		h.sealed, h.hidden = true, true
	case rest <= 0:
	case rest < minFrame || sc.cut || sc.blank(sc.knownOff):
		h.rec.TornBytes = rest
	default:
		last := h.end + uint64(rest/minFrame) - 1
		if h.known {
			last = min(last, h.meta.limit-1)
		}
		h.sealed = true
		if last >= h.end {
			fresh = h.report(h.end, last, causeTail) || fresh
			h.end = last + 1
		}
	}
	h.keep(seg, f, fresh)
}

// keep takes a segment into the spool, and copies it if it showed new damage.
func (h *healer) keep(seg *segment, f found, fresh bool) {
	h.adopt(seg)
	if f.file != nil && !f.sound && f.size >= segmentHeader {
		h.note("segment %s has a damaged header", f.name)
	}
	if f.file == nil || !fresh {
		return
	}
	if err := h.copyAside(f); err != nil {
		h.note("segment %s is damaged and could not be copied: %v", f.name, err)
	}
}
