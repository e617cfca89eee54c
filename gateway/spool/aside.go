package spool

import (
	"errors"
	"fmt"
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
	err = errors.Join(copyFile(to, f.file, f.size), to.Close())
	if err != nil {
		return errors.Join(err, h.opt.FS.Remove(h.path(name)))
	}
	h.rec.SetAside = append(h.rec.SetAside, name)
	h.pruneAside()
	return h.opt.FS.SyncDir(h.opt.Dir)
}

func copyFile(to, from File, size int64) error {
	b := make([]byte, min(size, window))
	for off := int64(0); off < size; off += int64(len(b)) {
		b = b[:min(int64(len(b)), size-off)]
		if err := readAround(from, b, off); err != nil {
			return fmt.Errorf("copy: %w", err)
		}
		if _, err := to.WriteAt(b, off); err != nil {
			return err
		}
	}
	return to.Sync()
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
