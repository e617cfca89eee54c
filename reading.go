package plantroom

// Quality says how far a reading can be trusted.
type Quality uint8

// The qualities. Only a Good or an EstimatedTime reading is judged by a rule.
const (
	Good          Quality = iota
	EstimatedTime         // the value is good, its time was guessed: it was kept by a broker, or the gateway's clock was not set
	Suspect               // the device itself doubts the value (blind zone, tilted, just started)
	Historical            // sent late on purpose by the device: stored, judged only for what it back-dates
	Simulated             // the network server marked it as not real
)

// String names the quality.
func (q Quality) String() string {
	switch q {
	case Good:
		return "good"
	case EstimatedTime:
		return "estimated_time"
	case Suspect:
		return "suspect"
	case Historical:
		return "historical"
	case Simulated:
		return "simulated"
	}
	return "unknown"
}

// Message is one thing heard from a device on site, before it is understood.
type Message struct {
	Topic    string // MQTT topic, or the bus and address it came from
	Payload  []byte
	Retained bool    // the broker replayed it: its time is not now
	Received Instant // on the gateway's clock
}

// Sample is what a decoder makes of a message: a value under the device's own
// address (a DevEUI, a Zigbee name). The gateway's file binds an address to a
// DeviceID and so makes Readings of samples.
type Sample struct {
	Address string
	Signal  string
	Value   Value
	At      Instant // the device's time where it sends one, else Message.Received
	Quality Quality
}

// Decoder understands the messages of one device family. It may keep state
// between messages (deltas, aliases) and is used by one goroutine at a time.
type Decoder interface {
	// Decode returns the samples in a message. A message that is none of the
	// family's business gives no samples and no error. An error (CodeInvalid)
	// says what could not be understood; the address is named where known.
	Decode(Message) ([]Sample, error)
}

// Reading is one value at one time: what a gateway accepts, keeps and sends.
type Reading struct {
	Device  DeviceID `json:"device"`
	Signal  string   `json:"signal"`
	Value   Value    `json:"value"`
	At      Instant  `json:"at"` // given once, at the source; strictly increasing per (device, signal)
	Quality Quality  `json:"quality,omitempty"`
}

// Origin is what an estate knows of where a reading comes from.
type Origin struct {
	Asset       Asset
	Signal      Signal
	Measurement string    // of InfluxDB
	Gateway     GatewayID // behind which the device stands, and which alone may report it; "": any may
}

// Reject is something a gateway heard and could not make a reading of. It
// takes the same road as a reading, so that the server can show it.
type Reject struct {
	Source   string  `json:"source"` // topic or bus address
	Reason   string  `json:"reason"`
	Raw      []byte  `json:"raw"` // at most MaxRaw bytes of it
	Received Instant `json:"received"`
}

// MaxRaw is how much of an undecodable payload is kept, in bytes.
const MaxRaw = 4096

// Gap declares readings that a gateway accepted and no longer has, in
// sequence numbers of its spool, both inclusive.
type Gap struct {
	First  uint64  `json:"first"`
	Last   uint64  `json:"last"`
	Reason string  `json:"reason"`
	At     Instant `json:"at"`
}

// Record is one entry of a gateway's spool: exactly one of a reading, a
// reject, a gap, or what stands in the place of a record that the gateway has
// dropped to make room. Its sequence number is its place in the spool.
type Record struct {
	Reading Reading
	Reject  *Reject
	Gap     *Gap
	Dropped bool
}
