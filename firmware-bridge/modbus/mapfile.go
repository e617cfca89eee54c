package modbus

import (
	_ "embed"

	"plantroom"
)

// Schema is the JSON Schema of a map.
//
//go:embed map.schema.json
var Schema []byte

// The limits of a map.
const (
	MaxRegisters = 125  // of one request (V1.1b3, sections 6.3 and 6.4)
	MaxBits      = 2000 // of one request (sections 6.1 and 6.2)
	MaxPoints    = 60   // of one map; with what the gateway says of a device, a device has at most 64 signals
)

// Map says what a type of device keeps in its registers.
type Map struct {
	Name   string  `json:"name"`
	Doc    string  `json:"doc,omitempty"`
	Source string  `json:"source,omitempty"`        // the maker's document, or "unverified"
	Most   uint16  `json:"max_registers,omitempty"` // of one request, where the device takes less than 125
	Blocks []Block `json:"blocks"`
}

// Block is a run of registers or bits that the device has without a hole, so
// that one request may span them.
type Block struct {
	Table   Table              `json:"table"`
	Address uint16             `json:"address"` // from 0
	Count   uint16             `json:"count"`
	Period  plantroom.Duration `json:"period,omitempty"` // between two requests; 10 s
	Points  []Point            `json:"points"`
}

// Table is one of the four tables of a Modbus device.
type Table string

// The tables. The first two hold registers, the others bits.
const (
	Holding  Table = "holding"  // read with function 3
	Input    Table = "input"    // function 4
	Coil     Table = "coil"     // function 1
	Discrete Table = "discrete" // function 2
)

// Bits reports whether the table holds bits rather than registers.
func (t Table) Bits() bool { return t == Coil || t == Discrete }

// Type is how a value lies in its registers.
type Type string

// The types. Bit is one bit of a register, or of a table of bits.
const (
	Bit     Type = "bit"
	Uint16  Type = "uint16"
	Int16   Type = "int16"
	Uint32  Type = "uint32"
	Int32   Type = "int32"
	Float32 Type = "float32" // IEEE 754
)

// Order is how the bytes ABCD of a value lie in its registers.
type Order string

// The orders.
const (
	Big     Order = "big"     // AB CD: the usual one
	Swapped Order = "swapped" // CD AB: the low register first
	Little  Order = "little"  // DC BA; a 16-bit value: BA
)

// Point is one signal in the registers.
type Point struct {
	Signal  string  `json:"signal"`
	Address uint16  `json:"address"`
	Type    Type    `json:"type,omitempty"`  // in a table of bits: Bit, or nothing
	Bit     uint8   `json:"bit,omitempty"`   // Bit in a register: 0 is the lowest
	Order   Order   `json:"order,omitempty"` // Big
	Mask    uint32  `json:"mask,omitempty"`  // unsigned types: the bits that count, moved down to the lowest of them
	Scale   float64 `json:"scale,omitempty"` // value × Scale + Offset; 1
	Offset  float64 `json:"offset,omitempty"`
	Unit    string  `json:"unit,omitempty"` // for people

	Min *float64 `json:"min,omitempty"` // after scaling
	Max *float64 `json:"max,omitempty"`

	Values map[string]string `json:"values,omitempty"` // number as text → state; then the signal is a state
	Absent []uint32          `json:"absent,omitempty"` // raw contents that mean "no value"

	// OnlyMapped leaves the signal out where the gateway's file does not map
	// it: an input of a board means nothing before somebody says what is
	// wired to it.
	OnlyMapped bool   `json:"only_mapped,omitempty"`
	Doc        string `json:"doc,omitempty"`
}

// registers is how many registers or bits the point takes.
func (p *Point) registers() int {
	switch p.Type {
	case Uint32, Int32, Float32:
		return 2
	}
	return 1
}
