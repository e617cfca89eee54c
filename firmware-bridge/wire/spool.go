package wire

import "plantroom"

// ClockState is how far a gateway's clock can be believed.
type ClockState uint8

// The states of a clock.
const (
	ClockSet   ClockState = iota // it is right
	ClockHeld                    // it was right since the machine's start, and is continued
	ClockUnset                   // it is a guess
)

var clockStates = [...]string{"set", "held", "unset"}

// String gives the state's word.
func (c ClockState) String() string {
	if int(c) < len(clockStates) {
		return clockStates[c]
	}
	return "unknown"
}

// Spool is how full a gateway's spool is, retained on its "spool" topic. It is a
// message of its own, and not a part of State: a receiver of before it would
// refuse a longer State, and does not ask for this topic.
type Spool struct {
	Gateway plantroom.GatewayID
	Epoch   uint64
	Used    uint64 // bytes of its files
	Limit   uint64 // bytes from which on it refuses readings
	Clock   ClockState
	At      plantroom.Instant
}

// AppendSpool appends a message about a spool.
func AppendSpool(dst []byte, s Spool) ([]byte, error) {
	if err := plantroom.ValidID(string(s.Gateway)); err != nil {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "spool of gateway: %w", err)
	}
	if s.Used > maxSequence || s.Limit > maxSequence || int(s.Clock) >= len(clockStates) {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "spool with %d of %d bytes used and clock state %d: out of range", s.Used, s.Limit, s.Clock)
	}
	dst = appendMessage(dst, messageSpool, spoolItems)
	dst = appendText(dst, string(s.Gateway))
	dst = appendHead(dst, majorUint, s.Epoch)
	dst = appendHead(dst, majorUint, s.Used)
	dst = appendHead(dst, majorUint, s.Limit)
	dst = appendHead(dst, majorUint, uint64(s.Clock))
	return appendInt(dst, int64(s.At)), nil
}

// DecodeSpool reads a message about a spool.
func DecodeSpool(p []byte) (Spool, error) {
	r := reader{b: p}
	readMessage(&r, messageSpool, spoolItems)
	s := Spool{
		Gateway: readGateway(&r),
		Epoch:   r.uint("the epoch"),
		Used:    r.sequence("the bytes that are used"),
		Limit:   r.sequence("the limit in bytes"),
	}
	state := r.uint("the state of the clock")
	if r.err == nil && state >= uint64(len(clockStates)) {
		r.fail("clock state %d is not 0 to %d", state, len(clockStates)-1)
	}
	s.Clock = ClockState(state)
	s.At = r.instant("the time of the message")
	if err := r.end(); err != nil {
		return Spool{}, err
	}
	return s, nil
}
