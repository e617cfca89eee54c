package spool

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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
	h.known = ok && version >= 1
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
		if strings.HasSuffix(name, segmentSuffix+freshSuffix) {
			if err := h.opt.FS.Remove(h.path(name)); err != nil { // it was never put in place
				h.note("%s cannot be removed: %v", name, err)
			}
			continue
		}
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
			if f.size, err = f.file.Size(); err != nil {
				_ = f.file.Close() // a file of unknown size must not be taken for an empty one
			}
		}
		if err != nil {
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
