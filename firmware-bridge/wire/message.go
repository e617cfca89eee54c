package wire

import (
	"math"

	"plantroom"
)

// Kinds of messages: the second item of each, behind the version.
const (
	messageBatch = 1
	messageAck   = 2
	messageState = 3

	messageConfig = 4
	messageAnswer = 5

	messageSpool = 6
)

// Items of each message, version and kind included.
const (
	batchItems = 8
	ackItems   = 6
	stateItems = 9

	configItems = 9
	answerItems = 10

	spoolItems = 8
)

func appendMessage(dst []byte, kind byte, items uint64) []byte {
	return append(appendHead(dst, majorArray, items), Version, kind)
}

// readMessage reads the array's head, the version and the kind, in an order
// that names an unknown version before it finds fault with anything else.
func readMessage(r *reader, kind uint64, items int) {
	n := r.array(math.MaxInt32, "a message")
	version := r.uint("a version")
	if r.err == nil && version != Version {
		r.err = plantroom.Errorf(plantroom.CodeInvalid, "%w %d: this side speaks %d and has to be upgraded", ErrVersion, version, Version)
	}
	got := r.uint("a kind of message")
	if r.err == nil && got != kind {
		r.fail("a message of kind %d where kind %d is expected", got, kind)
	}
	if r.err == nil && n != items {
		r.fail("a message of kind %d with %d items: it has %d", kind, n, items)
	}
}

func readGateway(r *reader) plantroom.GatewayID {
	s := r.text(plantroom.MaxID, "a gateway id")
	if r.err == nil {
		if err := plantroom.ValidID(s); err != nil {
			r.fail("gateway: %w", err)
		}
	}
	return plantroom.GatewayID(s)
}
