package storetest

import (
	"math"
	"testing"

	"plantroom"
)

var progressCases = []testCase{
	{"progress is kept per gateway and epoch, and written over", progressPerEpoch},
	{"sequence numbers and epochs keep all 64 bits", progressKeepsBits},
	{"stored ahead of seen is refused", progressStoredAhead},
	{"all progress comes by gateway, then by the time heard", progressOrder},
	{"a gap is kept once, in the order of recording", gapsOnce},
}

func progressPerEpoch(t *testing.T, s plantroom.Store) {
	old := plantroom.Progress{Gateway: "gw-b1", Epoch: 1, Seen: 500, Stored: 500, Heard: clock(1), Latest: []byte{1, 2}}
	now := plantroom.Progress{Gateway: "gw-b1", Epoch: 2, Seen: 9, Stored: 3, Heard: clock(2), Latest: []byte{0, 255}}
	update(t, s, func(tx plantroom.Tx) error { return tx.PutProgress(old) })
	update(t, s, func(tx plantroom.Tx) error {
		return tx.PutProgress(plantroom.Progress{Gateway: "gw-b1", Epoch: 2, Seen: 1})
	})
	update(t, s, func(tx plantroom.Tx) error { return tx.PutProgress(now) })
	view(t, s, func(tx plantroom.Tx) error {
		for _, want := range []plantroom.Progress{old, now} {
			got, found, err := tx.Progress("gw-b1", want.Epoch)
			if err != nil || !found {
				t.Fatalf("epoch %d: found %v, %v", want.Epoch, found, err)
			}
			wantEqual(t, got, want)
		}
		_, found, err := tx.Progress("gw-b1", 3)
		wantEqual(t, found, false)
		return err
	})
}

func progressKeepsBits(t *testing.T, s plantroom.Store) {
	p := plantroom.Progress{Gateway: "gw-b1", Epoch: math.MaxUint64, Seen: math.MaxUint64 - 1, Stored: math.MaxInt64 + 5, Heard: clock(0)}
	g := plantroom.Gap{First: math.MaxUint64 - 3, Last: math.MaxUint64, Reason: "trimmed", At: clock(0)}
	q := plantroom.Quarantined{Gateway: "gw-b1", Epoch: math.MaxUint64, Seq: math.MaxUint64, Stage: "wire"}
	update(t, s, func(tx plantroom.Tx) error {
		if err := tx.PutGap("gw-b1", math.MaxUint64, g); err != nil {
			return err
		}
		if err := tx.PutQuarantine(q); err != nil {
			return err
		}
		return tx.PutProgress(p)
	})
	view(t, s, func(tx plantroom.Tx) error {
		got, _, err := tx.Progress("gw-b1", math.MaxUint64)
		if err != nil {
			return err
		}
		wantEqual(t, got, p)
		gaps, err := tx.Gaps("gw-b1")
		if err != nil {
			return err
		}
		wantEqual(t, gaps, []plantroom.Gap{g})
		qs, err := tx.Quarantine(1)
		wantEqual(t, qs[0].Seq, uint64(math.MaxUint64))
		return err
	})
}

func progressStoredAhead(t *testing.T, s plantroom.Store) {
	refused(t, s, plantroom.CodeInvalid, func(tx plantroom.Tx) error {
		return tx.PutProgress(plantroom.Progress{Gateway: "gw-b1", Epoch: 1, Seen: 4, Stored: 5})
	})
}

func progressOrder(t *testing.T, s plantroom.Store) {
	update(t, s, func(tx plantroom.Tx) error {
		for _, p := range []plantroom.Progress{
			{Gateway: "gw-b2", Epoch: 1, Heard: clock(1)},
			{Gateway: "gw-b1", Epoch: 3, Heard: clock(9)},
			{Gateway: "gw-b1", Epoch: 8, Heard: clock(2)},
		} {
			if err := tx.PutProgress(p); err != nil {
				return err
			}
		}
		return nil
	})
	all := read(t, s, func(tx plantroom.Tx) ([]plantroom.Progress, error) { return tx.AllProgress() })
	wantEqual(t, keys(all, func(p plantroom.Progress) uint64 { return p.Epoch }), []uint64{8, 3, 1})
}

func gapsOnce(t *testing.T, s plantroom.Store) {
	first := plantroom.Gap{First: 40, Last: 49, Reason: "disk full", At: clock(1)}
	second := plantroom.Gap{First: 10, Last: 19, Reason: "segment set aside", At: clock(2)}
	for range 2 {
		update(t, s, func(tx plantroom.Tx) error {
			for _, g := range []plantroom.Gap{first, second, {First: 40, Last: 60, Reason: "told again"}} {
				if err := tx.PutGap("gw-b1", 7, g); err != nil {
					return err
				}
			}
			return tx.PutGap("gw-b2", 7, first)
		})
	}
	wantEqual(t, read(t, s, func(tx plantroom.Tx) ([]plantroom.Gap, error) { return tx.Gaps("gw-b1") }), []plantroom.Gap{first, second})
	update(t, s, func(tx plantroom.Tx) error { return tx.PutGap("gw-b1", 8, first) })
	wantEqual(t, len(read(t, s, func(tx plantroom.Tx) ([]plantroom.Gap, error) { return tx.Gaps("gw-b1") })), 3)
}
