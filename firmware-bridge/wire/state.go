package wire

import "plantroom"

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
