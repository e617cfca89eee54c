package device

import (
	"encoding/binary"

	registers "plantroom/firmware-bridge/modbus"
)

// Health is how a Slave answers.
type Health string

// The healths.
const (
	Well    Health = ""        // it answers what it is asked
	Silent  Health = "silent"  // it does not: no power, or its wire is off
	Garbled Health = "garbled" // a bit of each answer is wrong
)

// Slave is a Modbus device: four tables, in which everything is 0 that nobody
// has set.
type Slave struct {
	Health Health
	tables map[registers.Table]map[uint16]uint16
}

// NewSlave makes a Slave.
func NewSlave() *Slave { return &Slave{tables: map[registers.Table]map[uint16]uint16{}} }

// Set puts values into a table, one address after the other; in a table of
// bits whatever is not 0 is on.
func (s *Slave) Set(table registers.Table, address uint16, values ...uint16) {
	if s.tables[table] == nil {
		s.tables[table] = map[uint16]uint16{}
	}
	for i, v := range values {
		s.tables[table][address+uint16(i)] = v
	}
}

// The functions that read (MODBUS Application Protocol V1.1b3, section 6).
var tables = map[byte]registers.Table{1: registers.Coil, 2: registers.Discrete, 3: registers.Holding, 4: registers.Input}

const illegalFunction = 1 // an exception (section 7)

// answer is the answer to a question of 6 bytes without its checksum.
func (s *Slave) answer(q []byte) []byte {
	unit, function := q[0], q[1]
	address, count := binary.BigEndian.Uint16(q[2:]), binary.BigEndian.Uint16(q[4:])
	table, reads := tables[function]
	switch {
	case !reads:
		return []byte{unit, function | 0x80, illegalFunction}
	case table.Bits():
		a := make([]byte, 3+(int(count)+7)/8)
		a[0], a[1], a[2] = unit, function, byte(len(a)-3)
		for i := range count {
			if s.tables[table][address+i] != 0 {
				a[3+i/8] |= 1 << (i % 8)
			}
		}
		return a
	}
	a := []byte{unit, function, byte(2 * count)}
	for i := range count {
		a = binary.BigEndian.AppendUint16(a, s.tables[table][address+i])
	}
	return a
}

// Read is what the device answers to a request over TCP.
func (s *Slave) Read(r *registers.Request) (a registers.Answer) {
	for i := range r.Count {
		v := s.tables[r.Table][r.Address+i]
		if r.Table.Bits() {
			a.Bits = append(a.Bits, v != 0)
		} else {
			a.Words = append(a.Words, v)
		}
	}
	return a
}
