// Package wire is what a gateway and the services say to each other over MQTT:
// the uplink batch, its end-to-end acknowledgement, the gateway's retained
// state, how full its spool is, its signed configuration with the answer to it,
// and the topics they travel on. It is CBOR (RFC 8949) in core deterministic encoding (§4.2.1): one
// value has one encoding, and a decoder takes no other. docs/wire.md describes
// the format; testdata/ holds vectors for it that the C library shares.
//
// It checks form and bounds only. Whether a device exists, a value is
// plausible or a time makes sense is for the receiver, so NaN, infinities and
// any 64-bit instant survive the wire. It does not talk to a broker.
//
// The codec is written out here rather than built on a CBOR library because it
// stands on the road of every reading, where it neither allocates nor
// reflects; the tests hold it against such a library, byte for byte.
package wire

import (
	"errors"

	"plantroom"
)

// Version is the wire format that this package speaks. It is the first item of
// each message, so that a later format can be told from this one.
const Version = 1

// ErrVersion is in the chain of a decoding error when the message is of a
// format version that this package does not know.
var ErrVersion = errors.New("unknown wire format version")

// Bounds of a message. A decoder refuses what exceeds them before it
// allocates anything for it.
const (
	MaxBatchBytes   = 1 << 20 // one encoded batch
	MaxBatchRecords = 5000    // records in one batch
	MaxRecordBytes  = 5 << 10 // one encoded record; the largest is a reject with MaxRaw bytes

	// MaxPayload is how many bytes of records fit into one batch, whatever
	// their number up to MaxBatchRecords and whatever the header.
	MaxPayload = MaxBatchBytes - 128 - 3*MaxBatchRecords

	MaxName    = plantroom.MaxID // device ids and signal names, in bytes
	MaxState   = 128             // a string value, in bytes
	MaxSource  = 256             // a reject's source, in bytes
	MaxReason  = 256             // a reject's or a gap's reason, in bytes
	MaxVersion = 64              // a gateway's software version, in bytes
)

// maxSequence bounds sequence numbers, so that they fit a signed 64-bit column.
const maxSequence = 1<<63 - 1
