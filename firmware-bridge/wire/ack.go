package wire

import "plantroom"

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
