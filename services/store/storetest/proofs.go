package storetest

import (
	"testing"

	"plantroom"
)

var proofCases = []testCase{
	{"proofs are returned whole and in the order in which they came", proofsWhole},
	{"a file that an order has already is left as it is", proofsOnce},
	{"files are counted and listed once, however many orders have them", proofsShared},
	{"files are listed a page at a time", proofsPaged},
}

func proof(o plantroom.OrderID, sum byte) plantroom.Proof {
	return plantroom.Proof{Order: o, ProofFile: plantroom.ProofFile{Sum: plantroom.Hash{0: sum, 31: 1}, Size: 100 + int64(sum), Type: "image/jpeg", Width: 4000, Height: 3000},
		At: clock(int64(sum)), Actor: "contractor:quicklift", By: "Li Qiang", Task: "notice", With: plantroom.DoFix, Note: "before"}
}

func putProofs(t *testing.T, s plantroom.Store, ps ...plantroom.Proof) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error { return tx.PutProofs(ps...) })
}

func proofsOf(t *testing.T, s plantroom.Store, id plantroom.OrderID) []plantroom.Proof {
	t.Helper()
	return read(t, s, func(tx plantroom.Tx) ([]plantroom.Proof, error) { return tx.Proofs(id) })
}

func proofsWhole(t *testing.T, s plantroom.Store) {
	want := []plantroom.Proof{proof("wo-000001", 9), proof("wo-000001", 3), proof("wo-000001", 200)}
	putProofs(t, s, want[:2]...)
	putProofs(t, s, proof("wo-000002", 4), want[2])
	wantEqual(t, proofsOf(t, s, "wo-000001"), want)
	wantEqual(t, len(proofsOf(t, s, "wo-000003")), 0)
}

func proofsOnce(t *testing.T, s plantroom.Store) {
	first, again := proof("wo-000001", 9), proof("wo-000001", 9)
	again.By, again.At = "Wu Gang", clock(99)
	putProofs(t, s, first)
	putProofs(t, s, again)
	wantEqual(t, proofsOf(t, s, "wo-000001"), []plantroom.Proof{first})
}

func proofsShared(t *testing.T, s plantroom.Store) {
	putProofs(t, s, proof("wo-000001", 9), proof("wo-000002", 9), proof("wo-000002", 3))
	view(t, s, func(tx plantroom.Tx) error {
		files, bytes, err := tx.ProofUse()
		wantEqual(t, files, 2)
		wantEqual(t, bytes, int64(109+103))
		return err
	})
	got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Proof, error) { return tx.ProofFiles(plantroom.Hash{}, 0) })
	wantEqual(t, got, []plantroom.Proof{proof("wo-000002", 3), proof("wo-000001", 9)})
}

func proofsPaged(t *testing.T, s plantroom.Store) {
	view(t, s, func(tx plantroom.Tx) error {
		files, bytes, err := tx.ProofUse()
		wantEqual(t, files, 0)
		wantEqual(t, bytes, int64(0))
		return err
	})
	putProofs(t, s, proof("wo-000001", 1), proof("wo-000001", 200), proof("wo-000001", 128))
	after, n := plantroom.Hash{}, 0
	for _, want := range []byte{1, 128, 200} {
		got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Proof, error) { return tx.ProofFiles(after, 1) })
		wantEqual(t, got, []plantroom.Proof{proof("wo-000001", want)})
		after, n = got[0].Sum, n+1
	}
	wantEqual(t, len(read(t, s, func(tx plantroom.Tx) ([]plantroom.Proof, error) { return tx.ProofFiles(after, 1) })), 0)
}
