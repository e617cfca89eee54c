package history_test

import (
	"math"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/history"
	"plantroom/services/httpapi/apitest"
)

// noted writes rows at times after the start.
func (s *story) noted(after ...time.Duration) {
	s.t.Helper()
	var rows []plantroom.LedgerRow
	for _, d := range after {
		rows = append(rows, plantroom.LedgerRow{At: apitest.Start.Add(d), Kind: "order.note", Subject: "wo-000001", Actor: "system", Body: []byte("{}")})
	}
	if err := s.Store.Update(s.t.Context(), func(tx plantroom.Tx) error { return tx.AppendLedger(rows...) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) events(q history.EventQuery) (p history.EventPage) {
	s.t.Helper()
	if q.Followed == 0 {
		q.Followed = math.MaxInt64 / 2
	}
	s.view(func(tx plantroom.Tx) (err error) {
		p, err = history.ReadEvents(tx, &q, func(rows []plantroom.LedgerRow) (items []history.EventItem, _ error) {
			for _, r := range rows {
				items = append(items, history.EventItem{Seq: r.Seq, At: r.At})
			}
			return items, nil
		})
		return err
	})
	return p
}

// The hour that comes twice must not hide what happens now.
func TestTheNewestEventsAreThereAfterTheClockWasSetBack(t *testing.T) {
	s := newStory(t, 1)
	for i := range 120 {
		s.noted(time.Duration(i) * time.Minute)
	}
	s.noted(61*time.Minute, 62*time.Minute) // it was set back from 120 to 60
	now := apitest.Start.Add(63 * time.Minute)
	p := s.events(history.EventQuery{From: apitest.Start.Add(-time.Hour), To: now, Limit: 10})
	if n := len(p.Items); n == 0 || p.Items[n-1].At != apitest.Start.Add(62*time.Minute) || p.Next != 122 {
		t.Errorf("up to now: %+v", p)
	}
}

// A follower that is ahead would be silent until the ledger has grown past it.
func TestWhoFollowsADatabaseThatWasSetBackGoesOnFromItsNewestRow(t *testing.T) {
	s := newStory(t, 1)
	s.noted(0, time.Minute, 2*time.Minute)
	if p := s.events(history.EventQuery{Behind: true, After: 500, Limit: 10}); len(p.Items) != 0 || p.Next != 3 || p.More {
		t.Errorf("behind a row that there is not yet: %+v", p)
	}
	for _, after := range []int64{3, 0} {
		want := int64(3) // both end with the newest
		if p := s.events(history.EventQuery{Behind: true, After: after, Limit: 10}); p.Next != want {
			t.Errorf("behind %d: %+v", after, p)
		}
	}
	empty := newStory(t, 1)
	if p := empty.events(history.EventQuery{Behind: true, After: 7, Limit: 10}); p.Next != 0 {
		t.Errorf("where there is no row at all: %+v", p)
	}
}

// A server that was started on an empty database learns with the first row since when
// there is a record, and not at its next start.
func TestTheRecordBeginsWithTheFirstRowAlsoOfAServerThatRuns(t *testing.T) {
	s := newStory(t, 1)
	f := s.follower(s.Store, "")
	s.noted(0)
	s.Jump(time.Hour)
	f.Changed(history.ChangedOrder, "wo-000001")
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := f.Read(func(table *history.Table) error {
		for _, a := range table.Now(s.book, s.book.Chosen(&history.Filter{}), s.Now()) {
			if a.Asset == "b1-l1" && (a.State != history.OK || a.Since != apitest.Start.Add(3*time.Minute)) {
				t.Errorf("%+v", a)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Whoever follows events of a building goes on behind the last row that it was told
// of: one whose order is not in the columns yet must not lie before that.
func TestARowWhoseOrderHasNotBeenFollowedYetIsToldOfLater(t *testing.T) {
	s := newStory(t, 1)
	s.noted(0)
	f := s.follower(s.Store, "")
	tell := func(filter history.Filter, behind bool, after int64) (kinds []string, next int64) {
		t.Helper()
		q := history.EventQuery{Behind: behind, After: after, From: apitest.Start, To: s.Now().Add(time.Hour), Limit: 50}
		read := func(ask func(*history.Table)) {
			if _, err := f.Read(func(table *history.Table) error { ask(table); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		read(func(table *history.Table) { q.Followed = table.Followed() })
		if len(filter.Contractors) == 0 {
			q.Known = func(id string) (known bool) {
				read(func(table *history.Table) { known = table.Knows(id) })
				return known
			}
		}
		s.view(func(tx plantroom.Tx) error {
			p, err := history.ReadEvents(tx, &q, func(rows []plantroom.LedgerRow) (items []history.EventItem, _ error) {
				read(func(table *history.Table) { items = table.Events(s.book, &filter, rows) })
				return items, nil
			})
			for _, e := range p.Items {
				kinds = append(kinds, e.Kind)
			}
			next = p.Next
			return err
		})
		return kinds, next
	}
	_, before := tell(history.Filter{}, true, 0)
	o := s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.High, Needed: 1})
	b1 := history.Filter{Buildings: []plantroom.BuildingID{"b1"}}
	for _, behind := range []bool{true, false} {
		if _, next := tell(b1, behind, before); next != before {
			t.Errorf("behind %v: before it is followed it goes on from %d, not %d", behind, next, before)
		}
	}
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	kinds, next := tell(b1, true, before)
	if len(kinds) < 2 || next <= before {
		t.Fatalf("then it tells of %q, up to %d", kinds, next)
	}
	if _, err := s.Command(t.Context(), dispatch.Command{Order: o.ID, Do: plantroom.DoAcknowledge, Actor: "person:operator", By: "Li Qiang"}); err != nil {
		t.Fatal(err)
	}
	if kinds, on := tell(b1, true, next); len(kinds) == 0 || on <= next {
		t.Errorf("a later row of a known order: %q up to %d", kinds, on)
	}
	if kinds, on := tell(history.Filter{Contractors: []plantroom.ContractorID{"quicklift"}}, true, next); len(kinds) != 0 || on != next {
		t.Errorf("a contractor's events before they are followed: %q up to %d", kinds, on)
	}
}
