package plantroom

// Deferrer is a Decoder some of whose messages take long to understand, such
// as a payload for which a device's own JavaScript is run. They must not hold
// up the messages of other devices.
type Deferrer interface {
	Decoder
	// Begin is Decode, except for what takes long: Later, where it is not
	// nil, has the rest of the message's samples and its error. Decode does
	// both, one after the other.
	Begin(Message) ([]Sample, *Later, error)
}

// Later is the rest of a message's decoding. It uses nothing that the decoder
// uses for other lanes and may run beside the decoder, in any goroutine.
type Later struct {
	Lane string // what has the same lane is done one after the other, in the order of the messages
	Do   func() ([]Sample, error)
}

// PayloadDecoder understands what a LoRaWAN device of one model sends: the
// port (1 to 223) and the bytes of a frame that the network server got at a
// time. Its samples have no address, and no time where it is that of the
// frame. It may keep state, and is used by one goroutine at a time.
type PayloadDecoder func(now, at Instant, port uint8, payload []byte) ([]Sample, error)
