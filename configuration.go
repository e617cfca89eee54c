package plantroom

// Configuration is a file that a gateway was sent, with what the gateway has
// answered. The gateway judges it; we cannot.
type Configuration struct {
	Gateway GatewayID
	Serial  uint64 // grows with each one that a gateway is sent
	Sum     Hash   // of Message
	Message []byte // as it is published; kept of a gateway's newest one only
	By      string // who has sent it, as in the ledger
	Issued  Instant

	Outcome  string  // pending, applied, refused, reverted; "": not answered yet
	Detail   string  // the faults, a line each, or the reason
	Answered Instant // when the answer came
}

// ConfigurationStore keeps what gateways were sent, by gateway and serial.
type ConfigurationStore interface {
	// Configuration returns a gateway's newest one; false: there is none.
	Configuration(GatewayID) (Configuration, bool, error)
	// Configurations returns the newest one of each gateway.
	Configurations() ([]Configuration, error)
	// InsertConfiguration fails with CodeConflict where the serial is not
	// above all of the gateway's. It drops the Message of those before.
	InsertConfiguration(Configuration) error
	// AnswerConfiguration writes Outcome, Detail and Answered of one that
	// is there; CodeNotFound.
	AnswerConfiguration(Configuration) error
}
