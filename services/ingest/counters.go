package ingest

import (
	"sync/atomic"

	"plantroom"
)

// Counters are what Ingest counts, for concurrent readers.
type Counters struct {
	batches, duplicates, early, states           atomic.Int64
	records, readings, derived, judged           atomic.Int64
	points, refused, dropped                     atomic.Int64
	asideGateway, asideWire, asideCheck          atomic.Int64
	asideInflux, asideDropped                    atomic.Int64
	gaps, lost                                   atomic.Int64
	acks, rewinds                                atomic.Int64
	storeErrors, writeErrors, reloads, abandoned atomic.Int64
	queued                                       atomic.Int64
	storeDown, writerDown                        atomic.Int64
}

// Snapshot is what the counters were at one moment. All but Queued and the
// two times only ever grow.
type Snapshot struct {
	Batches    int64 // uplink batches that were judged or known already
	Duplicates int64 // of these: without a new record
	Early      int64 // of these: ahead of a batch that has not come yet, and ignored
	States     int64 // gateway states

	Records  int64 // records decoded, or found undecodable
	Readings int64 // of these: valid readings
	Derived  int64 // readings that follow from them
	Judged   int64 // readings that were judged

	Points  int64 // points written to the time-series database
	Refused int64 // points that it refused and that are in quarantine
	Dropped int64 // points dropped from memory because the queue was full; they come again

	AsideGateway int64 // set aside by the gateway already
	AsideWire    int64 // undecodable, or from the wrong gateway
	AsideCheck   int64 // unknown device or signal, impossible value or time
	AsideInflux  int64 // refused by the time-series database
	AsideDropped int64 // dropped from a full quarantine

	Gaps int64 // declared gaps
	Lost int64 // records in them

	Acks    int64 // acknowledgements given
	Rewinds int64 // of these: with the request to send again

	StoreErrors int64 // failed transactions
	WriteErrors int64 // failed writes to the time-series database
	Reloads     int64 // times Core was reloaded after a failed transaction
	Abandoned   int64 // deliveries given up after long failure; the gateway sends them again

	Queued          int64             // points that wait for, or are on the way to, the time-series database
	StoreDownSince  plantroom.Instant // the first of the failures that still last; zero: none
	WriterDownSince plantroom.Instant
}

func (c *Counters) snapshot() Snapshot {
	return Snapshot{
		Batches: c.batches.Load(), Duplicates: c.duplicates.Load(), Early: c.early.Load(), States: c.states.Load(),
		Records: c.records.Load(), Readings: c.readings.Load(), Derived: c.derived.Load(), Judged: c.judged.Load(),
		Points: c.points.Load(), Refused: c.refused.Load(), Dropped: c.dropped.Load(),
		AsideGateway: c.asideGateway.Load(), AsideWire: c.asideWire.Load(), AsideCheck: c.asideCheck.Load(),
		AsideInflux: c.asideInflux.Load(), AsideDropped: c.asideDropped.Load(),
		Gaps: c.gaps.Load(), Lost: c.lost.Load(), Acks: c.acks.Load(), Rewinds: c.rewinds.Load(),
		StoreErrors: c.storeErrors.Load(), WriteErrors: c.writeErrors.Load(), Reloads: c.reloads.Load(),
		Abandoned: c.abandoned.Load(), Queued: c.queued.Load(),
		StoreDownSince:  plantroom.Instant(c.storeDown.Load()),
		WriterDownSince: plantroom.Instant(c.writerDown.Load()),
	}
}
