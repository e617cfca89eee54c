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

	Window     int           // batches that are not acknowledged; 64, 1 to 256
	MaxRecords int           // in a batch; 1,000
	Linger     time.Duration // how long a batch that is not full waits for more; 50 ms
	AckTimeout time.Duration // until a batch is sent again; 30 s
	ReadAgain  time.Duration // after the spool could not be read; 5 s
	StateEvery time.Duration // how often the state is refreshed; 30 s
	AskEvery   time.Duration // how often an acknowledgement is asked for, while Errand wants one; 5 s
	Drain      time.Duration // how long stopping may wait for the services; 3 s
	Backoff    mqttconn.Backoff

	Errand Errand // nil: readings only

	Logger *slog.Logger // nil: silent
}

func (o *Options) fill() {
	o.Window = min(or(o.Window, 64), 256)
	o.MaxRecords = min(or(o.MaxRecords, 1000), wire.MaxBatchRecords)
	o.Linger = or(o.Linger, 50*time.Millisecond)
	o.AckTimeout = or(o.AckTimeout, DefaultAckTimeout)
	o.ReadAgain = or(o.ReadAgain, 5*time.Second)
	o.StateEvery = or(o.StateEvery, 30*time.Second)
	o.AskEvery = or(o.AskEvery, 5*time.Second)
	o.Drain = or(o.Drain, 3*time.Second)
	if o.Broker.ClientID == "" {
		o.Broker.ClientID = string(o.Gateway) + "-uplink"
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
