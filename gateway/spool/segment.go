package spool

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// formatVersion is the version of the files. Newer ones are refused. Version 1
// knew neither tags nor blocks; what it wrote reads the same.
const formatVersion = 2

// maxSeq is above all sequence numbers.
const maxSeq = uint64(1) << 63

const (
	segmentMagic  = "plspool\n"
	segmentHeader = 40
	segmentSuffix = ".seg"
	corruptSuffix = ".corrupt"
	freshSuffix   = ".new"   // of a segment that is being written again
	indexEvery    = 32 << 10 // bytes between two marks of a segment's index
)

// mark says where in a segment a record stands.
type mark struct {
	seq uint64
	off int64
}

// segment is one file of records. The writer's goroutine changes next, end,
// size and index under the spool's lock; all before end is durable.
type segment struct {
	name  string // without the directory
	first uint64 // its first number, also where no record has been written
	next  uint64 // the number after its last one
	end   int64  // of the durable records
	size  int64  // of the file
	index []mark // every indexEvery bytes or so, ascending

	load             // what is in it
	packed bool      // it is in blocks
	left   bool      // it has damage, and is not written again
	since  time.Time // when it was begun or found
}

// load is what a piece of a segment holds.
type load struct {
	bytes   int64  // of all records, in frames of their own
	spare   int64  // of those that may be dropped
	dropped uint64 // numbers whose records were dropped
}

func (l *load) add(m load) {
	l.bytes, l.spare, l.dropped = l.bytes+m.bytes, l.spare+m.spare, l.dropped+m.dropped
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

// firstOf reads the first number from a segment's name.
func firstOf(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, err == nil && first > 0
}

// find returns the last mark at or before seq.
func (g *segment) find(seq uint64) mark {
	at := mark{g.first, segmentHeader}
	lo, hi := 0, len(g.index)
	for lo < hi {
		mid := (lo + hi) / 2
		if g.index[mid].seq <= seq {
			at, lo = g.index[mid], mid+1
		} else {
			hi = mid
		}
	}
	return at
}

// note adds a record to the index where the last mark is far enough behind.
func note(index []mark, seq uint64, off int64) []mark {
	last := int64(segmentHeader)
	if n := len(index); n > 0 {
		last = index[n-1].off
	}
	if off-last < indexEvery {
		return index
	}
	return append(index, mark{seq, off})
}

// segmentHead is what a segment's header says.
type segmentHead struct {
	version uint32
	epoch   uint64
	first   uint64
}

func (h segmentHead) encode() []byte {
	b := make([]byte, 0, segmentHeader)
	b = append(b, segmentMagic...)
	b = binary.LittleEndian.AppendUint32(b, h.version)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, h.epoch)
	b = binary.LittleEndian.AppendUint64(b, h.first)
	b = binary.LittleEndian.AppendUint32(b, 0)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseSegmentHead reads a header; ok is false where it is damaged.
func parseSegmentHead(b []byte) (h segmentHead, ok bool) {
	if len(b) < segmentHeader || string(b[:8]) != segmentMagic ||
		crc32.Checksum(b[:36], castagnoli) != binary.LittleEndian.Uint32(b[36:]) {
		return segmentHead{}, false
	}
	return segmentHead{
		version: binary.LittleEndian.Uint32(b[8:]),
		epoch:   binary.LittleEndian.Uint64(b[16:]),
		first:   binary.LittleEndian.Uint64(b[24:]),
	}, true
}
