package spool

import (
	"encoding/binary"
	"hash/crc32"
)

// MaxRecord is the longest record that a spool takes, in bytes.
const MaxRecord = 256 << 10

// frameHeader is the length of what stands before a payload: length u24, tag
// u8, sequence u64, payload checksum u32, header checksum u32.
const frameHeader = 20

// tag says what a frame holds. It is the highest byte of what was the length
// in format 1, where it is zero because a record is at most 256 KiB.
type tag uint8

const (
	tagKept  tag = iota // a record that stays until it is acknowledged
	tagSpare            // a record that may be dropped to make room
	tagBlock            // many records, compressed
	tags
)

// minFrame is the length of the shortest frame: records are not empty.
const minFrame = frameHeader + 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seedOf returns the value that the checksums of an epoch's frames start from.
func seedOf(epoch uint64) uint32 {
	return crc32.Checksum(binary.LittleEndian.AppendUint64(nil, epoch), castagnoli)
}

// frame is the header of one record.
type frame struct {
	length int
	tag    tag
	seq    uint64
	sum    uint32 // of the payload
}

// size is what the frame takes on disk, in bytes.
func (h frame) size() int64 { return frameHeader + int64(h.length) }

// appendFrame appends the framed payload to dst.
func appendFrame(dst []byte, seed uint32, t tag, seq uint64, payload []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload))|uint32(t)<<24)
	dst = binary.LittleEndian.AppendUint64(dst, seq)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Update(seed, castagnoli, payload))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Update(seed, castagnoli, dst[at:]))
	return append(dst, payload...)
}

// parseFrame reads a frame's header from the first frameHeader bytes of b.
// Only numbers from lo to hi are possible there; anything else is no frame. A
// block may begin with any number from lo on: there is no telling how many are
// in the block before it.
func parseFrame(b []byte, seed uint32, lo, hi uint64) (frame, bool) {
	b = b[:frameHeader]
	h := frame{
		length: int(b[0]) | int(b[1])<<8 | int(b[2])<<16,
		tag:    tag(b[3]),
		seq:    binary.LittleEndian.Uint64(b[4:]),
		sum:    binary.LittleEndian.Uint32(b[12:]),
	}
	longest := MaxRecord
	if h.tag == tagBlock {
		longest, hi = maxBlock, maxSeq
	}
	if h.tag >= tags || h.length < 1 || h.length > longest || h.seq < lo || h.seq > hi {
		return frame{}, false
	}
	return h, crc32.Update(seed, castagnoli, b[:16]) == binary.LittleEndian.Uint32(b[16:])
}

// holds reports whether payload is what the header was written for.
func (h frame) holds(seed uint32, payload []byte) bool {
	return crc32.Update(seed, castagnoli, payload) == h.sum
}
