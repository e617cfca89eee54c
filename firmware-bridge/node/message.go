package node

import (
	"math"

	"plantroom"
)

// Version is the first item of each message.
const Version = 1

// Bounds of what a message holds, in bytes of text.
const (
	MaxSignal   = 32
	MaxState    = 32
	MaxFirmware = 24
	MaxOutput   = 15 // the highest number of an output
)

// Kind says what a message is.
type Kind uint8

// The messages: the first three come from a node, the others go to it.
const (
	Hello   Kind = 1  // who the node is and how it fares: at its start, and every minute
	Reading Kind = 2  // one value; again until acknowledged
	Done    Kind = 3  // what became of a command
	Ack     Kind = 16 // a reading is safe
	Command Kind = 17 // set an output; again until done
)

// items is the length of each message's array.
var items = map[Kind]int{Hello: 7, Reading: 9, Done: 6, Ack: 5, Command: 6}

// Message is one message of the link. Which fields count is said beside them.
type Message struct {
	Kind Kind
	Node uint16 // all: the node that speaks or is spoken to; not 0
	Boot uint32 // all but Command: another number after each start of the node

	Firmware string // Hello: as in 1.4.0
	Uptime   uint32 // Hello: ms since the node's start, modulo 2³²
	Dropped  uint32 // Hello: readings that the node's queue had no room for since its start

	Seq    uint32          // Reading, Ack: 1 for the first reading after a start
	Signal string          // Reading: a-z, 0-9 and _
	Value  plantroom.Value // Reading: a finite number of single precision, a state, a truth value
	At     uint32          // Reading: uptime when it was measured, ms modulo 2³²
	Age    uint32          // Reading: ms from then until this frame was sent

	ID     uint32 // Command, Done: which command
	Output uint8  // Command: 0 to MaxOutput
	On     bool   // Command: to switch on; Done: it was carried out
}

// Check names what is wrong with a message, or gives nil.
func (m *Message) Check() error {
	bad := func(format string, args ...any) error {
		return plantroom.Errorf(plantroom.CodeInvalid, "message of kind %d for node %d: "+format, append([]any{m.Kind, m.Node}, args...)...)
	}
	switch {
	case items[m.Kind] == 0:
		return bad("there is no such kind")
	case m.Node == 0:
		return bad("a node's number is 1 to 65535")
	case m.Kind == Hello && (len(m.Firmware) > MaxFirmware || !printable(m.Firmware)):
		return bad("firmware %.40q is not up to %d printable bytes", m.Firmware, MaxFirmware)
	case (m.Kind == Reading || m.Kind == Ack) && m.Seq == 0:
		return bad("sequence numbers begin at 1")
	case m.Kind == Reading && !named(m.Signal):
		return bad("signal %.40q is not 1 to %d of a-z 0-9 _", m.Signal, MaxSignal)
	case m.Kind == Command && m.Output > MaxOutput:
		return bad("output %d is beyond %d", m.Output, MaxOutput)
	}
	if m.Kind != Reading {
		return nil
	}
	switch v := m.Value; v.Kind() {
	case plantroom.NoValue:
		return bad("it has no value")
	case plantroom.FloatKind:
		if f := float64(float32(v.Num())); f != v.Num() || math.IsInf(f, 0) {
			return bad("%s is no finite number of single precision", v)
		}
	case plantroom.StringKind:
		if len(v.Str()) > MaxState {
			return bad("a state of %d bytes: at most %d", len(v.Str()), MaxState)
		}
	}
	return nil
}

func named(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= MaxSignal
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Append appends a message as a frame, delimiters included. The error is
// Check's.
func Append(dst []byte, m Message) ([]byte, error) {
	var b [MaxBody]byte
	body, err := appendBody(b[:0], m)
	if err != nil {
		return dst, err
	}
	return appendFrame(dst, body), nil
}

func appendBody(b []byte, m Message) ([]byte, error) {
	if err := m.Check(); err != nil {
		return b, err
	}
	b = appendHead(b, majorArray, uint32(items[m.Kind]))
	b = append(b, Version, byte(m.Kind))
	b = appendHead(b, majorUint, uint32(m.Node))
	if m.Kind != Command {
		b = appendHead(b, majorUint, m.Boot)
	}
	switch m.Kind {
	case Hello:
		b = appendText(b, m.Firmware)
		b = appendHead(b, majorUint, m.Uptime)
		b = appendHead(b, majorUint, m.Dropped)
	case Reading:
		b = appendHead(b, majorUint, m.Seq)
		b = appendValue(appendText(b, m.Signal), m.Value)
		b = appendHead(b, majorUint, m.At)
		b = appendHead(b, majorUint, m.Age)
	case Ack:
		b = appendHead(b, majorUint, m.Seq)
	case Done:
		b = appendBool(appendHead(b, majorUint, m.ID), m.On)
	case Command:
		b = appendHead(b, majorUint, m.ID)
		b = appendBool(appendHead(b, majorUint, uint32(m.Output)), m.On)
	}
	return b, nil
}

func appendValue(b []byte, v plantroom.Value) []byte {
	switch v.Kind() {
	case plantroom.FloatKind:
		return appendFloat(b, float32(v.Num()))
	case plantroom.StringKind:
		return appendText(b, v.Str())
	}
	return appendBool(b, v.True())
}

// Decode reads a frame: what stood between two delimiters. Whatever is not
// exactly what Append writes is CodeInvalid; see IsNoise. frame is
// overwritten; nothing in the result aliases it.
func Decode(frame []byte) (Message, error) {
	body, err := unframe(frame)
	if err != nil {
		return Message{}, err
	}
	return decodeBody(body)
}

func decodeBody(body []byte) (Message, error) {
	r := &reader{b: body}
	n := r.head(majorArray, 23, "a message")
	if v := r.uint(math.MaxUint32, "a version"); r.err == nil && v != Version {
		r.fail("version %d of the link: this side speaks %d and has to be upgraded", v, Version)
	}
	m := Message{Kind: Kind(r.uint(math.MaxUint8, "a kind of message"))}
	if want := items[m.Kind]; r.err == nil && int(n) != want {
		r.fail("a message of kind %d with %d items: not known here", m.Kind, n)
	}
	m.Node = uint16(r.uint(math.MaxUint16, "a node"))
	if m.Kind != Command {
		m.Boot = r.uint(math.MaxUint32, "a boot")
	}
	r.rest(&m)
	if err := r.end(); err != nil {
		return Message{}, err
	}
	if err := m.Check(); err != nil {
		return Message{}, err
	}
	return m, nil
}

// rest reads the items that a kind alone has.
func (r *reader) rest(m *Message) {
	const max = math.MaxUint32
	switch m.Kind {
	case Hello:
		m.Firmware = r.text(MaxFirmware, "a firmware version")
		m.Uptime, m.Dropped = r.uint(max, "an uptime"), r.uint(max, "a count of dropped readings")
	case Reading:
		m.Seq, m.Signal, m.Value = r.uint(max, "a sequence number"), r.text(MaxSignal, "a signal"), r.value()
		m.At, m.Age = r.uint(max, "a time"), r.uint(max, "an age")
	case Ack:
		m.Seq = r.uint(max, "a sequence number")
	case Done:
		m.ID, m.On = r.uint(max, "a command's number"), r.bool("done, true or false")
	case Command:
		m.ID, m.Output, m.On = r.uint(max, "a command's number"), uint8(r.uint(MaxOutput, "an output")), r.bool("on, true or false")
	}
}
