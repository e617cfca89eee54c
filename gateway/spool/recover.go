package spool

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"plantroom"
)

const lockName = "lock"

// found is a segment file that Open came upon.
type found struct {
	name  string
	first uint64
	file  File // nil: it cannot be opened
	size  int64
	head  segmentHead
	sound bool // head was read and its checksum is right
}

// healer is the work of one Open.
type healer struct {
	*Spool
	rec    Recovery
	known  bool // meta was readable
	files  []found
	end    uint64 // the number after the last one found
	sealed bool   // the newest segment must not be written to
	hidden bool   // the newest segment cannot be opened
}

// recover locks the directory, heals it and leaves the spool ready to work.
func (s *Spool) recover() (Recovery, error) {
	h := &healer{Spool: s}
	for _, step := range []func() error{h.enter, h.readMeta, h.list, h.chooseEpoch, h.scanAll, h.settleEnd, h.resume} {
		if err := step(); err != nil {
			h.closeFiles()
			return h.rec, err
		}
	}
	h.closeFiles()
	h.rec.Epoch, h.rec.Base, h.rec.Next = s.epoch, s.Base(), s.Next()
	st := s.Stats()
	h.rec.Segments, h.rec.Records = st.Segments, st.Records
	return h.rec, nil
}

func (h *healer) note(format string, args ...any) {
	h.rec.Notes = append(h.rec.Notes, fmt.Sprintf(format, args...))
}

func (h *healer) closeFiles() {
	for _, f := range h.files {
		if f.file != nil && f.file != h.active {
			_ = f.file.Close() // it was only read, or synced
		}
	}
}

// enter makes the directory and takes its lock.
func (h *healer) enter() error {
	if err := h.opt.FS.MkdirAll(h.opt.Dir); err != nil {
		return h.fault("open spool", err)
	}
	lock, err := h.opt.FS.Lock(h.path(lockName))
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return &plantroom.Error{
			Code: plantroom.CodeConflict, Op: "open spool", Message: "the spool in " + h.opt.Dir + " is open in another process",
			Hint: "stop the other gateway, or give this one a directory of its own", Err: err,
		}
	}
	if err != nil {
		return h.fault("open spool", err)
	}
	h.lock = lock
	return nil
}

// readMeta opens or makes the meta file and reads what it says.
func (h *healer) readMeta() error {
	f, err := h.opt.FS.Open(h.path(metaName))
	if errors.Is(err, fs.ErrNotExist) {
		if f, err = h.opt.FS.Create(h.path(metaName)); err == nil {
			err = h.opt.FS.SyncDir(h.opt.Dir)
		}
	}
	if f != nil {
		h.metaFile = f
	}
	if err != nil {
		return h.fault("open spool", err)
	}
	size, err := f.Size()
	if err != nil {
		return h.fault("open spool", err)
	}
	b := make([]byte, min(size, 2*metaSlot))
	if _, err := f.ReadAt(b, 0); err != nil && len(b) > 0 {
		h.note("the meta file cannot be read: %v", err)
		return nil
	}
	m, version, ok := newestMeta(b)
	if ok && version > formatVersion {
		return laterFormat(metaName, version)
	}
	h.known = ok && version == formatVersion
	if h.known {
		h.meta = m
		h.rec.Clean = m.clean
		h.base = m.base
		h.gaps.gaps = slices.Clone(m.gaps)
		h.gaps.drop(m.base)
	} else if size > 0 {
		h.note("the meta file is damaged; it is made again from the segments")
	}
	return nil
}

func laterFormat(name string, version uint32) error {
	return &plantroom.Error{
		Code: plantroom.CodeInvalid, Op: "open spool",
		Message: fmt.Sprintf("%s has format version %d, and this program knows up to %d", name, version, formatVersion),
		Hint:    "run the later version again, and let it drain the spool before going back",
	}
}

// list opens the segments and reads their headers.
func (h *healer) list() error {
	names, err := h.opt.FS.ReadDir(h.opt.Dir)
	if err != nil {
		return h.fault("open spool", err)
	}
	slices.Sort(names)
	for _, name := range names {
		first, ok := firstOf(name)
		if !ok {
			continue
		}
		f := found{name: name, first: first}
		f.file, err = h.opt.FS.Open(h.path(name))
		if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EROFS) {
			return h.fault("open spool", err)
		}
		if err == nil {
			f.size, err = f.file.Size()
		} else {
			f.file = nil
		}
		if err != nil {
			h.note("segment %s cannot be opened: %v", name, err)
		}
		if f.file != nil {
			b := make([]byte, min(f.size, segmentHeader))
			if _, err := f.file.ReadAt(b, 0); err == nil || f.size == 0 {
				f.head, f.sound = parseSegmentHead(b)
			}
		}
		h.files = append(h.files, f)
		if f.sound && f.head.version > formatVersion {
			return laterFormat(name, f.head.version)
		}
	}
	return nil
}

// chooseEpoch finds out under which epoch the records were written, or
// begins a new one. What belongs to another epoch is set aside.
func (h *healer) chooseEpoch() error {
	switch {
	case h.known:
		h.epoch = h.meta.epoch
	default:
		for _, f := range h.files {
			if f.sound {
				h.epoch = f.head.epoch
			}
		}
	}
	if h.epoch == 0 {
		if err := h.beginEpoch(); err != nil {
			return err
		}
	}
	h.seed = seedOf(h.epoch)
	h.files = slices.DeleteFunc(h.files, func(f found) bool {
		if !h.rec.NewEpoch && (!f.sound || f.head.epoch == h.epoch) {
			return false
		}
		h.setAside(f)
		return true
	})
	if h.base == 0 {
		h.base = 1
		if len(h.files) > 0 {
			h.base = h.files[0].first
		}
	}
	return nil
}

// beginEpoch draws an epoch for a new directory, or for one of which neither
// the meta file nor any segment can be read.
func (h *healer) beginEpoch() error {
	h.rec.NewEpoch = true
	h.rec.Clean = len(h.files) == 0 && len(h.rec.Notes) == 0
	if len(h.files) > 0 {
		h.note("neither the meta file nor any segment can be read: a new epoch begins at 1")
	}
	var b [8]byte
	for h.epoch == 0 {
		if _, err := rand.Read(b[:]); err != nil {
			return h.fault("open spool", err)
		}
		h.epoch = binary.LittleEndian.Uint64(b[:])
	}
	return nil
}

// setAside takes a file that is not of this epoch out of the way.
func (h *healer) setAside(f found) {
	to := f.name + corruptSuffix
	if f.file != nil {
		_ = f.file.Close() // it was only read
	}
	if err := h.opt.FS.Rename(h.path(f.name), h.path(to)); err != nil {
		h.note("segment %s is not of this spool and cannot be set aside: %v", f.name, err)
		return
	}
	h.rec.SetAside = append(h.rec.SetAside, to)
}

// report notes a loss and says whether it was new.
func (h *healer) report(first, last uint64, why cause) bool {
	fresh := h.lose(first, last, why)
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
	seg = &segment{name: f.name, first: f.first, next: f.first, end: segmentHeader, size: f.size}
	sc = &scanner{r: f.file, seed: h.seed, end: f.size}
	sc.seek(segmentHeader, f.first)
	for f.file != nil && sc.want < limit {
		want := sc.want
		seq, payload, ok, err := sc.next()
		if err != nil {
			h.note("segment %s: %v", f.name, err)
		}
		if !ok || seq >= limit {
			break
		}
		if seq > want {
			fresh = h.report(want, seq-1, causeDamage) || fresh
		}
		seg.index = note(seg.index, seq, sc.off-frameHeader-int64(len(payload)))
		seg.next, seg.end = sc.want, sc.off
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
	seg.next = limit
	h.keep(seg, f, fresh)
}

// scanNewest reads the segment that was written to last, and decides whether
// what stands behind its last intact record was cut off or damaged.
func (h *healer) scanNewest(f found) {
	limit := uint64(1 << 63)
	if h.meta.clean {
		limit = h.meta.limit // what follows was refused to its callers
	}
	seg, sc, fresh := h.scan(f, limit)
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
		if err := copyRange(f.file, f.file, segmentHeader, seg.end); err != nil {
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
