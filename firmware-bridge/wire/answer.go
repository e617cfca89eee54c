package wire

import (
	"crypto/sha256"

	"plantroom"
)

// Outcome is what became of a configuration.
type Outcome uint8

// The outcomes. Unsent is what a gateway says to which none has come.
const (
	Unsent   Outcome = iota
	Pending          // at work, on probation
	Applied          // at work, proven
	Refused          // never put to work
	Reverted         // was put to work and taken back
)

var outcomes = [...]string{"unsent", "pending", "applied", "refused", "reverted"}

// String gives the outcome's word.
func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return "unknown"
}

// ConfigSum names one message with a configuration: its SHA-256. It also names
// a message that cannot be decoded.
type ConfigSum [sha256.Size]byte

// SumOfConfig names a message.
func SumOfConfig(message []byte) ConfigSum { return sha256.Sum256(message) }

// Answer is what a gateway says of the configurations that were sent to it,
// retained on its "config-status" topic.
type Answer struct {
	Gateway plantroom.GatewayID
	Serial  uint64    // of the configuration that it speaks of, as far as that could be read; 0: none
	Sum     ConfigSum // of the message that it speaks of; zeroes: none
	Outcome Outcome
	Detail  string // the faults, a line each, or the reason
	Running uint64 // the configuration at work; 0: the gateway's own file
	Highest uint64 // serials up to here are refused
	At      plantroom.Instant
}

// AppendAnswer appends an answer. A detail longer than MaxDetail is cut.
func AppendAnswer(dst []byte, a Answer) ([]byte, error) {
	if err := plantroom.ValidID(string(a.Gateway)); err != nil {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "answer of gateway: %w", err)
	}
	if a.Serial > maxSequence || a.Running > maxSequence || a.Highest > maxSequence || int(a.Outcome) >= len(outcomes) {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "answer with serials %d, %d and %d and outcome %d: out of range", a.Serial, a.Running, a.Highest, a.Outcome)
	}
	dst = appendMessage(dst, messageAnswer, answerItems)
	dst = appendText(dst, string(a.Gateway))
	dst = appendHead(dst, majorUint, a.Serial)
	dst = appendBytes(dst, a.Sum[:])
	dst = appendHead(dst, majorUint, uint64(a.Outcome))
	dst = appendText(dst, clip(a.Detail, MaxDetail))
	dst = appendHead(dst, majorUint, a.Running)
	dst = appendHead(dst, majorUint, a.Highest)
	return appendInt(dst, int64(a.At)), nil
}

// DecodeAnswer reads an answer.
func DecodeAnswer(p []byte) (Answer, error) {
	r := reader{b: p}
	readMessage(&r, messageAnswer, answerItems)
	a := Answer{Gateway: readGateway(&r), Serial: r.sequence("the serial number")}
	copy(a.Sum[:], r.exactly(len(a.Sum), "the sum of a message"))
	outcome := r.uint("an outcome")
	if r.err == nil && outcome >= uint64(len(outcomes)) {
		r.fail("outcome %d is not 0 to %d", outcome, len(outcomes)-1)
	}
	a.Outcome = Outcome(outcome)
	a.Detail = r.text(MaxDetail, "the detail of an answer")
	a.Running = r.sequence("the serial number at work")
	a.Highest = r.sequence("the highest serial number")
	a.At = r.instant("the time of the answer")
	if err := r.end(); err != nil {
		return Answer{}, err
	}
	return a, nil
}
