package smp

import (
	"encoding/binary"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"plantroom"
)

const headerSize = 8

// Op says what a message is.
type Op uint8

// The operations.
const (
	Read         Op = 0
	ReadAnswer   Op = 1
	Write        Op = 2
	WriteAnswer  Op = 3
	version2     Op = 1 << 3 // in the header of a request: errors come with their group
	operationBit    = 7
)

// Command names what is asked for: group and number, and whether it changes
// something.
type Command struct {
	Op    Op
	Group uint16
	ID    uint8
}

// The commands that are known here.
var (
	Echo       = Command{Write, 0, 0}
	Reset      = Command{Write, 0, 5}
	Parameters = Command{Read, 0, 6}
	State      = Command{Read, 1, 0}
	SetState   = Command{Write, 1, 0}
	Upload     = Command{Write, 1, 1}
)

// EchoBody is the request of Echo.
type EchoBody struct {
	Text string `cbor:"d"`
}

// EchoAnswer is its answer.
type EchoAnswer struct {
	Text string `cbor:"r"`
}

// ParametersAnswer says what a node takes.
type ParametersAnswer struct {
	Size  uint32 `cbor:"buf_size"` // of a message, header included
	Count uint32 `cbor:"buf_count"`
}

// SetStateBody asks for an image to run on trial at the next start or, with
// Confirm, for what runs to stay.
type SetStateBody struct {
	Hash    []byte `cbor:"hash,omitempty"`
	Confirm bool   `cbor:"confirm"`
}

// Slot is one image of a node.
type Slot struct {
	Image     uint32 `cbor:"image"`
	Slot      uint32 `cbor:"slot"`
	Version   string `cbor:"version"`
	Hash      []byte `cbor:"hash"`
	Bootable  bool   `cbor:"bootable"`
	Pending   bool   `cbor:"pending"` // runs at the next start
	Confirmed bool   `cbor:"confirmed"`
	Active    bool   `cbor:"active"` // runs now
	Permanent bool   `cbor:"permanent"`
}

// StateAnswer is the answer of State and SetState.
type StateAnswer struct {
	Images []Slot `cbor:"images"`
}

// UploadBody carries a piece of an image. Len and SHA, which names the upload so
// that it can go on after a cut, belong to the piece at 0.
type UploadBody struct {
	Off  uint32 `cbor:"off"`
	Len  uint32 `cbor:"len,omitempty"`
	SHA  []byte `cbor:"sha,omitempty"`
	Data []byte `cbor:"data"`
}

// UploadAnswer says which piece the node wants next.
type UploadAnswer struct {
	Off *uint32 `cbor:"off"`
}

// encoding is what nodes with small parsers understand, decoding what they send:
// zcbor writes maps of indefinite length. Bounds are set for hostile ones.
var (
	encoding = must(cbor.CoreDetEncOptions().EncMode())
	decoding = must(cbor.DecOptions{MaxNestedLevels: 6, MaxArrayElements: 64, MaxMapPairs: 64}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the options are constants
	}
	return v
}

// Encode makes a message. body is one of the types above, or nil.
func Encode(c Command, sequence uint8, body any) ([]byte, error) {
	if body == nil {
		body = struct{}{}
	}
	b, err := encoding.Marshal(body)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxMessage-headerSize {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "SMP message of %d bytes: at most %d", len(b)+headerSize, MaxMessage)
	}
	m := []byte{byte(c.Op | version2), 0, 0, 0, 0, 0, sequence, c.ID}
	binary.BigEndian.PutUint16(m[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(m[4:], c.Group)
	return append(m, b...), nil
}

// Answers reports whether a message is the answer to a command.
func Answers(message []byte, c Command, sequence uint8) bool {
	return len(message) >= headerSize && Op(message[0]&operationBit) == c.Op+1 &&
		binary.BigEndian.Uint16(message[4:]) == c.Group && message[6] == sequence && message[7] == c.ID
}

// Refusal is a node's answer that it will not.
type Refusal struct {
	Group  uint16 // of the code, in SMP's second version; else 0
	Code   int    // MGMT_ERR_…, or the group's own
	Reason string // the node's words, or ""
}

// NotSupported reports whether the node does not know the command.
func (r *Refusal) NotSupported() bool { return r.Group == 0 && r.Code == 8 }

// Error gives the node's words.
func (r *Refusal) Error() string {
	if r.Reason != "" {
		return "the node refuses: " + r.Reason
	}
	return fmt.Sprintf("the node refuses with code %d of group %d", r.Code, r.Group)
}

// failure is what a refusal looks like in both versions.
type failure struct {
	RC     int    `cbor:"rc"`
	Reason string `cbor:"rsn"`
	Err    struct {
		Group uint16 `cbor:"group"`
		RC    int    `cbor:"rc"`
	} `cbor:"err"`
}

// Decode reads an answer into one of the types above, or nil for none. The error
// is a *Refusal where the node says so, else CodeInvalid.
func Decode(message []byte, into any) error {
	if len(message) < headerSize || int(binary.BigEndian.Uint16(message[2:])) != len(message)-headerSize {
		return plantroom.Errorf(plantroom.CodeInvalid, "SMP answer: its length is not that of the message")
	}
	body := message[headerSize:]
	if len(body) == 0 {
		body = []byte{0xa0}
	}
	var f failure
	if err := decoding.Unmarshal(body, &f); err != nil {
		return plantroom.Errorf(plantroom.CodeInvalid, "SMP answer: %w", err)
	}
	if f.RC != 0 || f.Err.RC != 0 {
		r := &Refusal{Code: f.RC, Reason: clip(f.Reason)}
		if f.RC == 0 {
			r.Group, r.Code = f.Err.Group, f.Err.RC
		}
		return r
	}
	if into == nil {
		return nil
	}
	if err := decoding.Unmarshal(body, into); err != nil {
		return plantroom.Errorf(plantroom.CodeInvalid, "SMP answer: %w", err)
	}
	return nil
}

func clip(s string) string { return s[:min(len(s), 200)] }
