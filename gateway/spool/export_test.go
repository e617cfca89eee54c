package spool

import (
	"bytes"
	"time"
)

// Unkept returns options under which only Keep writes segments again.
func Unkept(o Options) Options {
	o.unkept = true
	return o
}

// Keep makes room now, as if each sealed segment were old enough to be packed.
func (s *Spool) Keep() error {
	short := s.look()
	for s.makeRoom(time.Now().Add(time.Hour), short) {
		short = s.look()
	}
	return s.Stats().Room
}

// Pack is Keep while there is room enough.
func (s *Spool) Pack() error {
	for s.makeRoom(time.Now().Add(time.Hour), false) {
	}
	return s.Stats().Room
}

// Squeeze packs all sealed segments and drops all their spare records.
func (s *Spool) Squeeze() error {
	for s.makeRoom(time.Now(), true) {
	}
	return s.Stats().Room
}

// Block makes the payload of a block; nil is a record that was dropped.
func Block(recs ...[]byte) []byte {
	p := &packer{}
	p.begin(nil, 1, 1)
	defer p.end()
	for _, r := range recs {
		_ = p.add(entry{n: 1, payload: r, dropped: r == nil}) // it stays in memory
	}
	_ = p.endBlock()
	return bytes.Clone(p.body.Bytes())
}

// OpenBlock reads a block's payload: a nil stands for a run of dropped records.
func OpenBlock(payload []byte) (recs [][]byte, numbers uint64, ok bool) {
	var inf inflater
	raw, numbers, ok := inf.open(payload)
	left := numbers
	for ok && len(raw) > 0 {
		var e entry
		if e, raw, ok = cut(raw); !ok || e.n > left {
			return recs, numbers, false
		}
		left -= e.n
		recs = append(recs, e.payload)
	}
	return recs, numbers, ok
}
