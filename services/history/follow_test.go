package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/dispatch"
	"plantroom/services/domains"
	"plantroom/services/history"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/store"
)

// story is a house in which things happen by chance.
type story struct {
	*apitest.House
	t    *testing.T
	r    *rand.Rand
	book *history.Book
	seen []plantroom.OrderID
}

func newStory(t *testing.T, seed uint64) *story {
	t.Helper()
	s := &story{House: apitest.New(t), t: t, r: rand.New(rand.NewPCG(seed, 11))}
	var err error
	if s.book, err = history.NewBook(s.Estate(), append(domains.All(), detect.Devices())); err != nil {
		t.Fatal(err)
	}
	return s
}

// happens lets one thing happen. What cannot be done in the present state is not done.
func (s *story) happens() {
	s.t.Helper()
	faults := []apitest.Fault{
		{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Needed: 2},
		{Rule: "lift.fault", Asset: "b1-l2", Cause: "safety_circuit_open", Severity: plantroom.High, Needed: 1},
		{Rule: "device.silent", Asset: "b1-l1", Cause: "silent", Severity: plantroom.Medium},
		{Rule: "gateway.silent", Asset: "gw-b1", Cause: "silent", Severity: plantroom.High},
	}
	switch s.r.IntN(8) {
	case 0, 1:
		f := faults[s.r.IntN(len(faults))]
		if !s.isOpen(f) {
			s.seen = append(s.seen, s.Open(f).ID)
		}
	case 2, 3:
		s.Jump(time.Duration(1+s.r.IntN(900)) * time.Second)
	case 4:
		s.evidence()
	default:
		s.command()
	}
}

func (s *story) isOpen(f apitest.Fault) (open bool) {
	s.view(func(tx plantroom.Tx) error {
		ins, err := tx.OpenIncidents()
		for _, in := range ins {
			open = open || in.Rule == f.Rule && in.Asset == f.Asset
		}
		return err
	})
	return open
}

func (s *story) view(f func(plantroom.Tx) error) {
	s.t.Helper()
	if err := s.Store.View(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

// evidence lets a sensor say something about one of the episodes.
func (s *story) evidence() {
	var ins []plantroom.Incident
	s.view(func(tx plantroom.Tx) (err error) { ins, err = tx.OpenIncidents(); return err })
	if len(ins) == 0 {
		return
	}
	in, now := ins[s.r.IntN(len(ins))], s.Now()
	ev := plantroom.IncidentEvent{Change: plantroom.IncidentCleared}
	switch what := s.r.IntN(3); {
	case in.State == plantroom.IncidentOpen && what == 0 && in.Severity < plantroom.Life:
		ev.Change = plantroom.IncidentWorsened
		in.Severity++
	case in.State == plantroom.IncidentOpen:
		in.State, in.Cleared = plantroom.IncidentClearing, now
	case what == 0:
		ev.Change = plantroom.IncidentRelapsed
		in.State, in.Cleared = plantroom.IncidentOpen, 0
		in.Relapses++
	default:
		ev.Change = plantroom.IncidentProved
		in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, in.Needed, now, now
	}
	ev.Incident = in
	if err := s.Store.Update(s.t.Context(), func(tx plantroom.Tx) error { return s.Desk.Incident(tx, now, ev) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) command() {
	if len(s.seen) == 0 {
		return
	}
	o := s.Order(s.seen[s.r.IntN(len(s.seen))])
	do := []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix, plantroom.DoDecline, plantroom.DoPause, plantroom.DoContinue, plantroom.DoCancel, plantroom.DoTransfer}
	cmd := dispatch.Command{Order: o.ID, Do: do[s.r.IntN(len(do))], Actor: "person:operator", By: "Li Qiang", Reason: "a reason", Code: "weather", To: "grandlift"}
	_, err := s.Command(context.Background(), cmd)
	var known *plantroom.Error
	if err != nil && (!errors.As(err, &known) || known.Code == plantroom.CodeInternal) {
		s.t.Fatal(err)
	}
}

// answers asks a follower all that boards ask.
func (s *story) answers(f *history.Follower) string {
	s.t.Helper()
	var text []byte
	_, err := f.Read(func(t *history.Table) error {
		from, to, now := apitest.Start.Add(-time.Hour), s.Now().Add(time.Hour), s.Now()
		assets := s.book.Chosen(&history.Filter{})
		orders, _ := t.OrderPage(s.book, &history.OrderQuery{From: from, To: to, Limit: 1000}, now)
		incidents, _ := t.IncidentPage(s.book, &history.Filter{}, from, to, 1000)
		compliance, err := t.Compliance(s.book, &history.ComplianceQuery{By: []history.Key{history.ByContractor, history.ByClock, history.ByRule}, From: from, To: to})
		if err != nil {
			return err
		}
		states, err := t.States(s.book, assets, from, to, now)
		if err != nil {
			return err
		}
		kpi, err := t.KPI(s.book, assets, from, to, now)
		if err != nil {
			return err
		}
		text, err = json.MarshalIndent([]any{orders, incidents, compliance, states, kpi, t.Now(s.book, assets, now), t.League(s.book, &history.Filter{}, from, to), t.OpenIn(&history.Filter{}, from, to, now, 50)}, "", " ")
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// follower is a new one, which has read all that there is.
func (s *story) follower(st history.Store, path string) *history.Follower {
	s.t.Helper()
	f := history.New(history.Options{Store: st, Path: path, Now: s.Now})
	if err := f.Step(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *story) same(what string, f *history.Follower, st history.Store) {
	s.t.Helper()
	got, want := s.answers(f), s.answers(s.follower(st, ""))
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			s.t.Fatalf("%s: it answers\n%s\nand one that has read everything anew\n%s", what, strings.Join(g[max(0, i-25):i+3], "\n"), strings.Join(w[max(0, i-25):i+3], "\n"))
		}
	}
	s.t.Fatalf("%s: answers of %d and %d lines", what, len(g), len(w))
}

// TestFollowingComesToTheSameAsReadingEverything follows some stories with stops,
// crashes and files in between.
func TestFollowingComesToTheSameAsReadingEverything(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		s := newStory(t, seed)
		path := filepath.Join(t.TempDir(), "history.cache")
		f := s.follower(s.Store, path)
		stop := func() { // as a server that is stopped: it writes its file
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			f.Run(ctx)
		}
		for range 90 {
			s.happens()
			switch s.r.IntN(10) {
			case 0, 1, 2:
				if err := f.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
			case 3:
				stop()
				f = s.follower(s.Store, path)
			case 4: // as one that is killed: the file is an old one
				f = s.follower(s.Store, path)
			case 5:
				if seed%3 == 0 {
					_ = os.Remove(path)
					f = s.follower(s.Store, path)
				}
			}
			if s.r.IntN(12) == 0 {
				if err := f.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
				s.same("on the way", f, s.Store)
			}
		}
		if err := f.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.same("at the end", f, s.Store)
		if n := len(s.seen); n < 3 {
			t.Errorf("seed %d: a story of %d orders tells little", seed, n)
		}
	}
}

// TestADatabaseFromABackupIsReadAnew: the file is of a state that never was, there.
func TestADatabaseFromABackupIsReadAnew(t *testing.T) {
	s := newStory(t, 5)
	path, copied := filepath.Join(t.TempDir(), "history.cache"), filepath.Join(t.TempDir(), "plantroom.db")
	for range 40 {
		s.happens()
	}
	if err := s.Store.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		s.happens()
	}
	f := s.follower(s.Store, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.Run(ctx) // writes its file
	if _, at, err := history.Load(path); err != nil || at.Seq == 0 {
		t.Fatalf("%+v, %v", at, err)
	}
	old, err := store.Open(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	s.same("a shorter ledger", s.follower(old, path), old)
	for range 500 { // another story goes on from the backup
		if err := old.Update(t.Context(), func(tx plantroom.Tx) error {
			return tx.AppendLedger(plantroom.LedgerRow{At: s.Now(), Kind: "order.note", Subject: "wo-000001", Actor: "system", Body: []byte("{}")})
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.same("another ledger", s.follower(old, path), old)
}

// TestWhatHasNoRowIsSeenToo: an order that is open can change without the ledger.
func TestWhatHasNoRowIsSeenToo(t *testing.T) {
	s := newStory(t, 1)
	path := filepath.Join(t.TempDir(), "history.cache")
	o := s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Needed: 2})
	f := s.follower(s.Store, path)
	change := func(by time.Duration) {
		t.Helper()
		o = s.Order(o.ID)
		o.Version++
		o.ETA = s.Now().Add(by)
		if err := s.Store.Update(t.Context(), func(tx plantroom.Tx) error { return tx.UpdateOrder(o) }); err != nil {
			t.Fatal(err)
		}
	}
	change(time.Hour)
	f.Changed(history.ChangedOrder, string(o.ID))
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.same("it was told", f, s.Store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.Run(ctx)
	change(2 * time.Hour)
	s.same("after a start", s.follower(s.Store, path), s.Store)
}

func TestAnswersSayHowFarTheyReach(t *testing.T) {
	s := newStory(t, 1)
	f := history.New(history.Options{Store: s.Store, Now: s.Now})
	ask := func() (plantroom.Instant, error) { return f.Read(func(*history.Table) error { return nil }) }
	if _, err := ask(); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("before anything is read: %v", err)
	}
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at, err := ask(); err != nil || at != s.Now() {
		t.Errorf("all is read: %s, %v", at, err)
	}
	told := s.Now()
	f.Changed(history.ChangedOrder, "wo-000001")
	s.Jump(time.Hour)
	if at, err := ask(); err != nil || at != told || f.Stats().Lag != time.Hour {
		t.Errorf("something is waiting since %s: %s, %v", told, at, err)
	}
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at, err := ask(); err != nil || at != s.Now() || f.Stats().Lag != 0 {
		t.Errorf("it has been read: %s, %v", at, err)
	}
}
