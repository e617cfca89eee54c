package storetest

import (
	"fmt"
	"testing"

	"plantroom"
)

var detectionCases = []testCase{
	{"a detector's state is kept per rule and asset, and written over", detectionsWrittenOver},
	{"a thousand detectors are written at once, in any number", detectionsMany},
}

func detectionsWrittenOver(t *testing.T, s plantroom.Store) {
	update(t, s, func(tx plantroom.Tx) error {
		return tx.PutDetections([]plantroom.Detection{
			{Rule: "lift.fault", Asset: "b1-l2", State: []byte("b")},
			{Rule: "lift.fault", Asset: "b1-l1", State: []byte("a")},
			{Rule: "bin.full", Asset: "b1-bin", State: []byte{0, 0xff}},
		})
	})
	update(t, s, func(tx plantroom.Tx) error {
		return tx.PutDetections([]plantroom.Detection{
			{Rule: "lift.fault", Asset: "b1-l1", State: []byte("c")},
			{Rule: "lift.fault", Asset: "b1-l1", State: []byte("d")},
		})
	})
	wantEqual(t, read(t, s, func(tx plantroom.Tx) ([]plantroom.Detection, error) { return tx.Detections() }), []plantroom.Detection{
		{Rule: "bin.full", Asset: "b1-bin", State: []byte{0, 0xff}},
		{Rule: "lift.fault", Asset: "b1-l1", State: []byte("d")},
		{Rule: "lift.fault", Asset: "b1-l2", State: []byte("b")},
	})
}

func detectionsMany(t *testing.T, s plantroom.Store) {
	for _, n := range []int{0, 1, 49, 50, 51, 1000} {
		ds := make([]plantroom.Detection, n)
		for i := range ds {
			ds[i] = plantroom.Detection{Rule: "bin.full", Asset: plantroom.AssetID(fmt.Sprintf("bin-%04d", i)), State: fmt.Append(nil, n, "/", i)}
		}
		update(t, s, func(tx plantroom.Tx) error { return tx.PutDetections(ds) })
		got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Detection, error) { return tx.Detections() })
		if len(got) != n {
			t.Fatalf("got %d detections, want %d", len(got), n)
		}
		for i := range got {
			wantEqual(t, got[i], ds[i])
		}
	}
}
