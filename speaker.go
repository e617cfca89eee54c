package plantroom

// Speaker is a Decoder of a family in which the listener has a part of its
// own: it says that it is there, asks for what it missed, follows devices to
// topics that it hears of, or has to notice that something did not come.
type Speaker interface {
	Decoder
	// Will is what the broker has to publish when the connection dies,
	// retained and at QoS 1; nil: nothing. It is asked before each connection,
	// and once more before one is closed in order: a broker then forgets the
	// will, and the listener has to say it itself.
	Will(now Instant) *Publication
	// Turn gives the speaker its turn: right after each connection has been
	// made, after each message, and at the Next of its last Turn. Connected
	// is true on the first turn of a connection, whose broker knows the
	// family's standing subscriptions and nothing else.
	Turn(now Instant, connected bool) Turn
}

// Turn is what a Speaker wants done.
type Turn struct {
	Samples     []Sample // of what nobody has sent, or of messages that had to wait
	Err         error    // what could not be understood of those; as of Decode
	Publish     []Publication
	Subscribe   []string // MQTT topics, beside the standing subscriptions; one that the broker refuses is left out
	Unsubscribe []string // of those; done before Subscribe
	Next        Instant  // the latest time of the next turn; zero: after the next message
}

// Publication is something to say on a broker.
type Publication struct {
	Topic   string
	Payload []byte
	QoS     byte // 0 or 1
	Retain  bool
}
