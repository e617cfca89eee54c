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
)

// Batch is what a gateway sends on its "up" topic: records of its spool, in
// order and without holes. A batch without records is a sign of life and
// declares Base.
type Batch struct {
	Gateway plantroom.GatewayID
	Epoch   uint64 // of the spool: another one when the sequence starts again
	Base    uint64 // the oldest sequence number that the spool still holds
	First   uint64 // the sequence number of Records[0]; 1 or more
	Sent    plantroom.Instant
	Records [][]byte // each as AppendRecord made it, and not yet decoded
}

// AppendBatch appends a batch to dst, whose capacity is best kept between
// calls. It fails with CodeTooLarge beyond MaxBatchRecords or MaxBatchBytes; a
// sum of records up to MaxPayload always fits.
func AppendBatch(dst []byte, b Batch) ([]byte, error) {
	if err := plantroom.ValidID(string(b.Gateway)); err != nil {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "batch of gateway: %w", err)
	}
	if b.First < 1 || b.First > maxSequence-MaxBatchRecords || b.Base > maxSequence {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "batch from %d with base %d: not sequence numbers", b.First, b.Base)
	}
	if len(b.Records) > MaxBatchRecords {
		return dst, plantroom.Errorf(plantroom.CodeTooLarge, "batch of %d records: at most %d", len(b.Records), MaxBatchRecords)
	}
	start := len(dst)
	dst = appendMessage(dst, messageBatch, batchItems)
	dst = appendText(dst, string(b.Gateway))
	dst = appendHead(dst, majorUint, b.Epoch)
	dst = appendHead(dst, majorUint, b.Base)
	dst = appendHead(dst, majorUint, b.First)
	dst = appendInt(dst, int64(b.Sent))
	dst = appendHead(dst, majorArray, uint64(len(b.Records)))
	for _, rec := range b.Records {
		if len(rec) > MaxRecordBytes {
			return dst[:start], plantroom.Errorf(plantroom.CodeTooLarge, "batch with a record of %d bytes: at most %d", len(rec), MaxRecordBytes)
		}
		dst = appendBytes(dst, rec)
	}
	if size := len(dst) - start; size > MaxBatchBytes {
		return dst[:start], plantroom.Errorf(plantroom.CodeTooLarge, "batch of %d bytes: at most %d", size, MaxBatchBytes)
	}
	return dst, nil
}

// DecodeBatch reads a batch. The header is checked; the records are only told
// apart, so that one that cannot be decoded does not stop the others. They
// alias p.
func DecodeBatch(p []byte) (Batch, error) {
	if len(p) > MaxBatchBytes {
		return Batch{}, plantroom.Errorf(plantroom.CodeTooLarge, "batch of %d bytes: at most %d", len(p), MaxBatchBytes)
	}
	r := reader{b: p}
	readMessage(&r, messageBatch, batchItems)
	b := Batch{
		Gateway: readGateway(&r),
		Epoch:   r.uint("the epoch"),
		Base:    r.sequence("the base"),
		First:   r.sequence("the first sequence number"),
		Sent:    r.instant("the time of sending"),
	}
	if r.err == nil && (b.First < 1 || b.First > maxSequence-MaxBatchRecords) {
		r.fail("%d is not a first sequence number", b.First)
	}
	n := r.array(MaxBatchRecords, "the list of records")
	if n > len(p)-r.at {
		r.fail("the message ends before the %d records that it announces", n)
	}
	if r.err != nil {
		return Batch{}, r.err
	}
	b.Records = make([][]byte, n)
	for i := range b.Records {
		b.Records[i] = r.bytes(MaxRecordBytes, "a record's frame")
	}
	if err := r.end(); err != nil {
		return Batch{}, err
	}
	return b, nil
}

// Ack is the services' answer to a batch, on the gateway's "ack" topic. It is
// cumulative: the newest one says all that older ones said.
type Ack struct {
	Epoch  uint64 // of the spool that it speaks of
	Stored uint64 // everything up to here is stored: the spool may be trimmed to here
	Seen   uint64 // everything up to here has been judged: the send window may move to here
	Rewind bool   // send again from Stored+1
}

// AppendAck appends an acknowledgement. Stored must not exceed Seen.
func AppendAck(dst []byte, a Ack) ([]byte, error) {
	if a.Stored > a.Seen || a.Seen > maxSequence {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "ack with stored %d and seen %d: not in order", a.Stored, a.Seen)
	}
	dst = appendMessage(dst, messageAck, ackItems)
	dst = appendHead(dst, majorUint, a.Epoch)
	dst = appendHead(dst, majorUint, a.Stored)
	dst = appendHead(dst, majorUint, a.Seen)
	return appendBool(dst, a.Rewind), nil
}

// DecodeAck reads an acknowledgement.
func DecodeAck(p []byte) (Ack, error) {
	r := reader{b: p}
	readMessage(&r, messageAck, ackItems)
	a := Ack{
		Epoch:  r.uint("the epoch"),
		Stored: r.sequence("the stored sequence number"),
		Seen:   r.sequence("the seen sequence number"),
		Rewind: r.bool("rewind, true or false"),
	}
	if a.Stored > a.Seen {
		r.fail("stored %d is beyond seen %d", a.Stored, a.Seen)
	}
	if err := r.end(); err != nil {
		return Ack{}, err
	}
	return a, nil
}

// State is what a gateway says of itself, retained on its "state" topic. Its
// last will is a State with Online false.
type State struct {
	Gateway plantroom.GatewayID
	Online  bool
	Version string // of the gateway's software
	Epoch   uint64
	Base    uint64 // the oldest sequence number that the spool still holds
	Next    uint64 // the sequence number that the next record gets
	At      plantroom.Instant
}

// AppendState appends a state. A version longer than MaxVersion is cut.
func AppendState(dst []byte, s State) ([]byte, error) {
	if err := plantroom.ValidID(string(s.Gateway)); err != nil {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "state of gateway: %w", err)
	}
	if s.Base > maxSequence || s.Next > maxSequence {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "state with base %d and next %d: not sequence numbers", s.Base, s.Next)
	}
	dst = appendMessage(dst, messageState, stateItems)
	dst = appendText(dst, string(s.Gateway))
	dst = appendBool(dst, s.Online)
	dst = appendText(dst, clip(s.Version, MaxVersion))
	dst = appendHead(dst, majorUint, s.Epoch)
	dst = appendHead(dst, majorUint, s.Base)
	dst = appendHead(dst, majorUint, s.Next)
	return appendInt(dst, int64(s.At)), nil
}

// DecodeState reads a state.
func DecodeState(p []byte) (State, error) {
	r := reader{b: p}
	readMessage(&r, messageState, stateItems)
	s := State{
		Gateway: readGateway(&r),
		Online:  r.bool("online, true or false"),
		Version: r.text(MaxVersion, "the version of the gateway"),
		Epoch:   r.uint("the epoch"),
		Base:    r.sequence("the base"),
		Next:    r.sequence("the next sequence number"),
		At:      r.instant("the time of the state"),
	}
	if err := r.end(); err != nil {
		return State{}, err
	}
	return s, nil
}

// Items of each message, version and kind included.
const (
	batchItems = 8
	ackItems   = 6
	stateItems = 9
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
