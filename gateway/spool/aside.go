package spool

import (
	"errors"
	"io"
	"slices"
	"strings"
)

// keepCorrupt is how many *.corrupt files a directory keeps; the ones with
// the lowest numbers go first.
const keepCorrupt = 8

// copyAside copies a damaged segment for inspection. The segment itself stays
// and serves its intact records.
func (h *healer) copyAside(f found) error {
	name := f.name + corruptSuffix
	to, err := h.opt.FS.Create(h.path(name))
	if err != nil {
		return err
	}
	err = errors.Join(copyRange(to, f.file, readAround, 0, f.size), to.Sync(), to.Close())
	if err != nil {
		return errors.Join(err, h.opt.FS.Remove(h.path(name)))
	}
	h.rec.SetAside = append(h.rec.SetAside, name)
	h.pruneAside()
	return h.opt.FS.SyncDir(h.opt.Dir)
}

// copyRange copies the bytes from off to end to the same place in to. read is
// readWhole, or readAround where zeros may stand for what cannot be read.
func copyRange(to, from File, read func(io.ReaderAt, []byte, int64) error, off, end int64) error {
	b := make([]byte, min(end-off, window))
	for ; off < end; off += int64(len(b)) {
		b = b[:min(int64(len(b)), end-off)]
		if err := read(from, b, off); err != nil {
			return err
		}
		if _, err := to.WriteAt(b, off); err != nil {
			return err
		}
	}
	return nil
}

// pruneAside removes the oldest *.corrupt files beyond keepCorrupt.
func (h *healer) pruneAside() {
	names, err := h.opt.FS.ReadDir(h.opt.Dir)
	if err != nil {
		return // they are only for inspection; the next Open tries again
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, corruptSuffix) })
	slices.Sort(names)
	for _, n := range names[:max(0, len(names)-keepCorrupt)] {
		_ = h.opt.FS.Remove(h.path(n)) // as above
	}
}
