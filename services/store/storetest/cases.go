package storetest

import (
	"fmt"
	"testing"

	"plantroom"
)

var caseCases = []testCase{
	{"a case is returned whole", caseWhole},
	{"a case that is not there is not found", caseNone},
	{"cases are numbered one after the other", caseNumbers},
	{"of two writers over one version of a case one wins", caseOnce},
	{"a key opens one case", caseKeys},
	{"cases are listed by what is asked for, the newest first", caseListed},
	{"due cases come the earliest first, and those that nothing is due of never", caseDue},
	{"what a case no longer says is not found in what is read", caseRewritten},
}

func caseNo(num int) plantroom.CaseID { return plantroom.CaseID(fmt.Sprintf("case-%06d", num)) }

func aCase(num int) plantroom.Case {
	return plantroom.Case{ID: caseNo(num), Version: 1, State: plantroom.CaseOpen, Kind: plantroom.Complaint, Playbook: "complaint",
		Title: plantroom.Text{En: "Complaint"}, Private: true, Zones: []plantroom.ZoneID{"b1-12a"}, Contact: "Chen Bo, evenings", Text: "the lift is loud",
		Opened: clock(1), Actor: "person:operator", By: "sun", Responsible: "lin", Begun: clock(1), Deadline: plantroom.CaseDue{At: clock(500), Managers: clock(600)},
		Tasks: []plantroom.CaseTask{{ID: "answer", Title: plantroom.Text{En: "Answer"}, Proof: plantroom.ProofNote, Within: plantroom.Duration(100e9), From: clock(1),
			Due: plantroom.CaseDue{At: clock(101), Told: clock(102)}}},
		Outcomes: []plantroom.CaseOutcome{{ID: "settled", Title: plantroom.Text{En: "Settled"}, Needs: []string{"answer"}}},
		Notes:    []plantroom.CaseNote{{At: clock(2), Kind: "said", By: "sun", To: "Ms Chen", How: "by telephone", Text: "we look into it"}},
		Earlier:  []plantroom.CaseRound{{Playbook: "complaint", Begun: clock(0), Ended: clock(1), Outcome: "settled", Tasks: []plantroom.CaseTask{}}},
		Keep:     plantroom.Duration(1000e9), Salt: plantroom.Salt{1, 2}, Due: clock(101)}
}

func putCases(t *testing.T, s plantroom.Store, cs ...plantroom.Case) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error {
		for _, c := range cs {
			if err := tx.PutCase(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func caseWhole(t *testing.T, s plantroom.Store) {
	c := aCase(1)
	putCases(t, s, c)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Case, error) { return tx.Case(c.ID) }), c)
}

func caseNone(t *testing.T, s plantroom.Store) {
	view(t, s, func(tx plantroom.Tx) error {
		for _, id := range []plantroom.CaseID{"case-000001", "case-1", "wo-000001", "case-x", ""} {
			_, err := tx.Case(id)
			wantEqual(t, plantroom.CodeOf(err), plantroom.CodeNotFound)
		}
		_, err := tx.CaseOfKey("")
		wantEqual(t, plantroom.CodeOf(err), plantroom.CodeNotFound)
		_, err = tx.Cases(plantroom.CaseFilter{Before: "case-1"})
		wantEqual(t, plantroom.CodeOf(err), plantroom.CodeInvalid)
		return nil
	})
	bad := aCase(1)
	bad.ID = "case-1"
	refused(t, s, plantroom.CodeInvalid, func(tx plantroom.Tx) error { return tx.PutCase(bad) })
}

func caseNumbers(t *testing.T, s plantroom.Store) {
	for n := 1; n <= 3; n++ {
		update(t, s, func(tx plantroom.Tx) error {
			id, err := tx.NextCaseID()
			wantEqual(t, id, caseNo(n))
			if err != nil {
				return err
			}
			c := aCase(1)
			c.ID = id
			return tx.PutCase(c)
		})
	}
}

func caseOnce(t *testing.T, s plantroom.Store) {
	c := aCase(1)
	putCases(t, s, c)
	refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.PutCase(c) })
	c.Version = 2
	putCases(t, s, c)
	refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.PutCase(c) })
}

func caseKeys(t *testing.T, s plantroom.Store) {
	a, b, c := aCase(1), aCase(2), aCase(3)
	a.Key = "form-7"
	putCases(t, s, a, b, c) // those without a key do not collide
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Case, error) { return tx.CaseOfKey("form-7") }).ID, a.ID)
	d := aCase(4)
	d.Key = "form-7"
	refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.PutCase(d) })
}

func caseListed(t *testing.T, s plantroom.Store) {
	a, b, c := aCase(1), aCase(2), aCase(3)
	b.State, b.Responsible = plantroom.CaseClosed, "sun"
	c.Kind = plantroom.Arrears
	putCases(t, s, a, b, c)
	for _, l := range []struct {
		f    plantroom.CaseFilter
		want []plantroom.CaseID
	}{
		{plantroom.CaseFilter{}, []plantroom.CaseID{c.ID, b.ID, a.ID}},
		{plantroom.CaseFilter{Limit: 1}, []plantroom.CaseID{c.ID}},
		{plantroom.CaseFilter{Open: true}, []plantroom.CaseID{c.ID, a.ID}},
		{plantroom.CaseFilter{Kind: plantroom.Complaint}, []plantroom.CaseID{b.ID, a.ID}},
		{plantroom.CaseFilter{Responsible: "sun"}, []plantroom.CaseID{b.ID}},
		{plantroom.CaseFilter{Open: true, Before: c.ID}, []plantroom.CaseID{a.ID}},
	} {
		got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Case, error) { return tx.Cases(l.f) })
		wantEqual(t, keys(got, func(c plantroom.Case) plantroom.CaseID { return c.ID }), l.want)
	}
}

func caseDue(t *testing.T, s plantroom.Store) {
	a, b, c, d := aCase(1), aCase(2), aCase(3), aCase(4)
	a.Due, b.Due, c.Due, d.Due = clock(30), clock(10), 0, clock(40)
	b.State = plantroom.CaseClosed // to be forgotten
	putCases(t, s, a, b, c, d)
	got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Case, error) { return tx.DueCases(clock(30), 0) })
	wantEqual(t, keys(got, func(c plantroom.Case) plantroom.CaseID { return c.ID }), []plantroom.CaseID{b.ID, a.ID})
	got = read(t, s, func(tx plantroom.Tx) ([]plantroom.Case, error) { return tx.DueCases(clock(30), 1) })
	wantEqual(t, len(got), 1)
}

func caseRewritten(t *testing.T, s plantroom.Store) {
	c := aCase(1)
	c.Key = "form-7"
	putCases(t, s, c)
	c.Version, c.Zones, c.Contact, c.Text, c.Notes, c.Key, c.Salt = 2, nil, "", "", nil, "", plantroom.Salt{}
	putCases(t, s, c)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Case, error) { return tx.Case(c.ID) }), c)
	view(t, s, func(tx plantroom.Tx) error {
		_, err := tx.CaseOfKey("form-7")
		wantEqual(t, plantroom.CodeOf(err), plantroom.CodeNotFound)
		return nil
	})
}
