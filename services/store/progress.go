package store

import (
	"database/sql"

	"plantroom"
)

// Sequence numbers and epochs are uint64; the database keeps the same 64 bits
// as a signed integer.

const progressColumns = "SELECT gateway, epoch, seen, stored, heard, latest FROM progress"

func scanProgress(rows *sql.Rows) (p plantroom.Progress, err error) {
	var epoch, seen, stored int64
	err = rows.Scan(&p.Gateway, &epoch, &seen, &stored, &p.Heard, &p.Latest)
	p.Epoch, p.Seen, p.Stored = uint64(epoch), uint64(seen), uint64(stored)
	return p, err
}

// Progress returns how far one gateway has been heard in one epoch.
func (t *tx) Progress(gw plantroom.GatewayID, epoch uint64) (plantroom.Progress, bool, error) {
	ps, err := list(t, "read progress of "+string(gw), progressColumns+" WHERE gateway = ? AND epoch = ?",
		scanProgress, string(gw), int64(epoch))
	if err != nil || len(ps) == 0 {
		return plantroom.Progress{}, false, err
	}
	return ps[0], true, nil
}

// AllProgress returns every gateway's progress, by gateway and time heard.
func (t *tx) AllProgress() ([]plantroom.Progress, error) {
	return list(t, "read progress", progressColumns+" ORDER BY gateway, heard, epoch", scanProgress)
}

// PutProgress writes one gateway's progress in one epoch. Stored above Seen
// is refused with CodeInvalid.
func (t *tx) PutProgress(p plantroom.Progress) error {
	op := "write progress of " + string(p.Gateway)
	if p.Stored > p.Seen {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "stored is ahead of seen"}
	}
	_, err := t.exec(op, `INSERT INTO progress (gateway, epoch, seen, stored, heard, latest) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET seen = excluded.seen, stored = excluded.stored, heard = excluded.heard, latest = excluded.latest`,
		string(p.Gateway), int64(p.Epoch), int64(p.Seen), int64(p.Stored), int64(p.Heard), p.Latest)
	return err
}

// PutGap keeps a declared loss; one that is there already stays as it is.
func (t *tx) PutGap(gw plantroom.GatewayID, epoch uint64, g plantroom.Gap) error {
	_, err := t.exec("write a gap of "+string(gw), `INSERT INTO gaps (gateway, epoch, first, last, reason, at)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(gw), int64(epoch), int64(g.First), int64(g.Last), g.Reason, int64(g.At))
	return err
}

// Gaps returns a gateway's declared losses in the order of recording.
func (t *tx) Gaps(gw plantroom.GatewayID) ([]plantroom.Gap, error) {
	scan := func(rows *sql.Rows) (g plantroom.Gap, err error) {
		var first, last int64
		err = rows.Scan(&first, &last, &g.Reason, &g.At)
		g.First, g.Last = uint64(first), uint64(last)
		return g, err
	}
	return list(t, "read gaps of "+string(gw), "SELECT first, last, reason, at FROM gaps WHERE gateway = ? ORDER BY rowid",
		scan, string(gw))
}
