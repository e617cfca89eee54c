package uplink

import (
	"context"
	"log/slog"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
)

// Spool is the part of the spool that the uplink needs.
type Spool interface {
	Epoch() uint64
	Base() uint64 // the oldest sequence number it still holds
	Next() uint64 // the sequence number that the next record gets
	// Read returns durable records from a sequence number on, or from Base
	// where that is later. What it cannot read at a second try it gives up.
	Read(from uint64, maxRecords, maxBytes int) (first uint64, records [][]byte, err error)
	Trim(upTo uint64) error
	// Wait returns when Next exceeds from.
	Wait(ctx context.Context, from uint64) error
}

// Errand is what an uplink carries beside readings: configurations to the
// gateway, and its answer to the services.
type Errand interface {
	Deliver(message []byte)   // a configuration has come; it must not wait
	Answer() []byte           // to be retained by the broker; nil: nothing
	Asking() bool             // somebody waits for an acknowledgement of the services
	Changed() <-chan struct{} // Answer or Asking has
}

// Times tells the time, and gives times of day to records whose times are of a
// clock that was not set; see clock.Clock.
type Times interface {
	// Wall is the time of day, or the best guess at it.
	Wall() plantroom.Instant
	// Connected says that records could be sent from now on.
	Connected()
	// Correct changes the list of records from a sequence number on, and
	// returns how many of them may be sent now: the others wait for the clock.
	Correct(first uint64, records [][]byte) (n int, err error)
}

// system is the system's clock, taken for right.
type system struct{}

func (system) Wall() plantroom.Instant                    { return plantroom.At(time.Now()) }
func (system) Connected()                                 {}
func (system) Correct(_ uint64, rs [][]byte) (int, error) { return len(rs), nil }

// DefaultAckTimeout is how long a batch may be without acknowledgement.
const DefaultAckTimeout = 30 * time.Second

// Options says what to send, where to and at which pace. Zero values of the
// numbers mean the defaults that stand beside them.
type Options struct {
	Broker  mqttconn.Options
	Estate  plantroom.EstateID
	Gateway plantroom.GatewayID
	Version string // of the gateway's software, for the state
	Spool   Spool
	Times   Times // nil: the system's clock, and records as they are

	Window     int           // batches that are not acknowledged; 64, 1 to 256
	MaxRecords int           // in a batch; 1,000
	Linger     time.Duration // how far batches that are not full are apart at least; 50 ms
	AckTimeout time.Duration // until a batch is sent again; 30 s
	ReadAgain  time.Duration // after the spool could not be read; 5 s
	LookAgain  time.Duration // while records wait for the clock; 500 ms
	StateEvery time.Duration // how often the state is refreshed; 30 s
	AskEvery   time.Duration // how often an acknowledgement is asked for, while Errand wants one; 5 s
	Look       time.Duration // how often changed certificates are looked for; 30 s
	Drain      time.Duration // how long stopping may wait for the services; 3 s
	Backoff    mqttconn.Backoff

	Errand Errand            // nil: readings only
	Room   func() wire.Spool // how full the spool is, and the clock's state; the rest is filled in. nil: nobody is told

	Logger *slog.Logger // nil: silent
}

func (o *Options) fill() {
	o.Window = min(or(o.Window, 64), 256)
	o.MaxRecords = min(or(o.MaxRecords, 1000), wire.MaxBatchRecords)
	o.Linger = or(o.Linger, 50*time.Millisecond)
	o.AckTimeout = or(o.AckTimeout, DefaultAckTimeout)
	o.ReadAgain = or(o.ReadAgain, 5*time.Second)
	o.LookAgain = or(o.LookAgain, 500*time.Millisecond)
	o.StateEvery = or(o.StateEvery, 30*time.Second)
	o.AskEvery = or(o.AskEvery, 5*time.Second)
	o.Drain = or(o.Drain, 3*time.Second)
	if o.Broker.ClientID == "" {
		o.Broker.ClientID = string(o.Gateway) + "-uplink"
	}
	if o.Times == nil {
		o.Times = system{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func or[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}
