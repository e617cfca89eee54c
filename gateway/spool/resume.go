package spool

// settleEnd works out the next number: the one after the last record, or a
// later one where records must have been there that are not any more.
func (h *healer) settleEnd() error {
	newest, limit := uint64(0), h.end+reserveStep
	if n := len(h.files); n > 0 {
		newest = h.files[n-1].first
	}
	if h.known {
		limit = h.meta.limit
	}
	why := cause(0)
	switch {
	case h.known && h.meta.clean:
		why = causeClosed
	case h.hidden, h.known && h.meta.tail > newest, h.known && h.end < h.meta.base:
		why = causeMissing
	}
	if why != 0 && h.end < limit {
		h.report(h.end, limit-1, why)
		h.end, h.rec.TornBytes = limit, 0
	}
	h.next = h.end
	return nil
}

// resume makes the newest segment ready for writing, or begins another.
func (h *healer) resume() error {
	h.meta.epoch = h.epoch
	h.base = min(max(h.base, 1), h.next)
	if err := h.opt.FS.SyncDir(h.opt.Dir); err != nil { // a kill may have come before it
		return h.fault("open spool", err)
	}
	h.dropTrimmed()
	if n := len(h.segs); n > 0 && !h.sealed && h.segs[n-1].next == h.next {
		h.reopen(h.segs[n-1], h.files[len(h.files)-1])
	}
	if h.active == nil {
		return h.first()
	}
	return h.reserve(h.segs[len(h.segs)-1].first, h.next+reserveStep)
}

// first begins a segment. A full disk does not stop a spool that has records
// to deliver: delivering them is what frees space.
func (h *healer) first() error {
	if len(h.segs) == 0 && !h.known {
		if err := h.writeMeta(func(m *meta) { m.tail, m.limit = h.next, h.next }); err != nil {
			return err
		}
	}
	err := h.restart()
	if err == nil || len(h.segs) == 0 {
		return err
	}
	h.note("no segment can be begun: %v", err)
	return nil
}

// reopen goes on with a segment, after cutting off what is not a record.
func (h *healer) reopen(seg *segment, f found) {
	if err := h.harden(seg, f); err != nil {
		h.note("segment %s cannot be written any more: %v", f.name, err)
		return
	}
	h.bytes += seg.end - seg.size
	seg.size = seg.end
	h.active = f.file
}

// harden makes durable what Open has read of the newest segment. After a kill
// it may be in the page cache only; and where an earlier sync has failed, the
// kernel takes those pages for clean until they are written again.
func (h *healer) harden(seg *segment, f found) error {
	if f.size > seg.end {
		if err := f.file.Truncate(seg.end); err != nil {
			return err
		}
	}
	if _, err := f.file.WriteAt(segmentHead{formatVersion, h.epoch, f.first}.encode(), 0); err != nil {
		return err
	}
	if !h.rec.Clean {
		// Zeros for what cannot be read now would destroy it.
		if err := copyRange(f.file, f.file, readWhole, segmentHeader, seg.end); err != nil {
			return err
		}
	}
	return f.file.Sync()
}

// dropTrimmed removes segments that a crash has kept from being removed.
func (h *healer) dropTrimmed() {
	for len(h.segs) > 1 && h.segs[1].first <= h.base {
		if err := h.opt.FS.Remove(h.path(h.segs[0].name)); err != nil {
			h.note("segment %s cannot be removed: %v", h.segs[0].name, err)
			return
		}
		h.bytes -= h.segs[0].size
		h.segs = h.segs[1:]
	}
}
