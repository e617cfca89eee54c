package spool

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	metaName  = "meta"
	metaMagic = "plspmta\n"
	metaSlot  = 4096
	metaHead  = 60  // bytes before the gaps
	gapBytes  = 25  // first u64, last u64, at i64, cause u8
	maxGaps   = 128 // known gaps that a slot keeps; older ones go first

	// reserveStep is how many sequence numbers are reserved at once.
	reserveStep = 1 << 20
)

// meta is what the segments themselves cannot tell. It is written in place,
// two copies one after the other, so that it needs no space on a full disk
// and one copy is whole at any time.
type meta struct {
	clean      bool   // closed properly: limit is the next number
	generation uint64 // counts the writes; the higher copy is the newer one
	epoch      uint64
	base       uint64 // the oldest number that is not acknowledged
	tail       uint64 // the first number of the newest segment
	limit      uint64 // no number at or above was ever used
	gaps       []gap  // those that were reported
}

func (m *meta) encode() []byte {
	b := make([]byte, 0, metaSlot)
	b = append(b, metaMagic...)
	b = binary.LittleEndian.AppendUint32(b, formatVersion)
	b = binary.LittleEndian.AppendUint32(b, map[bool]uint32{true: 1}[m.clean])
	for _, v := range []uint64{m.generation, m.epoch, m.base, m.tail, m.limit} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	gaps := m.gaps[max(0, len(m.gaps)-maxGaps):]
	b = binary.LittleEndian.AppendUint32(b, uint32(len(gaps)))
	for _, g := range gaps {
		b = g.append(b)
	}
	b = b[:metaSlot]
	binary.LittleEndian.PutUint32(b[metaSlot-4:], crc32.Checksum(b[:metaSlot-4], castagnoli))
	return b
}

// parseMeta reads one copy; ok is false where it is damaged or was never
// written. The version is returned also where the rest is of a later format.
func parseMeta(b []byte) (m meta, version uint32, ok bool) {
	if len(b) < metaSlot || string(b[:8]) != metaMagic ||
		crc32.Checksum(b[:metaSlot-4], castagnoli) != binary.LittleEndian.Uint32(b[metaSlot-4:]) {
		return meta{}, 0, false
	}
	version = binary.LittleEndian.Uint32(b[8:])
	if version < 1 || version > formatVersion {
		return meta{}, version, true
	}
	m.clean = binary.LittleEndian.Uint32(b[12:])&1 != 0
	for i, p := range []*uint64{&m.generation, &m.epoch, &m.base, &m.tail, &m.limit} {
		*p = binary.LittleEndian.Uint64(b[16+8*i:])
	}
	if m.limit > maxSeq {
		return meta{}, version, false
	}
	n := int(binary.LittleEndian.Uint32(b[metaHead-4:]))
	if n > maxGaps || m.base == 0 || m.tail == 0 || m.limit < m.base || m.limit < m.tail {
		return meta{}, version, false
	}
	for i := range n {
		g := parseGap(b[metaHead+i*gapBytes:])
		if g.first > g.last || g.last >= m.limit {
			return meta{}, version, false
		}
		m.gaps = append(m.gaps, g)
	}
	return m, version, true
}

// newestMeta picks the newer of the two copies in b.
func newestMeta(b []byte) (newest meta, version uint32, ok bool) {
	for off := 0; off+metaSlot <= len(b) && off < 2*metaSlot; off += metaSlot {
		m, v, sound := parseMeta(b[off:])
		if !sound || ok && m.generation < newest.generation {
			continue
		}
		newest, version, ok = m, max(v, version), true
	}
	return newest, version, ok
}

// writeMeta changes the durable meta. It may be called from any goroutine
// that does not hold s.mu.
func (s *Spool) writeMeta(change func(*meta)) error {
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	m := s.meta
	s.mu.Lock()
	m.base = max(m.base, s.base)
	m.gaps = s.gaps.list()
	s.mu.Unlock()
	change(&m)
	m.limit = max(m.limit, m.base, m.tail)
	if n := len(m.gaps); n > 0 {
		m.limit = max(m.limit, m.gaps[n-1].last+1)
	}
	m.generation++
	b := m.encode()
	for off := int64(0); off < 2*metaSlot; off += metaSlot {
		if _, err := s.metaFile.WriteAt(b, off); err != nil {
			return s.fault("write meta", err)
		}
		if err := s.metaFile.Sync(); err != nil {
			return s.fault("sync meta", err)
		}
	}
	s.meta = m
	return nil
}
