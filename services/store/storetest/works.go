package storetest

import (
	"testing"

	"plantroom"
)

var worksCases = []testCase{
	{"works are returned whole", worksWhole},
	{"works that are not there are not found", worksNone},
	{"of two writers over one version of works one wins", worksOnce},
	{"works that are over are listed no longer as open", worksListed},
}

func planned(id plantroom.WorksID, from int64) plantroom.Works {
	return plantroom.Works{ID: id, Version: 1, State: plantroom.WorksPlanned, Title: plantroom.Text{En: "Overhaul"}, Assets: []plantroom.AssetID{"b1-l1"},
		Contractor: "quicklift", From: clock(from), To: clock(from + 10), By: "person:lin", Declared: clock(1), Due: clock(from),
		Needs: []plantroom.Need{{Person: "chen", Zone: "b1-12a", Floor: 12, Needs: []string{"wheelchair"}}}}
}

func putWorks(t *testing.T, s plantroom.Store, ws ...plantroom.Works) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error {
		for _, w := range ws {
			if err := tx.PutWorks(w); err != nil {
				return err
			}
		}
		return nil
	})
}

func worksWhole(t *testing.T, s plantroom.Store) {
	w := planned("overhaul", 20)
	putWorks(t, s, w)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Works, error) { return tx.Works("overhaul") }), w)
}

func worksNone(t *testing.T, s plantroom.Store) {
	view(t, s, func(tx plantroom.Tx) error {
		_, err := tx.Works("overhaul")
		wantEqual(t, plantroom.CodeOf(err), plantroom.CodeNotFound)
		open, err := tx.OpenWorks()
		wantEqual(t, len(open), 0)
		return err
	})
}

func worksOnce(t *testing.T, s plantroom.Store) {
	w := planned("overhaul", 20)
	putWorks(t, s, w)
	update(t, s, func(tx plantroom.Tx) error {
		wantEqual(t, plantroom.CodeOf(tx.PutWorks(w)), plantroom.CodeConflict)
		return nil
	})
	w.Version = 2
	putWorks(t, s, w)
	update(t, s, func(tx plantroom.Tx) error {
		wantEqual(t, plantroom.CodeOf(tx.PutWorks(w)), plantroom.CodeConflict)
		return nil
	})
}

func worksListed(t *testing.T, s plantroom.Store) {
	late, early, over := planned("late", 30), planned("early", 20), planned("over", 10)
	over.State = plantroom.WorksDone
	putWorks(t, s, late, early, over)
	ids := func(list func(plantroom.Tx) ([]plantroom.Works, error)) (out []plantroom.WorksID) {
		for _, w := range read(t, s, list) {
			out = append(out, w.ID)
		}
		return out
	}
	wantEqual(t, ids(func(tx plantroom.Tx) ([]plantroom.Works, error) { return tx.OpenWorks() }), []plantroom.WorksID{"early", "late"})
	wantEqual(t, ids(func(tx plantroom.Tx) ([]plantroom.Works, error) { return tx.AllWorks(0) }), []plantroom.WorksID{"late", "early", "over"})
	wantEqual(t, ids(func(tx plantroom.Tx) ([]plantroom.Works, error) { return tx.AllWorks(1) }), []plantroom.WorksID{"late"})
}
