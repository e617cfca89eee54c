package storetest

import (
	"errors"
	"testing"

	"plantroom"
)

var quarantineCases = []testCase{
	{"what cannot be used is kept to the byte and gets an id", quarantineWhole},
	{"the same record is kept once per stage and source", quarantineOnce},
	{"whole messages are kept as often as they come", quarantineMessages},
	{"the newest comes first, up to a limit", quarantineNewest},
	{"it is counted by gateway and time", quarantineTallied},
	{"trimmed, it keeps the newest and says how many went", quarantineTrimmed},
	{"a trim that is not committed drops nothing", quarantineTrimUndone},
}

// trimmer may be implemented by a transaction: it drops the oldest entries
// until keep are left.
type trimmer interface {
	TrimQuarantine(keep int64) (dropped int64, err error)
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

func quarantineTallied(t *testing.T, s plantroom.Store) {
	tallies := func(since ...plantroom.Instant) []plantroom.QuarantineTally {
		return read(t, s, func(tx plantroom.Tx) ([]plantroom.QuarantineTally, error) { return tx.QuarantineTallies(since...) })
	}
	wantEqual(t, len(tallies(clock(0))), 0)
	for i := range 5 {
		putQuarantine(t, s, plantroom.Quarantined{Gateway: "gw-b2", Seq: uint64(i + 1), At: clock(int64(i))})
	}
	putQuarantine(t, s, plantroom.Quarantined{Gateway: "gw-b1", Seq: 1, At: clock(3)}, plantroom.Quarantined{At: clock(1)})
	wantEqual(t, tallies(clock(3), clock(4), clock(9)), []plantroom.QuarantineTally{
		{Gateway: "", All: 1, Since: []int64{0, 0, 0}}, {Gateway: "gw-b1", All: 1, Since: []int64{1, 0, 0}}, {Gateway: "gw-b2", All: 5, Since: []int64{2, 1, 0}}})
	wantEqual(t, tallies(), []plantroom.QuarantineTally{{Gateway: "", All: 1, Since: []int64{}}, {Gateway: "gw-b1", All: 1, Since: []int64{}}, {Gateway: "gw-b2", All: 5, Since: []int64{}}})
}

// fiveSetAside puts records 1 to 5 into quarantine, or skips the test where
// the store cannot trim it.
func fiveSetAside(t *testing.T, s plantroom.Store) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error {
		if _, can := tx.(trimmer); !can {
			t.Skip("this store does not trim its quarantine: a full one takes no more")
		}
		return nil
	})
	for i := range 5 {
		putQuarantine(t, s, plantroom.Quarantined{Gateway: "gw-b1", Seq: uint64(i + 1), At: clock(int64(-i))})
	}
}

func quarantineTrimmed(t *testing.T, s plantroom.Store) {
	fiveSetAside(t, s)
	for _, c := range []struct {
		keep, dropped int64
		left          []uint64
	}{
		{6, 0, []uint64{5, 4, 3, 2, 1}},
		{5, 0, []uint64{5, 4, 3, 2, 1}},
		{2, 3, []uint64{5, 4}},
		{0, 2, []uint64{}},
		{0, 0, []uint64{}},
		{-1, 0, []uint64{}},
	} {
		var dropped int64
		update(t, s, func(tx plantroom.Tx) (err error) {
			dropped, err = tx.(trimmer).TrimQuarantine(c.keep)
			return err
		})
		if dropped != c.dropped {
			t.Errorf("keeping %d drops %d, want %d", c.keep, dropped, c.dropped)
		}
		wantEqual(t, keys(quarantined(t, s, 0), func(q plantroom.Quarantined) uint64 { return q.Seq }), c.left)
	}
	putQuarantine(t, s, plantroom.Quarantined{Gateway: "gw-b1", Seq: 1}) // what was dropped may come again
	if got := quarantined(t, s, 0); len(got) != 1 || got[0].ID != 6 {
		t.Errorf("after the trim %+v is kept, want one entry with an id that was never given before", got)
	}
}

func quarantineTrimUndone(t *testing.T, s plantroom.Store) {
	fiveSetAside(t, s)
	stop := errors.New("stop")
	err := s.Update(t.Context(), func(tx plantroom.Tx) error {
		if _, err := tx.(trimmer).TrimQuarantine(1); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("got %v, want f's own error", err)
	}
	wantEqual(t, len(quarantined(t, s, 0)), 5)
	err = s.View(t.Context(), func(tx plantroom.Tx) error {
		if v, can := tx.(trimmer); can {
			_, err := v.TrimQuarantine(1)
			return err
		}
		return errors.New("a View need not be able to")
	})
	if err == nil {
		t.Error("a View has trimmed the quarantine")
	}
	wantEqual(t, len(quarantined(t, s, 0)), 5)
}
