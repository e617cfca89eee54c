package spool

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
)

// A block is a frame with many records. Its payload begins with five numbers
// (uvarint) that are read without inflating it: for how many sequence numbers
// it answers, how many of these were dropped, how long the frames of its
// records would be, how long those of the spare ones, and how long what follows
// is when inflated. Then comes a DEFLATE stream (RFC 1951) of entries:
//
//	uvarint length<<1 | spare, then that many bytes: a record
//	uvarint 0, uvarint n:                            n records that were dropped
//
// The numbers of a block follow each other from that of the frame on.
const (
	// blockBytes is how much is compressed together. A flipped byte costs so
	// much; twice as much would save a twentieth of the disk.
	blockBytes = 16 << 10
	// maxRaw bounds what a block inflates to: an entry may go beyond blockBytes.
	maxRaw = blockBytes + MaxRecord + 32
	// maxBlock bounds a block's payload: DEFLATE adds 5 bytes for each 64 KiB
	// that it cannot compress.
	maxBlock = maxRaw + 1024
)

// blockHead is what a block says of itself.
type blockHead struct {
	numbers uint64
	load
	raw  uint64
	size int // of the head itself
}

func (h blockHead) append(b []byte) []byte {
	for _, v := range []uint64{h.numbers, h.dropped, uint64(h.bytes), uint64(h.spare), h.raw} {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

func parseBlockHead(b []byte) (h blockHead, ok bool) {
	var v [5]uint64
	for i := range v {
		n, size := binary.Uvarint(b[h.size:])
		if size <= 0 || n >= maxSeq {
			return blockHead{}, false
		}
		v[i], h.size = n, h.size+size
	}
	h.numbers, h.dropped, h.bytes, h.spare, h.raw = v[0], v[1], int64(v[2]), int64(v[3]), v[4]
	return h, h.numbers > 0 && h.dropped <= h.numbers && h.spare <= h.bytes && h.raw <= maxRaw
}

// numbers is for how many sequence numbers a frame answers; 0: it is no frame
// after all.
func (h frame) numbers(payload []byte) uint64 {
	if h.tag != tagBlock {
		return 1
	}
	b, ok := parseBlockHead(payload)
	if !ok || h.seq > maxSeq-b.numbers {
		return 0
	}
	return b.numbers
}

// load is what a frame holds; only that of a block needs its payload.
func (h frame) load(payload []byte) load {
	switch h.tag {
	case tagSpare:
		return load{bytes: h.size(), spare: h.size()}
	case tagBlock:
		b, _ := parseBlockHead(payload)
		return b.load
	}
	return load{bytes: h.size()}
}

// entry is a record, or a run of records that were dropped.
type entry struct {
	seq     uint64
	n       uint64 // numbers: 1 for a record
	payload []byte
	spare   bool
	dropped bool
}

// inflater opens blocks, one at a time.
type inflater struct {
	z   io.ReadCloser
	in  bytes.Reader
	raw []byte
}

// open inflates a block; what it returns is good until the next call. ok is
// false where the block does not hold what it says, which its checksum has
// excluded but for a fault in this program.
func (f *inflater) open(payload []byte) (raw []byte, numbers uint64, ok bool) {
	h, ok := parseBlockHead(payload)
	if !ok {
		return nil, 0, false
	}
	f.in.Reset(payload[h.size:])
	if f.z == nil {
		f.z = flate.NewReader(&f.in)
	} else if f.z.(flate.Resetter).Reset(&f.in, nil) != nil {
		return nil, 0, false
	}
	if uint64(cap(f.raw)) < h.raw {
		f.raw = make([]byte, h.raw)
	}
	f.raw = f.raw[:h.raw]
	if _, err := io.ReadFull(f.z, f.raw); err != nil {
		return nil, 0, false
	}
	var more [1]byte
	if n, _ := f.z.Read(more[:]); n > 0 {
		return nil, 0, false
	}
	return f.raw, h.numbers, true
}

// cut takes the first entry off an inflated block.
func cut(raw []byte) (e entry, rest []byte, ok bool) {
	v, size := binary.Uvarint(raw)
	if size <= 0 {
		return e, nil, false
	}
	raw = raw[size:]
	if v == 0 {
		e.n, size = binary.Uvarint(raw)
		e.dropped = true
		return e, raw[max(size, 0):], size > 0 && e.n > 0 && e.n < maxSeq
	}
	if v>>1 < 1 || v>>1 > uint64(len(raw)) {
		return e, nil, false
	}
	e.n, e.payload, e.spare = 1, raw[:v>>1:v>>1], v&1 != 0
	return e, raw[v>>1:], true
}
