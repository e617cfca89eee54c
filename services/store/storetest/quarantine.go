package storetest

import (
	"testing"

	"plantroom"
)

var quarantineCases = []testCase{
	{"what cannot be used is kept to the byte and gets an id", quarantineWhole},
	{"the same record is kept once per stage and source", quarantineOnce},
	{"whole messages are kept as often as they come", quarantineMessages},
	{"the newest comes first, up to a limit", quarantineNewest},
}

func putQuarantine(t *testing.T, s plantroom.Store, qs ...plantroom.Quarantined) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error { return tx.PutQuarantine(qs...) })
}

func quarantined(t *testing.T, s plantroom.Store, limit int) []plantroom.Quarantined {
	t.Helper()
	return read(t, s, func(tx plantroom.Tx) ([]plantroom.Quarantined, error) { return tx.Quarantine(limit) })
}

func quarantineWhole(t *testing.T, s plantroom.Store) {
	q := plantroom.Quarantined{ID: 99, Gateway: "gw-b1", Epoch: 7, Seq: 12, At: clock(3) + 1, Stage: "check",
		Source: "b1-bin-1-level", Reason: "signal distance_m is 99 m: outside 0 to 10", Raw: []byte{0, 0xff, '\''}}
	putQuarantine(t, s, q)
	q.ID = 1
	wantEqual(t, quarantined(t, s, 0), []plantroom.Quarantined{q})
}

func quarantineOnce(t *testing.T, s plantroom.Store) {
	q := plantroom.Quarantined{Gateway: "gw-b1", Epoch: 7, Seq: 12, Stage: "check", Source: "dev", Reason: "first"}
	again := q
	again.Reason = "told again"
	putQuarantine(t, s, q, again)
	putQuarantine(t, s, again)
	if got := quarantined(t, s, 0); len(got) != 1 || got[0].Reason != "first" {
		t.Fatalf("got %+v, want the first one only", got)
	}
	for _, change := range []func(*plantroom.Quarantined){
		func(q *plantroom.Quarantined) { q.Gateway = "gw-b2" },
		func(q *plantroom.Quarantined) { q.Epoch++ },
		func(q *plantroom.Quarantined) { q.Seq++ },
		func(q *plantroom.Quarantined) { q.Stage = "influx" },
		func(q *plantroom.Quarantined) { q.Source = "dev-2" },
	} {
		other := q
		change(&other)
		putQuarantine(t, s, other)
	}
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (int64, error) { return tx.QuarantineCount() }), 6)
}

func quarantineMessages(t *testing.T, s plantroom.Store) {
	q := plantroom.Quarantined{Gateway: "gw-b1", Epoch: 0, Seq: 0, Stage: "wire", Source: "topic", Reason: "not CBOR"}
	putQuarantine(t, s, q, q)
	putQuarantine(t, s, q)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (int64, error) { return tx.QuarantineCount() }), 3)
}

func quarantineNewest(t *testing.T, s plantroom.Store) {
	for i := range 5 {
		putQuarantine(t, s, plantroom.Quarantined{Gateway: "gw-b1", Seq: uint64(i + 1), At: clock(int64(-i))})
	}
	seqs := keys(quarantined(t, s, 3), func(q plantroom.Quarantined) uint64 { return q.Seq })
	wantEqual(t, seqs, []uint64{5, 4, 3})
}
