package ingest

import (
	"crypto/sha256"
	"log/slog"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Trimmer is implemented by a Tx that can bound the quarantine: it deletes
// the oldest rows until keep are left, and says how many went. Without it a
// full quarantine takes no more; either way what goes is counted.
type Trimmer interface {
	TrimQuarantine(keep int64) (dropped int64, err error)
}

// aside bounds the quarantine.
type aside struct {
	max      int64
	rows     int64 // at least as many as there are; counted anew where it matters
	counters *Counters
	log      *slog.Logger
	full     bool // and said so
	recent   map[[sha256.Size]byte]plantroom.Instant
}

// A message that cannot be used as a whole gets no acknowledgement, so it
// comes again and again; the same bytes are kept once in a while only.
const (
	recentMessages = 256
	recentFor      = plantroom.Instant(3600_000_000_000)
)

func newAside(max int64, c *Counters, log *slog.Logger) aside {
	return aside{max: max, counters: c, log: log, recent: make(map[[sha256.Size]byte]plantroom.Instant)}
}

// seenBefore reports whether a message as a whole was set aside lately.
func (a *aside) seenBefore(q *plantroom.Quarantined) bool {
	at, ok := a.recent[fingerprint(q)]
	return ok && q.At-at < recentFor
}

func (a *aside) remember(q *plantroom.Quarantined) {
	if len(a.recent) >= recentMessages {
		clear(a.recent)
	}
	a.recent[fingerprint(q)] = q.At
}

func fingerprint(q *plantroom.Quarantined) [sha256.Size]byte {
	return sha256.Sum256([]byte(q.Source + "\x00" + q.Reason + "\x00" + string(q.Raw)))
}

// put sets rows aside within a transaction.
func (a *aside) put(tx plantroom.Tx, rows ...plantroom.Quarantined) error {
	if len(rows) == 0 {
		return nil
	}
	a.rows += int64(len(rows))
	if a.rows > a.max {
		kept, err := a.makeRoom(tx, int64(len(rows)))
		if err != nil || !kept {
			return err
		}
	}
	return tx.PutQuarantine(rows...)
}

// makeRoom trims the quarantine so that n more rows fit, with some slack so
// that the next rows need not trim again, and reports whether they do.
func (a *aside) makeRoom(tx plantroom.Tx, n int64) (bool, error) {
	have, err := tx.QuarantineCount()
	if err != nil {
		return false, err
	}
	a.rows = have + n
	if a.rows <= a.max {
		return true, nil
	}
	t, ok := tx.(Trimmer)
	if !ok {
		a.dropped(n)
		a.rows = have
		return false, nil
	}
	gone, err := t.TrimQuarantine(max(0, a.max-a.max/50-n))
	a.dropped(gone)
	a.rows -= gone
	return true, err
}

func (a *aside) dropped(n int64) {
	a.counters.asideDropped.Add(n)
	if !a.full {
		a.full = true
		a.log.Warn("the quarantine is full: rows are being dropped; see what fills it on the board", "max", a.max)
	}
}

// counted adds rows that are durably set aside to the counters.
func (a *aside) counted(rows ...plantroom.Quarantined) {
	for i := range rows {
		switch rows[i].Stage {
		case stageGateway:
			a.counters.asideGateway.Add(1)
		case stageWire:
			a.counters.asideWire.Add(1)
		case stageCheck:
			a.counters.asideCheck.Add(1)
		case stageInflux:
			a.counters.asideInflux.Add(1)
		}
	}
}

// refused makes the quarantine rows of the points that a write refused. The
// raw bytes are the record again, which has one encoding only.
func (ld *load) refusedRows(now plantroom.Instant) []plantroom.Quarantined {
	rows := make([]plantroom.Quarantined, 0, len(ld.refused))
	for _, r := range ld.refused {
		seg, at := ld.origin(r.Index)
		pt := &seg.p.points[at]
		raw, _ := wire.AppendRecord(nil, plantroom.Record{Reading: plantroom.Reading{
			Device: pt.Series.Device, Signal: pt.Signal, Value: pt.Value, At: pt.At, Quality: pt.Quality,
		}})
		rows = append(rows, plantroom.Quarantined{
			Gateway: seg.l.gateway, Epoch: seg.l.epoch, Seq: seg.p.seqOf(at), At: now, Stage: stageInflux,
			Source: string(pt.Series.Device) + "/" + pt.Signal, Reason: r.Reason, Raw: raw,
		})
	}
	return rows
}
