package app_test

import (
	"testing"
	"time"

	"plantroom"
	"plantroom/services/cases"
)

// openCase opens a rumour of which nobody has taken charge.
func (s *spine) openCase() (c plantroom.Case) {
	s.t.Helper()
	err := s.store.Update(s.t.Context(), func(tx plantroom.Tx) (err error) {
		c, err = s.Cases.Open(tx, s.now, cases.Opening{Playbook: "rumour", Text: "the lift fell", By: "li", Actor: "person:operator"})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *spine) callsAbout(id plantroom.CaseID) (kinds map[string]int) {
	s.t.Helper()
	kinds = map[string]int{}
	err := s.store.View(s.t.Context(), func(tx plantroom.Tx) error {
		cs, err := tx.CallsOf(plantroom.OrderID(id))
		for _, c := range cs {
			kinds[c.Kind]++
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return kinds
}

func TestCasesAreLookedAfterWithTheOrdersAndOverAReload(t *testing.T) {
	s := newSpine(t)
	c := s.openCase()
	for range 3 {
		s.now = s.now.Add(16 * time.Minute)
		s.reload() // a desk that remembers nothing
		if err := s.TickOrders(t.Context(), s.now); err != nil {
			t.Fatal(err)
		}
	}
	// Spokesman, what is said, facts: late after 15, 30 and 45 minutes.
	if kinds := s.callsAbout(c.ID); kinds["case.opened"] != 1 || kinds["case.neglected"] != 3 {
		t.Errorf("%v", kinds)
	}
}

func TestACaseIsLookedAfterAlsoWhenItsStaffAndItsPlaybookAreGoneFromTheFile(t *testing.T) {
	s := newSpine(t)
	c := s.openCase()
	gone := *s.Spine
	var err error
	if gone.Cases, err = cases.New(plantroom.Estate{Zone: "UTC"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := gone.TickOrders(t.Context(), s.now.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if kinds := s.callsAbout(c.ID); kinds["case.neglected"] != 0 {
		t.Errorf("%v: there is no manager", kinds)
	}
}
