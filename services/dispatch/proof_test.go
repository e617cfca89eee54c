package dispatch_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/dispatch"
)

func photo(n byte) plantroom.ProofFile {
	return plantroom.ProofFile{Sum: plantroom.Hash{n}, Size: 2 << 20, Type: "image/jpeg", Width: 4000, Height: 3000}
}

func (h *house) hand(p dispatch.Handed) (o plantroom.WorkOrder, err error) {
	p.Order = h.order().ID
	err = h.update(func(tx plantroom.Tx) (err error) {
		o, err = h.desk.Proof(tx, h.now, p)
		return err
	})
	return o, err
}

func (h *house) proofs() (list []plantroom.Proof) {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) (err error) { list, err = tx.Proofs(h.order().ID); return err })
	return list
}

// filesIn reads which files the newest row of a kind names.
func (h *house) filesIn(kind string) (out []plantroom.Hash) {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(h.order().ID))
		for _, r := range rows {
			if r.Kind != kind {
				continue
			}
			var body struct{ Files []plantroom.ProofFile }
			if err := json.Unmarshal(r.Body, &body); err != nil {
				return err
			}
			out = nil
			for _, f := range body.Files {
				out = append(out, f.Sum)
			}
		}
		return err
	})
	return out
}

func TestFilesAreKeptWithTheRowThatNamesThemByTheirHash(t *testing.T) {
	h := newHouse(t, withPlaybook)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick, func(c *dispatch.Command) { c.By = "Li" })
	if _, err := h.hand(dispatch.Handed{Actor: quick, Link: h.order().Link, By: "Li", Note: "before", Files: []plantroom.ProofFile{photo(1), photo(1), photo(2)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.task(dispatch.TaskDone{Task: "notice", By: "Li", Files: []plantroom.ProofFile{photo(2), photo(3)}}); err != nil {
		t.Fatal(err)
	}
	h.must(plantroom.DoFix, quick, func(c *dispatch.Command) { c.Note, c.Files = "roller", []plantroom.ProofFile{photo(4)} })
	for kind, want := range map[string][]plantroom.Hash{"order.proof": {{1}, {2}}, "order.task": {{2}, {3}}, "order.fix": {{4}}} {
		if got := h.filesIn(kind); !slices.Equal(got, want) {
			t.Errorf("the row %s names %v, want %v", kind, got, want)
		}
	}
	got := h.proofs()
	if len(got) != 4 || got[0].Note != "before" || got[0].Actor != quick || got[2].Task != "notice" || got[3].With != plantroom.DoFix {
		t.Errorf("kept: %+v", got)
	}
	if task := h.order().Tasks[0]; !slices.Equal(task.Files, []plantroom.Hash{{2}, {3}}) || task.Done.IsZero() {
		t.Errorf("the task: %+v", task)
	}
}

func TestTheSameFilesAgainChangeNothing(t *testing.T) {
	h := newHouse(t, withPlaybook)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	for range 2 {
		if _, err := h.hand(dispatch.Handed{Actor: "person:operator", Files: []plantroom.ProofFile{photo(1)}}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.task(dispatch.TaskDone{Task: "notice", Files: []plantroom.ProofFile{photo(2)}}); err != nil {
			t.Fatal(err)
		}
	}
	if n, m := occurrences(h.rows(), "order.proof"), occurrences(h.rows(), "order.task"); n != 1 || m != 1 || len(h.proofs()) != 2 {
		t.Errorf("%d and %d rows, %d files", n, m, len(h.proofs()))
	}
	_, err := h.task(dispatch.TaskDone{Task: "notice", Files: []plantroom.ProofFile{photo(3)}})
	h.wantCode(err, plantroom.CodeConflict)
}

func TestAPhotoThatComesAfterTheWordIsNotLost(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoFix, quick)
	h.must(plantroom.DoFix, quick, func(c *dispatch.Command) { c.Files = []plantroom.ProofFile{photo(1)} })
	if n := occurrences(h.rows(), "order.fix"); n != 1 || len(h.proofs()) != 1 || !slices.Equal(h.filesIn("order.proof"), []plantroom.Hash{{1}}) {
		t.Errorf("%d claims, %d files", n, len(h.proofs()))
	}
}

func TestWhoMayHandInFiles(t *testing.T) {
	h := newHouse(t, withPlaybook)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	one := []plantroom.ProofFile{photo(1)}
	_, err := h.hand(dispatch.Handed{Actor: quick, Link: 1, Files: one})
	h.wantCode(err, plantroom.CodeTransition) // nobody has accepted it
	h.must(plantroom.DoAcknowledge, quick)
	for want, p := range map[plantroom.Code]dispatch.Handed{
		plantroom.CodeForbidden: {Actor: "contractor:grandlift", Link: 1, Files: one},
		plantroom.CodeInvalid:   {Actor: quick, Link: 1},
	} {
		_, err := h.hand(p)
		h.wantCode(err, want)
	}
	for _, bad := range []dispatch.TaskDone{{Task: "owner", By: "Ms Lin", Actor: quick}, {Task: "notice", Actor: "contractor:grandlift", Files: one}} {
		err := h.update(func(tx plantroom.Tx) error {
			bad.Order = h.order().ID
			_, err := h.desk.Task(tx, h.now, bad)
			return err
		})
		h.wantCode(err, plantroom.CodeForbidden)
	}
	err = h.update(func(tx plantroom.Tx) error {
		_, err := h.desk.Command(tx, h.now, dispatch.Command{Order: h.order().ID, Do: plantroom.DoArrive, Actor: quick, Files: one})
		return err
	})
	h.wantCode(err, plantroom.CodeInvalid)
	if len(h.proofs()) != 0 {
		t.Errorf("kept all the same: %+v", h.proofs())
	}
}

func TestAnOrderHasNoMoreFilesThanItMay(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	hand := func(n byte, size int64) error {
		f := photo(n)
		f.Size = size
		_, err := h.hand(dispatch.Handed{Actor: "person:operator", Files: []plantroom.ProofFile{f}})
		return err
	}
	for n := range byte(dispatch.MaxProofs - 1) {
		if err := hand(n, 100); err != nil {
			t.Fatal(err)
		}
	}
	h.wantCode(hand(100, dispatch.MaxProofBytes), plantroom.CodeTooLarge)
	if err := hand(101, 100); err != nil {
		t.Fatal(err)
	}
	h.wantCode(hand(102, 100), plantroom.CodeTooLarge)
	h.wantCode(h.store.View(t.Context(), func(tx plantroom.Tx) error {
		_, _, err := dispatch.ProofRoom(tx, h.order().ID)
		return err
	}), plantroom.CodeTooLarge)
	if len(h.proofs()) != dispatch.MaxProofs {
		t.Errorf("%d files", len(h.proofs()))
	}
}

func TestTheHouseHasNoMoreFilesThanItMay(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	desk, err := dispatch.New(dispatch.Options{Estate: estate(), Domains: []plantroom.Domain{lifts()}, ProofTotal: 3 << 20})
	if err != nil {
		t.Fatal(err)
	}
	hand := func(n byte) error {
		return h.update(func(tx plantroom.Tx) error {
			_, err := desk.Proof(tx, h.now, dispatch.Handed{Order: h.order().ID, Actor: "person:operator", Files: []plantroom.ProofFile{photo(n)}})
			return err
		})
	}
	if err := hand(1); err != nil {
		t.Fatal(err)
	}
	err = hand(2)
	h.wantCode(err, plantroom.CodeTooLarge)
	if err == nil || !strings.Contains(err.Error(), "proofs.total_gib") {
		t.Errorf("it does not say what to do: %v", err)
	}
	if err := hand(1); err != nil { // it has that one
		t.Error(err)
	}
}

func TestAPauseIsProvedByAPhoto(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoPause, quick, reason("no_access", ""), func(c *dispatch.Command) { c.Files = []plantroom.ProofFile{photo(1)} })
	o := h.order()
	if p := o.Pause(); p == nil || !slices.Equal(p.Files, []plantroom.Hash{{1}}) || h.proofs()[0].With != plantroom.DoPause {
		t.Errorf("%+v", p)
	}
}
