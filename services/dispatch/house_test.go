package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/ledger"
	"plantroom/services/store"
)

// start is a Monday, 10:00 on the estate.
var start = plantroom.At(time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("CST", 8*3600)))

const (
	minute = plantroom.Duration(time.Minute)
	hour   = plantroom.Duration(time.Hour)
)

// estate is the story's, cut down to what dispatch looks at: a firm with two
// technicians on the estate, and the lift maker, who is cheaper by the call and
// two hours away on weekdays.
func estate() plantroom.Estate {
	hook := func(id string) []plantroom.Address {
		return []plantroom.Address{{Channel: "webhook", To: "https://" + id + ".example.net/hook"}, {Channel: "mqtt", To: id}}
	}
	return plantroom.Estate{
		ID: "story", Zone: "Asia/Shanghai", Profile: "cn-urban", Currency: "CNY",
		Buildings: []plantroom.Building{{ID: "b1", Name: plantroom.Text{En: "Block 1"}, Floors: 26}},
		Assets: []plantroom.Asset{
			{ID: "b1-l1", Domain: "lifts", Kind: "passenger", Building: "b1", Name: plantroom.Text{En: "Lift 1"}},
			{ID: "b1-l2", Domain: "lifts", Kind: "passenger", Building: "b1", Name: plantroom.Text{En: "Lift 2"}},
			{ID: "b1-leak", Domain: "leaks", Kind: "spot", Building: "b1"},
		},
		People: []plantroom.Person{
			{ID: "lin", Role: "manager", Channels: hook("lin")},
			{ID: "zhao", Role: "engineer", Channels: hook("zhao")},
			{ID: "li", Role: "technician", Channels: hook("li")},
			{ID: "wu", Role: "technician"},
			{ID: "keller", Role: "technician"},
		},
		Contractors: []plantroom.Contractor{
			{ID: "quicklift", Technicians: []plantroom.PersonID{"li", "wu"}, Channels: hook("quicklift"),
				Roster: []plantroom.Shift{{Start: 0, End: 0, People: []plantroom.PersonID{"li", "wu"}}}},
			{ID: "grandlift", Technicians: []plantroom.PersonID{"keller"}, Channels: hook("grandlift"),
				Roster: []plantroom.Shift{{Days: []time.Weekday{1, 2, 3, 4, 5}, Start: 8 * hour, End: 20 * hour, People: []plantroom.PersonID{"keller"}}}},
		},
		Contracts: []plantroom.Contract{
			{ID: "quicklift-2026", Contractor: "quicklift", Domains: []plantroom.DomainName{"lifts"}, OnSite: true,
				Windows: []plantroom.Window{
					{Clock: plantroom.Acknowledge, Length: 5 * minute, From: plantroom.FromDispatched},
					{Clock: plantroom.Attend, Length: 15 * minute, From: plantroom.FromRaised},
					{Clock: plantroom.Attend, Severity: plantroom.Life, Length: 10 * minute, From: plantroom.FromRaised},
					{Clock: plantroom.Release, Severity: plantroom.Life, Length: 20 * minute, From: plantroom.FromRaised},
					{Clock: plantroom.Restore, Length: 30 * minute, From: plantroom.FromOccurred},
				},
				Pauses: []plantroom.PauseTerm{
					{Code: "no_access", Proof: true, Second: true, Longest: hour},
					{Code: "weather", Clocks: []plantroom.ClockKind{plantroom.Restore}},
				},
				Price: plantroom.Price{CallOut: 50000}, Reopen: 4 * hour, Ladder: "lifts"},
			{ID: "grandlift-2026", Contractor: "grandlift", Domains: []plantroom.DomainName{"lifts"}, Travel: 2 * hour,
				Windows: []plantroom.Window{
					{Clock: plantroom.Acknowledge, Length: 15 * minute, From: plantroom.FromDispatched},
					{Clock: plantroom.Attend, Length: 2 * hour, From: plantroom.FromRaised},
					{Clock: plantroom.Restore, Length: 24 * hour, From: plantroom.FromRaised},
				},
				Price: plantroom.Price{CallOut: 10000}, Ladder: "lifts"},
		},
		Ladders: []plantroom.Ladder{{ID: "lifts", Levels: []plantroom.Level{
			{After: 3 * minute, Repeat: 2 * minute},
			{After: 8 * minute, People: []plantroom.PersonID{"zhao"}},
			{After: 12 * minute, People: []plantroom.PersonID{"lin"}, Repeat: 5 * minute},
		}}},
	}
}

func lifts() plantroom.Domain {
	return plantroom.Domain{Name: "lifts", Rules: []plantroom.Rule{
		{ID: "lift.fault", Clocks: []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore},
			Steps: []plantroom.Step{{ID: "look", Title: plantroom.Text{En: "Look at the door"}, Proof: "photo"}}},
		{ID: "lift.entrapment", Clocks: []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore}},
	}}
}

// links signs nothing, readably.
type links struct{}

func (links) Sign(o plantroom.OrderID, c plantroom.ContractorID, generation int, _ plantroom.Instant) string {
	return fmt.Sprintf("%s~%s~%d", o, c, generation)
}

// house is a desk on a real store, with a clock that the test moves.
type house struct {
	t     testing.TB
	desk  *dispatch.Desk
	store plantroom.Store
	now   plantroom.Instant
	in    plantroom.Incident // the newest
}

func newHouse(t testing.TB, change ...func(*plantroom.Estate)) *house {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(memory(t), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	e := estate()
	for _, f := range change {
		f(&e)
	}
	desk, err := dispatch.New(dispatch.Options{Estate: e, Domains: []plantroom.Domain{lifts()}, Links: links{}, PublicURL: "https://plantroom.example.net/"})
	if err != nil {
		t.Fatal(err)
	}
	return &house{t: t, desk: desk, store: s, now: start}
}

// memory makes a folder in memory where the machine offers one: these tests
// commit thousands of times and are not about the disk.
func memory(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "dispatch-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (h *house) update(f func(plantroom.Tx) error) error {
	return h.store.Update(context.Background(), f)
}

func (h *house) view(f func(plantroom.Tx) error) {
	h.t.Helper()
	if err := h.store.View(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// pass lets time go by, ticking whenever something is due, and at the end.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	end := h.now.Add(d)
	for {
		next := h.nextDue(end)
		h.now = max(h.now, next)
		h.tick()
		if next == end {
			return
		}
	}
}

// sleep lets time go by without anybody ticking, as if the server were down.
func (h *house) sleep(d time.Duration) { h.now = h.now.Add(d) }

func (h *house) nextDue(end plantroom.Instant) plantroom.Instant {
	h.t.Helper()
	next := end
	h.view(func(tx plantroom.Tx) error {
		orders, err := tx.DueOrders(end, 1)
		if len(orders) > 0 {
			next = orders[0].Due
		}
		return err
	})
	return next
}

func (h *house) tick() {
	h.t.Helper()
	for {
		var n int
		err := h.update(func(tx plantroom.Tx) (err error) {
			n, err = h.desk.Tick(tx, h.now, 10)
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
		if n < 10 {
			return
		}
	}
}

// open reports a new incident.
func (h *house) open(rule plantroom.RuleID, asset plantroom.AssetID, sev plantroom.Severity, cause string) plantroom.WorkOrder {
	h.t.Helper()
	h.in = plantroom.Incident{ID: plantroom.NewIncidentID(rule, asset, h.now), Rule: rule, Asset: asset, Domain: "lifts", Building: "b1",
		Episode: h.now, State: plantroom.IncidentOpen, Severity: sev, Cause: cause, Opened: h.now, Needed: 3}
	h.event(plantroom.IncidentOpened)
	return h.order()
}

// event reports a change of the newest incident.
func (h *house) event(change plantroom.IncidentChange, edit ...func(*plantroom.Incident)) {
	h.t.Helper()
	for _, f := range edit {
		f(&h.in)
	}
	err := h.update(func(tx plantroom.Tx) error {
		return h.desk.Incident(tx, h.now, plantroom.IncidentEvent{Change: change, Incident: h.in})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) cleared() {
	h.t.Helper()
	h.event(plantroom.IncidentCleared, func(in *plantroom.Incident) { in.State, in.Cleared = plantroom.IncidentClearing, h.now })
}

func (h *house) relapsed() {
	h.t.Helper()
	h.event(plantroom.IncidentRelapsed, func(in *plantroom.Incident) {
		in.State, in.Cleared = plantroom.IncidentOpen, 0
		in.Relapses++
	})
}

// proved reports the last clean cycle, seen at a source time.
func (h *house) proved(at plantroom.Instant) {
	h.t.Helper()
	h.event(plantroom.IncidentProved, func(in *plantroom.Incident) {
		in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, in.Needed, at, h.now
	})
}

// do gives a command about the newest incident's order.
func (h *house) do(do plantroom.OrderAction, actor string, edit ...func(*dispatch.Command)) (plantroom.WorkOrder, error) {
	h.t.Helper()
	cmd := dispatch.Command{Order: h.order().ID, Do: do, Actor: actor}
	if do == plantroom.DoDecline {
		cmd.Reason = "all hands are busy"
	}
	for _, f := range edit {
		f(&cmd)
	}
	var o plantroom.WorkOrder
	err := h.update(func(tx plantroom.Tx) (err error) {
		o, err = h.desk.Command(tx, h.now, cmd)
		return err
	})
	return o, err
}

// must is do that has to succeed.
func (h *house) must(do plantroom.OrderAction, actor string, edit ...func(*dispatch.Command)) plantroom.WorkOrder {
	h.t.Helper()
	o, err := h.do(do, actor, edit...)
	if err != nil {
		h.t.Fatalf("%s by %s: %v", do, actor, err)
	}
	return o
}

// order reads the order of the newest incident.
func (h *house) order() (o plantroom.WorkOrder) {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) (err error) {
		o, err = tx.OrderOf(h.in.ID)
		return err
	})
	return o
}

func (h *house) clock(kind plantroom.ClockKind) plantroom.Clock {
	h.t.Helper()
	o := h.order()
	c := o.Clock(kind)
	if c == nil {
		h.t.Fatalf("%s has no %s clock", o.ID, kind)
	}
	return *c
}

// calls lists "kind to who", in the order of writing.
func (h *house) calls() []string {
	h.t.Helper()
	var out []string
	h.view(func(tx plantroom.Tx) error {
		calls, err := tx.CallsOf(h.order().ID)
		for _, c := range calls {
			out = append(out, c.Kind+" to "+c.Who)
		}
		return err
	})
	return out
}

// call returns the newest call of a kind to somebody.
func (h *house) call(kind, who string) (found plantroom.Call) {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) error {
		calls, err := tx.CallsOf(h.order().ID)
		for _, c := range calls {
			if c.Kind == kind && c.Who == who {
				found = c
			}
		}
		return err
	})
	if found.ID == "" {
		h.t.Fatalf("no call %s to %s among %q", kind, who, h.calls())
	}
	return found
}

func (h *house) body(c plantroom.Call) (e dispatch.Event) {
	h.t.Helper()
	if err := json.Unmarshal(c.Body, &e); err != nil {
		h.t.Fatal(err)
	}
	return e
}

// count counts calls of a kind to somebody.
func (h *house) count(call string) (n int) {
	h.t.Helper()
	for _, c := range h.calls() {
		if c == call {
			n++
		}
	}
	return n
}

// rows lists the kinds of the ledger's rows about the newest order.
func (h *house) rows() []string {
	h.t.Helper()
	var out []string
	h.view(func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(h.order().ID))
		for _, r := range rows {
			out = append(out, r.Kind)
		}
		return err
	})
	return out
}

// everything is all that a decision can have changed, as text.
func (h *house) everything() string {
	h.t.Helper()
	var b strings.Builder
	h.view(func(tx plantroom.Tx) error {
		orders, err := tx.Orders(plantroom.OrderFilter{})
		if err != nil {
			return err
		}
		for _, o := range orders {
			calls, err := tx.CallsOf(o.ID)
			if err != nil {
				return err
			}
			_ = json.NewEncoder(&b).Encode([]any{o, calls})
		}
		rows, err := tx.Ledger(0, 1e6)
		_ = json.NewEncoder(&b).Encode(rows)
		return err
	})
	return b.String()
}

// wholeLedger checks the hash chain.
func (h *house) wholeLedger() {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) error { return ledger.Verify(allRows(tx)) })
}

func allRows(tx plantroom.Tx) iter.Seq2[plantroom.LedgerRow, error] {
	return func(yield func(plantroom.LedgerRow, error) bool) {
		rows, err := tx.Ledger(0, 1e6)
		if err != nil {
			yield(plantroom.LedgerRow{}, err)
			return
		}
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (h *house) wantState(want plantroom.OrderState) {
	h.t.Helper()
	if got := h.order().State; got != want {
		h.t.Errorf("the order is %s, want %s", got, want)
	}
}

func (h *house) wantClock(kind plantroom.ClockKind, want plantroom.ClockState) {
	h.t.Helper()
	if got := h.clock(kind).State; got != want {
		h.t.Errorf("the %s clock is %s, want %s", kind, got, want)
	}
}

func (h *house) wantCode(err error, want plantroom.Code) {
	h.t.Helper()
	if plantroom.CodeOf(err) != want {
		h.t.Errorf("got %v, want %s", err, want)
	}
}
