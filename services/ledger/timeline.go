package ledger

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// Entry is one line of a timeline.
type Entry struct {
	Seq     int64             `json:"seq"`
	At      plantroom.Instant `json:"at"`
	Since   time.Duration     `json:"since"` // from the first entry, in nanoseconds; negative where a later row tells of earlier
	Kind    string            `json:"kind"`
	Subject string            `json:"subject"`
	Actor   string            `json:"actor"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// String gives the line as a person reads it:
// "+12m30s order.acknowledge wo-000001 by contractor:quicklift".
func (e Entry) String() string {
	return fmt.Sprintf("%s %s %s by %s", signed(e.Since), e.Kind, e.Subject, e.Actor)
}

func signed(d time.Duration) string {
	d = d.Round(time.Second)
	if d < 0 {
		return d.String()
	}
	return "+" + d.String()
}

// Timeline merges the rows of several subjects, as an order and the incidents
// behind it, into the order in which they were written. A row that is given
// twice appears once.
func Timeline(subjects ...[]plantroom.LedgerRow) []Entry {
	rows := slices.Concat(subjects...)
	slices.SortStableFunc(rows, func(a, b plantroom.LedgerRow) int { return cmp.Compare(a.Seq, b.Seq) })
	rows = slices.CompactFunc(rows, func(a, b plantroom.LedgerRow) bool { return a.Seq == b.Seq })
	entries := make([]Entry, len(rows))
	for i, r := range rows {
		entries[i] = Entry{Seq: r.Seq, At: r.At, Since: r.At.Sub(rows[0].At),
			Kind: r.Kind, Subject: r.Subject, Actor: r.Actor, Body: r.Body}
	}
	return entries
}
