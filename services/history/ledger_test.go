package history_test

import (
	"testing"
	"time"

	"plantroom"
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
