package spool

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"sync"
)

// flushBytes is how much of a segment in blocks is written at once.
const flushBytes = 256 << 10

// packer writes a segment in blocks.
type packer struct {
	seed uint32
	to   File
	off  int64 // of the bytes written
	out  []byte

	z     *flate.Writer
	body  bytes.Buffer // the block's payload
	raw   []byte       // its entries
	first uint64       // its first number
	next  uint64       // the number after its last one
	run   uint64       // dropped numbers that are not in raw yet
	block load

	total load
	index []mark
}

// deflaters are compressors that nobody uses: each is more than a megabyte.
var deflaters = sync.Pool{New: func() any {
	z, _ := flate.NewWriter(nil, flate.BestSpeed) // it fails for a level that does not exist only
	return z
}}

// begin starts a segment in an empty file. end gives back what it takes.
func (p *packer) begin(to File, epoch, first uint64) {
	p.to, p.first, p.next = to, first, first
	p.out = append(p.out, segmentHead{formatVersion, epoch, first}.encode()...)
	p.z = deflaters.Get().(*flate.Writer)
}

func (p *packer) end() {
	p.z.Reset(nil)
	deflaters.Put(p.z)
}

// add puts an entry into the block; they come without a hole.
func (p *packer) add(e entry) error {
	p.next += e.n
	if e.dropped {
		p.run += e.n
		p.block.dropped += e.n
		return nil
	}
	p.endRun()
	head, t := uint64(len(e.payload))<<1, tagKept
	if e.spare {
		head, t = head|1, tagSpare
	}
	p.block.add(frame{length: len(e.payload), tag: t}.load(nil))
	p.raw = append(binary.AppendUvarint(p.raw, head), e.payload...)
	if len(p.raw) >= blockBytes {
		return p.endBlock()
	}
	return nil
}

func (p *packer) endRun() {
	if p.run > 0 {
		p.raw = binary.AppendUvarint(append(p.raw, 0), p.run)
		p.run = 0
	}
}

// endBlock compresses the block.
func (p *packer) endBlock() error {
	p.endRun()
	if p.next == p.first {
		return nil
	}
	head := blockHead{numbers: p.next - p.first, load: p.block, raw: uint64(len(p.raw))}
	p.body.Reset()
	p.body.Write(head.append(nil))
	p.z.Reset(&p.body)
	_, err := p.z.Write(p.raw)
	if err = errors.Join(err, p.z.Close()); err != nil {
		return err
	}
	p.index = note(p.index, p.first, p.off+int64(len(p.out)))
	p.out = appendFrame(p.out, p.seed, tagBlock, p.first, p.body.Bytes())
	p.total.add(p.block)
	p.raw, p.block, p.first = p.raw[:0], load{}, p.next
	if len(p.out) >= flushBytes {
		return p.flush()
	}
	return nil
}

func (p *packer) flush() error {
	if _, err := p.to.WriteAt(p.out, p.off); err != nil {
		return err
	}
	p.off += int64(len(p.out))
	p.out = p.out[:0]
	return nil
}

// finish makes the file durable, under its own name still.
func (p *packer) finish() error {
	if err := p.endBlock(); err != nil {
		return err
	}
	if err := p.flush(); err != nil {
		return err
	}
	return p.to.Sync()
}
