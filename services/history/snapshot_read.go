package history

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"

	"plantroom"
)

// errDamaged is why a file is not used.
var errDamaged = plantroom.Errorf(plantroom.CodeInvalid, "the history's file is damaged, or of another version")

// Load reads a file that Save has written. It is refused as a whole where a byte
// of it is wrong.
func Load(path string) (*Table, Position, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Position{}, err
	}
	defer f.Close()
	return readWhole(f)
}

// readWhole reads a file to its end, its sum included.
func readWhole(f io.Reader) (*Table, Position, error) {
	sum := sha256.New()
	in := bufio.NewReaderSize(f, 64<<10)
	t, at, err := read(io.TeeReader(in, sum))
	if err != nil {
		return nil, Position{}, err
	}
	var want [sha256.Size]byte
	if _, err := io.ReadFull(in, want[:]); err != nil || want != [sha256.Size]byte(sum.Sum(nil)) {
		return nil, Position{}, errDamaged
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, Position{}, errDamaged
	}
	return t, at, nil
}

// read reads up to the empty frame. It takes no more memory than a small multiple
// of what it has read, and makes nothing that a Table could trip over, whatever the bytes.
func read(in io.Reader) (*Table, Position, error) {
	head := make([]byte, len(fileLine)+4)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(fileLine)]) != fileLine ||
		binary.LittleEndian.Uint32(head[len(fileLine):]) != fileVersion {
		return nil, Position{}, errDamaged
	}
	r := reader{table: NewTable()}
	for buf := make([]byte, 0, frameSize); ; {
		var frame [5]byte
		if _, err := io.ReadFull(in, frame[:]); err != nil {
			return nil, Position{}, errDamaged
		}
		kind, size := frame[0], binary.LittleEndian.Uint32(frame[1:])
		if size > maxFrame || kind < r.kind && kind != frameEnd || kind == frameEnd && size > 0 {
			return nil, Position{}, errDamaged
		}
		if kind == frameEnd {
			return r.table, r.at, nil
		}
		if int(size) > cap(buf) {
			buf = make([]byte, 0, size)
		}
		if _, err := io.ReadFull(in, buf[:size]); err != nil {
			return nil, Position{}, errDamaged
		}
		r.kind = kind
		for c := (coder{b: buf[:size], reading: true}); len(c.b) > 0; {
			if !r.row(&c) || c.short {
				return nil, Position{}, errDamaged
			}
		}
	}
}

// reader takes rows in.
type reader struct {
	table *Table
	at    Position
	kind  byte // of the frame
}

// row takes in one row, and reports whether it can be.
func (r *reader) row(c *coder) bool {
	t := r.table
	switch r.kind {
	case frameHead:
		c.i64(&r.at.Seq)
		c.bytes(r.at.Hash[:])
		c.instant(&t.began)
		return r.at.Seq >= 0
	case frameAssets:
		return readName(c, &t.assets)
	case frameBuildings:
		return readName(c, &t.buildings)
	case frameDomains:
		return readName(c, &t.domains)
	case frameRules:
		return readName(c, &t.rules)
	case frameCauses:
		return readName(c, &t.causes)
	case frameContractors:
		return readName(c, &t.contractors)
	case frameOrders:
		return r.order(c)
	case frameLate, frameDeclined:
		return r.beside(c)
	case frameIncidents, frameOdd, frameClaims:
		return r.incident(c)
	}
	return false
}

func readName[T ~string](c *coder, n *names[T]) bool {
	var text string
	c.text(&text)
	if n.knows(T(text)) || len(n.list) >= math.MaxInt32 {
		return false
	}
	n.number(T(text))
	return true
}

// order takes in an order. Their numbers run without many holes: a file in which
// they do not would take a chunk of memory for each.
func (r *reader) order(c *coder) bool {
	var n uint32
	var o orderRow
	c.u32(&n)
	o.code(c)
	t := r.table
	if c.short || n == 0 || n >= maxOrder || int(n/chunkRows) > 16+t.count/(chunkRows/4) || t.has(n) || o.state == 0 || int(o.state) > len(States) ||
		int(o.worst) > kinds || !o.clocks.valid() || !r.named(o.asset, o.building, o.domain, o.rule, o.cause) || int(o.holder) >= len(t.contractors.list) {
		return false
	}
	t.setOrder(n, &o)
	return true
}

func (r *reader) named(asset, building, domain, rule, cause uint32) bool {
	t := r.table
	return int(asset) < len(t.assets.list) && int(building) < len(t.buildings.list) && int(domain) < len(t.domains.list) &&
		int(rule) < len(t.rules.list) && int(cause) < len(t.causes.list)
}

func (r *reader) beside(c *coder) bool {
	t, n := r.table, uint32(0)
	c.u32(&n)
	if !t.has(n) {
		return false
	}
	if r.kind == frameLate {
		var s span
		c.instant(&s.From)
		c.instant(&s.To)
		t.late[n] = s
		return true
	}
	var k uint32
	c.u32(&k)
	t.declined[n] = append(t.declined[n], k)
	return int(k) < len(t.contractors.list)
}

func (r *reader) incident(c *coder) bool {
	t := r.table
	switch r.kind {
	case frameOdd:
		var row uint32
		var id string
		c.u32(&row)
		c.text(&id)
		t.odd[row] = plantroom.IncidentID(id)
		return int(row) < t.episodes
	case frameClaims:
		var key incidentKey
		var n uint32
		c.bytes(key[:])
		c.u32(&n)
		t.claims[key] = n
		return n > 0 && n < maxOrder
	}
	var in incidentRow
	in.code(c)
	if _, twice := t.rowOf[in.key]; c.short || twice || int(in.state) >= len(incidentStates) || in.order >= maxOrder ||
		!r.named(in.asset, in.building, in.domain, in.rule, in.cause) {
		return false
	}
	t.setIncident(&in)
	return true
}
