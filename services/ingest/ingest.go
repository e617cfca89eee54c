package ingest

import (
	"context"
	"log/slog"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Core is what ingest hands its work to. Resolve and Derive are safe for
// concurrent use; the other methods are called from one goroutine.
type Core interface {
	// Resolve says to what a reading belongs, and which gateway may report it.
	// An unknown device or signal is CodeNotFound, a value that the signal
	// cannot have is CodeInvalid. What it says of a (device, signal) is kept
	// until Ingest.Forget.
	Resolve(plantroom.Reading) (plantroom.Origin, error)
	// Derive returns further readings that follow from one. They are stored
	// beside it; Judge derives for itself what its detectors want.
	Derive(plantroom.Reading) []plantroom.Reading
	// Judge runs the detectors over new readings of one gateway, in the order
	// of its spool, and writes all consequences with tx. rs may be empty: the
	// gateway was heard, with nothing new. rs is valid during the call only.
	Judge(tx plantroom.Tx, now plantroom.Instant, gw plantroom.GatewayID, rs []plantroom.Reading) error
	// Heard takes a gateway's own word that it is, or its broker's that it is
	// no longer, there.
	Heard(tx plantroom.Tx, now plantroom.Instant, gw plantroom.GatewayID, online bool) error
	// Tick lets time pass for the detectors and writes the consequences with tx.
	Tick(tx plantroom.Tx, now plantroom.Instant) error
	// Latest returns what Progress.Latest of a gateway shall hold from now
	// on, nil where it has not changed since the last call. Ingest asks after
	// each Judge and writes it in the same transaction.
	Latest(gw plantroom.GatewayID) []byte
	// Reload forgets what the last Judge, Heard and Tick calls did to the
	// state in memory and takes back what the store holds. It is called before
	// the first work and after a transaction has failed, outside of any
	// transaction; the same readings are then judged again.
	Reload(context.Context, plantroom.Store) error
}

// Writer puts points into the time-series database.
type Writer interface {
	// Write returns once every point is either durable or refused. An error
	// means that nothing is certain and the same points have to be written
	// again; a *plantroom.SendError in its chain may say when.
	// Points are valid during the call only.
	Write(context.Context, []plantroom.Point) ([]plantroom.Refused, error)
}

// Ack is the wire's acknowledgement. The zero Ack says nothing and is not to
// be published.
type Ack = wire.Ack

// Delivery is one message as the broker delivered it. The payload must not be
// changed afterwards.
type Delivery struct {
	Topic   string
	Payload []byte
}

// GatewayAck is an acknowledgement and whom it is for.
type GatewayAck struct {
	Gateway plantroom.GatewayID
	Ack     Ack
}

// Options of an Ingest. Zero fields get the default that stands behind them.
type Options struct {
	Store    plantroom.Store
	Core     Core
	Writer   Writer
	Estate   plantroom.EstateID
	Gateways []plantroom.GatewayID // those whose uplinks are taken
	Logger   *slog.Logger          // discards

	MaxQueue      int   // points that wait for the time-series database: 200,000 (about 25 MB)
	MaxLines      int   // points in one write: 5,000
	MaxQuarantine int64 // rows of at most plantroom.MaxRaw raw bytes each: 100,000

	// The rest concerns Run only.
	Now       func() plantroom.Instant // the system's clock
	Writers   int                      // writes under way at once: 2
	MinLinger time.Duration            // the least and the most that a point waits for
	MaxLinger time.Duration            // company: 20 ms, 200 ms
}

// Limits of what is believed about time: a reading from before Plantroom, or
// from further ahead than clocks drift apart, is set aside.
const (
	earliest  = plantroom.Instant(1_577_836_800_000_000_000) // 2020-01-01T00:00:00Z
	maxFuture = 10 * time.Minute
)

func (o *Options) setDefaults() {
	setDefault(&o.MaxQueue, 200_000)
	setDefault(&o.MaxLines, 5_000)
	setDefault(&o.MaxQuarantine, 100_000)
	setDefault(&o.Writers, 2)
	setDefault(&o.MinLinger, 20*time.Millisecond)
	setDefault(&o.MaxLinger, 200*time.Millisecond)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
}

func setDefault[T int | int64 | time.Duration](v *T, to T) {
	if *v == 0 {
		*v = to
	}
}

// Ingest takes uplinks in. Except for Snapshot and Forget its methods are for
// one goroutine; while Run runs, that goroutine is Run's.
type Ingest struct {
	opt      Options
	reader   reader
	lanes    lanes
	queue    queue
	flight   []*load // taken from the queue and not yet settled, oldest first
	aside    aside
	docket   docket
	counters Counters

	round  uint64 // number of the transaction under way
	loaded bool   // the lanes are those of the store
	stale  bool   // Core ran ahead of the store and has to be reloaded
}

// New makes an Ingest. It does no I/O: the store is first read when the first
// message is judged.
func New(o Options) *Ingest {
	o.setDefaults()
	i := &Ingest{opt: o, stale: true} // what the store holds has to be taken over first
	i.reader = newReader(&i.opt, &i.counters)
	i.lanes = newLanes()
	i.queue.max = o.MaxQueue
	i.aside = newAside(o.MaxQuarantine, &i.counters, o.Logger)
	return i
}

// Batch judges one uplink message of a gateway: Judge for a single delivery
// on the gateway's "up" topic. The zero Ack means that there is nothing to
// tell the gateway, because the message as a whole was set aside.
func (i *Ingest) Batch(ctx context.Context, topicGateway plantroom.GatewayID, payload []byte, now plantroom.Instant) (Ack, error) {
	topic := wire.Topic(i.opt.Estate, topicGateway, wire.Up)
	acks, err := i.Judge(ctx, now, Delivery{Topic: topic, Payload: payload})
	if err != nil || len(acks) == 0 {
		return Ack{}, err
	}
	return acks[0].Ack, nil
}

// Recalled says that Core holds what the store holds, so that it need not be
// reloaded before the first work. Nobody else may judge for this store.
func (i *Ingest) Recalled() { i.stale = false }

// Forget drops what Core.Resolve has said, for when the estate has changed.
// It is safe for concurrent use.
func (i *Ingest) Forget() { i.reader.routes.generation.Add(1) }

// Snapshot returns the counters as they are now. It is safe for concurrent use.
func (i *Ingest) Snapshot() Snapshot { return i.counters.snapshot() }
