package works_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/store"
	"plantroom/services/works"
)

// start is a Monday, 10:00 on the estate.
var start = plantroom.At(time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("CST", 8*3600)))

const hour = plantroom.Duration(time.Hour)

func estate() plantroom.Estate {
	hook := func(id string) []plantroom.Address { return []plantroom.Address{{Channel: "mqtt", To: id}} }
	return plantroom.Estate{
		ID: "story", Zone: "Asia/Shanghai", Profile: "plain", Currency: "CNY",
		Buildings: []plantroom.Building{{ID: "b1", Floors: 26}, {ID: "b2", Floors: 26}},
		Zones: []plantroom.Zone{{ID: "b1-05a", Building: "b1", Floor: 5}, {ID: "b1-12a", Building: "b1", Floor: 12},
			{ID: "b1-20a", Building: "b1", Floor: 20}, {ID: "b2-05a", Building: "b2", Floor: 5}},
		Assets: []plantroom.Asset{{ID: "b1-l1", Domain: "lifts", Building: "b1", Name: plantroom.Text{En: "Lift 1"}}, {ID: "b1-l2", Domain: "lifts", Building: "b1"}},
		People: []plantroom.Person{
			{ID: "lin", Role: "manager", Channels: hook("lin")},
			{ID: "li", Role: "technician", Channels: hook("li")},
			{ID: "wang", Role: "resident", Lang: "en", Zone: "b1-05a", Channels: hook("wang")},
			{ID: "chen", Role: "resident", Lang: "zh", Zone: "b1-12a", Needs: []string{"wheelchair"}, Channels: hook("chen")},
			{ID: "gao", Role: "resident", Lang: "en", Zone: "b1-20a", Needs: []string{"oxygen"}},
			{ID: "far", Role: "resident", Lang: "en", Zone: "b2-05a", Channels: hook("far")},
		},
		Contractors: []plantroom.Contractor{{ID: "quick", Technicians: []plantroom.PersonID{"li"}, Channels: hook("quick")}},
		Contracts: []plantroom.Contract{{ID: "quick-26", Contractor: "quick", Domains: []plantroom.DomainName{"lifts"}, OnSite: true, Ladder: "lifts",
			Windows: []plantroom.Window{{Clock: plantroom.Attend, Length: 15 * hour / 60}, {Clock: plantroom.Restore, Length: hour / 2}}}},
		Ladders:     []plantroom.Ladder{{ID: "lifts", Levels: []plantroom.Level{{After: 3 * hour / 60, People: []plantroom.PersonID{"lin"}, Repeat: 5 * hour / 60}}}},
		WorksNotice: []plantroom.Duration{72 * hour, 24 * hour},
	}
}

// house is an office of planned works and a dispatch desk on a real store, with a
// clock that the test moves.
type house struct {
	t      testing.TB
	office *works.Office
	desk   *dispatch.Desk
	store  plantroom.Store
	now    plantroom.Instant
	in     plantroom.Incident
}

func newHouse(t testing.TB, change ...func(*plantroom.Estate)) *house {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "works-*")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := store.Open(t.Context(), filepath.Join(dir, "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{t: t, store: s, now: start}
	h.read(change...)
	return h
}

// read reads the estate's file, as a server does that starts or is told to.
func (h *house) read(change ...func(*plantroom.Estate)) {
	h.t.Helper()
	e := estate()
	for _, f := range change {
		f(&e)
	}
	rules := []plantroom.Domain{{Name: "lifts", Rules: []plantroom.Rule{{ID: "lift.fault", Clocks: []plantroom.ClockKind{plantroom.Attend, plantroom.Restore}}}}}
	var err error
	if h.desk, err = dispatch.New(dispatch.Options{Estate: e, Domains: rules}); err != nil {
		h.t.Fatal(err)
	}
	if h.office, err = works.New(e, h.desk); err != nil {
		h.t.Fatal(err)
	}
	h.update(func(tx plantroom.Tx) error { return h.office.Sync(tx, h.now) })
}

func (h *house) update(f func(plantroom.Tx) error) {
	h.t.Helper()
	if err := h.store.Update(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// pass lets time go by, minute by minute.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	for end := h.now.Add(d); h.now < end; {
		h.now = min(end, h.now.Add(time.Minute))
		h.update(func(tx plantroom.Tx) error {
			if err := h.office.Tick(tx, h.now); err != nil {
				return err
			}
			_, err := h.desk.Tick(tx, h.now, 100)
			return err
		})
	}
}

// overhaul are works on lift 1, from a time on and for four hours.
func overhaul(in time.Duration, hold plantroom.HeldCalls) plantroom.Works {
	return plantroom.Works{ID: "overhaul", Title: plantroom.Text{En: "Overhaul of lift 1", Zh: "1号电梯大修"}, Text: plantroom.Text{En: "Please use lift 2."},
		Assets: []plantroom.AssetID{"b1-l1"}, Contractor: "quick", From: start.Add(in), To: start.Add(in + 4*time.Hour), Hold: hold}
}

func (h *house) declare(w plantroom.Works) plantroom.Works {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) (err error) {
		w, err = h.office.Declare(tx, h.now, "person:lin", w)
		return err
	})
	return w
}

func (h *house) do(r works.Request) error {
	h.t.Helper()
	if r.Works == "" {
		r.Works = "overhaul"
	}
	return h.store.Update(context.Background(), func(tx plantroom.Tx) error {
		_, err := h.office.Do(tx, h.now, r)
		return err
	})
}

func (h *house) works() (w plantroom.Works) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) (err error) { w, err = tx.Works("overhaul"); return err })
	return w
}

// calls lists "kind to who" of works or of an order.
func (h *house) calls(of string) (out []string) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error {
		cs, err := tx.CallsOf(plantroom.OrderID(of))
		out = nil
		for _, c := range cs {
			out = append(out, c.Kind+" to "+c.Who)
		}
		return err
	})
	return out
}

func count(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

func (h *house) ledger(of string) (kinds []string, bodies string) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(of)
		kinds, bodies = nil, ""
		for _, r := range rows {
			kinds, bodies = append(kinds, r.Kind), bodies+string(r.Body)
		}
		return err
	})
	return kinds, bodies
}

func (h *house) open(asset plantroom.AssetID, s plantroom.Severity) (o plantroom.WorkOrder) {
	h.t.Helper()
	h.in = plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", asset, h.now), Rule: "lift.fault", Asset: asset, Domain: "lifts", Building: "b1",
		Episode: h.now, State: plantroom.IncidentOpen, Severity: s, Cause: "door_close_fault", Opened: h.now, Needed: 1}
	return h.tell(plantroom.IncidentOpened)
}

func (h *house) tell(change plantroom.IncidentChange) (o plantroom.WorkOrder) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) (err error) {
		if err = h.desk.Incident(tx, h.now, plantroom.IncidentEvent{Change: change, Incident: h.in}); err == nil {
			o, err = tx.OrderOf(h.in.ID)
		}
		return err
	})
	return o
}

func TestResidentsConcernedAreToldBeforehandAndThoseWithNeedsAreListed(t *testing.T) {
	h := newHouse(t)
	w := h.declare(overhaul(100*time.Hour, plantroom.HoldNothing))
	if len(w.Needs) != 2 || w.Needs[0].Person != "chen" || w.Needs[0].Floor != 12 || w.Needs[0].Needs[0] != "wheelchair" {
		t.Errorf("%+v", w.Needs)
	}
	h.pass(27 * time.Hour)
	if n := count(h.calls("overhaul"), "works.notice to person:wang"); n != 0 {
		t.Fatal("told too early")
	}
	h.pass(time.Hour)
	calls := h.calls("overhaul")
	for call, want := range map[string]int{"works.planned to contractor:quick": 1, "works.notice to person:wang": 1, "works.notice to person:chen": 1,
		"works.notice to person:far": 0, "works.notice to person:li": 0, "works.needs to person:lin": 1} {
		if n := count(calls, call); n != want {
			t.Errorf("%s: %d times, want %d", call, n, want)
		}
	}
	h.pass(48 * time.Hour)
	if n := count(h.calls("overhaul"), "works.notice to person:wang"); n != 2 {
		t.Errorf("told %d times a day before", n)
	}
	kinds, bodies := h.ledger("overhaul")
	if count(kinds, "works.notice") != 2 || strings.Contains(bodies, "chen") || strings.Contains(bodies, "wheelchair") {
		t.Errorf("%q: %s; the ledger is for ever and names no resident", kinds, bodies)
	}
}

// A telephone that is for dangers to life does not ring because the lift is painted.
func TestNobodyIsToldOfWorksOnAChannelThatIsForDangersToLife(t *testing.T) {
	graver := func(of plantroom.Severity, id string) []plantroom.Address {
		return []plantroom.Address{{Channel: "voice", To: id, Severity: of}, {Channel: "mqtt", To: id}, {Channel: "email", To: id}}
	}
	h := newHouse(t, func(e *plantroom.Estate) {
		e.People[0].Channels, e.People[2].Channels = graver(plantroom.Life, "lin"), graver(plantroom.Medium, "wang")
		e.Contractors[0].Channels = graver(plantroom.High, "quick")
		e.People[3].Channels = []plantroom.Address{{Channel: "voice", To: "chen", Severity: plantroom.Life}} // no other way
	})
	h.declare(overhaul(time.Hour, plantroom.HoldNothing))
	h.pass(6 * time.Hour) // notice, needs, beginning, overrun
	told := map[string]string{}
	h.update(func(tx plantroom.Tx) error {
		cs, err := tx.CallsOf("overhaul")
		for _, c := range cs {
			told[c.Who] += c.Kind + " "
			if want := map[bool]string{true: "voice", false: "mqtt"}[c.Who == "person:chen"]; c.Channel != want || want == "mqtt" && (len(c.Fallback) != 1 || c.Fallback[0].Channel != "email") {
				t.Errorf("%s to %s goes by %s, then by %v", c.Kind, c.Who, c.Channel, c.Fallback)
			}
		}
		return err
	})
	for who, kind := range map[string]string{"person:lin": "works.overrun", "person:wang": "works.notice", "person:chen": "works.notice", "contractor:quick": "works.overrun"} {
		if !strings.Contains(told[who], kind) {
			t.Errorf("%s was told %s", who, told[who])
		}
	}
}

func TestNewsOfWorksWaitForTheEndOfQuietHoursUnlessTheyWouldComeTooLate(t *testing.T) {
	quiet := func(end time.Duration) func(*plantroom.Estate) {
		return func(e *plantroom.Estate) {
			for i := range e.People {
				e.People[i].Quiet = plantroom.Quiet{Hours: []plantroom.Hours{{Start: 0, End: plantroom.Duration(end)}}, Below: plantroom.High}
			}
		}
	}
	for _, c := range []struct {
		quiet string
		end   time.Duration
		in    time.Duration
		waits bool
	}{{"until noon", 12 * time.Hour, 5 * time.Hour, true}, {"until after the beginning", 16 * time.Hour, 5 * time.Hour, false}, {"over", 9 * time.Hour, 5 * time.Hour, false}} {
		h := newHouse(t, quiet(c.end))
		h.declare(overhaul(c.in, plantroom.HoldNothing)) // it is 10:00
		h.pass(time.Minute)
		h.update(func(tx plantroom.Tx) error {
			cs, err := tx.CallsOf("overhaul")
			for _, call := range cs {
				waits := call.NextTry == start.Add(2*time.Hour)
				if want := c.waits && call.Who != "contractor:quick"; waits != want || !waits && call.NextTry > h.now {
					t.Errorf("quiet hours %s: %s to %s is tried at %s", c.quiet, call.Kind, call.Who, call.NextTry)
				}
			}
			return err
		})
		if kinds, bodies := h.ledger("overhaul"); (count(kinds, "call.held") > 0) != c.waits || strings.Contains(bodies, "wang") {
			t.Errorf("quiet hours %s: %q %s", c.quiet, kinds, bodies)
		}
	}
}

func TestOnlyTheFloorsThatAreNamedAreConcerned(t *testing.T) {
	h := newHouse(t)
	w := overhaul(time.Hour, plantroom.HoldNothing)
	w.Floors = []int{5}
	w = h.declare(w) // both notices are late: one is given, at once
	calls := h.calls("overhaul")
	if len(w.Needs) != 0 || count(calls, "works.notice to person:wang") != 1 || count(calls, "works.notice to person:chen") != 0 {
		t.Errorf("%+v, %q", w.Needs, calls)
	}
	h.pass(2 * time.Hour)
	if n := count(h.calls("overhaul"), "works.notice to person:wang"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestWhoeverHasTalkedToAResidentIsNotedAndTheRestIsCalledOutAtTheBeginning(t *testing.T) {
	h := newHouse(t)
	h.declare(overhaul(time.Hour, plantroom.HoldNothing))
	if err := h.do(works.Request{Do: works.Reached, Actor: "person:lin", Person: "chen"}); err != nil {
		t.Fatal(err)
	}
	version := h.works().Version
	if err := h.do(works.Request{Do: works.Reached, Actor: "person:lin", Person: "chen"}); err != nil || h.works().Version != version {
		t.Errorf("a second press: %v", err)
	}
	err := h.do(works.Request{Do: works.Reached, Actor: "person:zhao", Person: "chen"})
	if plantroom.CodeOf(err) != plantroom.CodeConflict || !strings.Contains(plantroom.MessageOf(err), "by person:lin") {
		t.Errorf("zhao reads %v", err)
	}
	if err := h.do(works.Request{Do: works.Reached, Actor: "person:zhao", Person: "wang"}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("wang has no needs: %v", err)
	}
	before := count(h.calls("overhaul"), "works.needs to person:lin")
	h.pass(61 * time.Minute)
	if w := h.works(); w.State != plantroom.WorksRunning || count(h.calls("overhaul"), "works.needs to person:lin") != before+1 {
		t.Errorf("%s; gao was not reached, and the managers were not told", w.State)
	}
}

func TestWorksThatAreNotDoneByTheirEndCallTheManagersUntilSomebodySaysSo(t *testing.T) {
	h := newHouse(t)
	h.declare(overhaul(time.Hour, plantroom.HoldNothing))
	h.pass(5*time.Hour + time.Minute)
	calls := h.calls("overhaul")
	if w := h.works(); w.State != plantroom.WorksOverrun || count(calls, "works.overrun to person:lin") != 1 || count(calls, "works.overrun to contractor:quick") != 1 {
		t.Fatalf("%s, %q", w.State, calls)
	}
	h.pass(4 * time.Hour)
	if n := count(h.calls("overhaul"), "works.overrun to person:lin"); n != 2 {
		t.Errorf("called %d times", n)
	}
	err := h.do(works.Request{Do: works.Extend, Actor: "person:lin", To: h.now.Add(-time.Hour), Reason: "a part is missing"})
	if plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("extended into the past: %v", err)
	}
	if err := h.do(works.Request{Do: works.Extend, Actor: "person:lin", To: h.now.Add(2 * time.Hour), Reason: "a part is missing"}); err != nil {
		t.Fatal(err)
	}
	if w := h.works(); w.State != plantroom.WorksRunning || count(h.calls("overhaul"), "works.extended to person:wang") != 1 {
		t.Errorf("%s", w.State)
	}
	h.pass(time.Hour)
	if err := h.do(works.Request{Do: works.Finish, Actor: "person:lin"}); err != nil {
		t.Fatal(err)
	}
	version := h.works().Version
	if err := h.do(works.Request{Do: works.Finish, Actor: "person:lin"}); err != nil || h.works().Version != version {
		t.Errorf("a second press: %v", err)
	}
	err = h.do(works.Request{Do: works.Cancel, Actor: "person:zhao", Reason: "no"})
	if plantroom.CodeOf(err) != plantroom.CodeConflict || !strings.Contains(plantroom.MessageOf(err), "person:lin has said so") {
		t.Errorf("zhao reads %v", err)
	}
	h.pass(24 * time.Hour)
	if n := count(h.calls("overhaul"), "works.overrun to person:lin"); n != 2 {
		t.Errorf("called %d times about works that are done", n)
	}
}

func TestAnOverrunWhileTheServerIsDownIsCalledOnceAtItsStart(t *testing.T) {
	h := newHouse(t)
	h.declare(overhaul(time.Hour, plantroom.HoldNothing))
	h.now = h.now.Add(9 * time.Hour)
	h.pass(2 * time.Minute)
	if w := h.works(); w.State != plantroom.WorksOverrun || count(h.calls("overhaul"), "works.overrun to person:lin") != 1 {
		t.Errorf("%s, %q", w.State, h.calls("overhaul"))
	}
}

func TestDuringWorksAnOrderIsRaisedAndTimedAndOnlyItsCallsAreHeld(t *testing.T) {
	for hold, want := range map[plantroom.HeldCalls][2]int{ // calls to the contractor, to the manager
		plantroom.HoldNothing: {1, 1}, plantroom.HoldManagers: {1, 0}, plantroom.HoldAll: {0, 0}} {
		t.Run(string(hold), func(t *testing.T) {
			h := newHouse(t)
			h.declare(overhaul(time.Hour, hold))
			h.pass(2 * time.Hour)
			o := h.open("b1-l1", plantroom.Medium)
			if o.During == nil || o.During.Works != "overhaul" || o.State != plantroom.Dispatched || len(o.Clocks) != 2 {
				t.Fatalf("%+v", o)
			}
			h.pass(31 * time.Minute)
			calls := h.calls(string(o.ID))
			if got := count(calls, "order.dispatched to contractor:quick"); got != want[0] {
				t.Errorf("the contractor was called %d times", got)
			}
			if got := count(calls, "clock.breached to person:lin"); (got > 0) != (want[1] > 0) || (count(calls, "ladder.call to person:lin") > 0) != (want[1] > 0) {
				t.Errorf("the manager: %q", calls)
			}
			kinds, _ := h.ledger(string(o.ID))
			if count(kinds, "clock.breached") != 2 || (count(kinds, "call.held") > 0) == (hold == plantroom.HoldNothing) {
				t.Errorf("%q", kinds)
			}
			h.pass(3 * time.Hour) // the works end, and the order has not
			calls = h.calls(string(o.ID))
			if got := count(calls, "works.left to person:lin"); (got == 1) != (hold != plantroom.HoldNothing) {
				t.Errorf("the manager heard %d times of what is left: %q", got, calls)
			}
			if count(calls, "order.dispatched to contractor:quick") != 1 || count(calls, "ladder.call to person:lin") == 0 {
				t.Errorf("after the works: %q", calls)
			}
		})
	}
}

func TestWithALifeAtStakeNothingIsHeld(t *testing.T) {
	h := newHouse(t)
	h.declare(overhaul(time.Hour, plantroom.HoldAll))
	h.pass(2 * time.Hour)
	o := h.open("b1-l1", plantroom.Medium)
	h.pass(time.Minute)
	h.in.Severity = plantroom.Life // it is found that somebody is in it
	h.tell(plantroom.IncidentWorsened)
	h.pass(5 * time.Minute)
	calls := h.calls(string(o.ID))
	for _, call := range []string{"order.worsened to contractor:quick", "order.worsened to person:lin", "ladder.call to person:lin"} {
		if count(calls, call) == 0 {
			t.Errorf("no %s: %q", call, calls)
		}
	}
	h.in = plantroom.Incident{}
	if o := h.open("b1-l2", plantroom.Medium); o.During != nil || count(h.calls(string(o.ID)), "order.dispatched to contractor:quick") != 1 {
		t.Errorf("lift 2 is not worked on: %+v", o.During)
	}
}

func TestWorksThatAreDoneSoonerHoldNothingBackAnyMore(t *testing.T) {
	h := newHouse(t)
	h.declare(overhaul(time.Hour, plantroom.HoldAll))
	h.pass(2 * time.Hour)
	first := h.open("b1-l1", plantroom.Medium)
	if err := h.do(works.Request{Do: works.Finish, Actor: "person:lin"}); err != nil {
		t.Fatal(err)
	}
	if calls := h.calls(string(first.ID)); count(calls, "order.dispatched to contractor:quick") != 1 || count(calls, "works.left to person:lin") != 1 {
		t.Errorf("%q", calls)
	}
	h.pass(4 * time.Minute)
	if calls := h.calls(string(first.ID)); count(calls, "ladder.call to person:lin") == 0 {
		t.Errorf("the ladder rests for works that are over: %q", calls)
	}
}

func TestADeclarationIsKeptOnceAndAnotherOneUnderItsNameIsRefused(t *testing.T) {
	h := newHouse(t)
	w := h.declare(overhaul(time.Hour, plantroom.HoldNothing))
	if again := h.declare(overhaul(time.Hour, plantroom.HoldNothing)); again.Version != w.Version {
		t.Error("declared twice")
	}
	err := h.store.Update(context.Background(), func(tx plantroom.Tx) error {
		_, err := h.office.Declare(tx, h.now, "person:zhao", overhaul(2*time.Hour, plantroom.HoldNothing))
		return err
	})
	if plantroom.CodeOf(err) != plantroom.CodeConflict || !strings.Contains(plantroom.MessageOf(err), "declared by person:lin") {
		t.Errorf("zhao reads %v", err)
	}
}

func TestWhatCannotBeDeclaredIsRefused(t *testing.T) {
	h := newHouse(t)
	for name, edit := range map[string]func(*plantroom.Works){
		"the name of an order":   func(w *plantroom.Works) { w.ID = "wo-000001" },
		"the name of a fault":    func(w *plantroom.Works) { w.ID = "inc-abc" },
		"the name of all links":  func(w *plantroom.Works) { w.ID = "job-links" },
		"no name":                func(w *plantroom.Works) { w.ID = "Over haul" },
		"no title":               func(w *plantroom.Works) { w.Title.En = " " },
		"too much text":          func(w *plantroom.Works) { w.Text.En = strings.Repeat("x", works.MaxText+1) },
		"no asset":               func(w *plantroom.Works) { w.Assets = nil },
		"too many assets":        func(w *plantroom.Works) { w.Assets = slices.Repeat(w.Assets, works.MaxAssets+1) },
		"too many floors":        func(w *plantroom.Works) { w.Floors = make([]int, works.MaxFloors+1) },
		"an unknown asset":       func(w *plantroom.Works) { w.Assets = []plantroom.AssetID{"b9"} },
		"an unknown contractor":  func(w *plantroom.Works) { w.Contractor = "nobody" },
		"an end before it":       func(w *plantroom.Works) { w.To = w.From },
		"a year":                 func(w *plantroom.Works) { w.To = w.From.Add(400 * 24 * time.Hour) },
		"three hundred years":    func(w *plantroom.Works) { w.From = w.To.Add(-1 << 63) },
		"the past":               func(w *plantroom.Works) { w.From, w.To = start.Add(-2*time.Hour), start },
		"holding something else": func(w *plantroom.Works) { w.Hold = "life" },
	} {
		w := overhaul(time.Hour, plantroom.HoldNothing)
		edit(&w)
		err := h.store.Update(context.Background(), func(tx plantroom.Tx) error {
			_, err := h.office.Declare(tx, h.now, "person:lin", w)
			return err
		})
		if code := plantroom.CodeOf(err); code != plantroom.CodeInvalid && code != plantroom.CodeTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheFilesWorksAreTakenOverChangedAndTakenBack(t *testing.T) {
	in := func(ws ...plantroom.Works) func(*plantroom.Estate) {
		return func(e *plantroom.Estate) { e.Works = ws }
	}
	h := newHouse(t, in(overhaul(50*time.Hour, plantroom.HoldNothing)))
	if w := h.works(); w.State != plantroom.WorksPlanned || !w.InFile {
		t.Fatalf("%+v", w)
	}
	version := h.works().Version
	h.read(in(overhaul(50*time.Hour, plantroom.HoldNothing)))
	if h.works().Version != version {
		t.Error("reading the same file changed something")
	}
	h.read(in(overhaul(60*time.Hour, plantroom.HoldAll)))
	if w := h.works(); w.From != start.Add(60*time.Hour) || w.Hold != plantroom.HoldAll || count(h.calls("overhaul"), "works.changed to person:wang") != 1 {
		t.Errorf("%+v, %q", w, h.calls("overhaul"))
	}
	h.read(in())
	if w := h.works(); w.State != plantroom.WorksCancelled || count(h.calls("overhaul"), "works.cancelled to person:wang") != 1 {
		t.Errorf("%s, %q", w.State, h.calls("overhaul"))
	}
}

func TestWhatWasHeldBackIsFoundAmongAThousandOpenOrders(t *testing.T) {
	h := newHouse(t)
	h.declare(overhaul(time.Hour, plantroom.HoldAll))
	h.pass(2 * time.Hour)
	o := h.open("b1-l1", plantroom.Medium)
	h.update(func(tx plantroom.Tx) error { // and then a storm
		for i := range 1000 {
			id, err := tx.NextOrderID()
			if err != nil {
				return err
			}
			err = tx.InsertOrder(plantroom.WorkOrder{ID: id, State: plantroom.Acknowledged, Incident: plantroom.IncidentID(fmt.Sprint("storm-", i)), Asset: "x", Raised: h.now})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := h.do(works.Request{Do: works.Finish, Actor: "person:lin"}); err != nil {
		t.Fatal(err)
	}
	if calls := h.calls(string(o.ID)); count(calls, "order.dispatched to contractor:quick") != 1 || count(calls, "works.left to person:lin") != 1 {
		t.Errorf("%q", calls)
	}
}

func TestWorksThatTakeLongerHoldCallsNoLongerThanWasSaid(t *testing.T) {
	for hold, want := range map[plantroom.HeldCalls]int{plantroom.HoldManagers: 1, plantroom.HoldAll: 1} {
		t.Run(string(hold), func(t *testing.T) {
			h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Ladder, e.Ladders = "", nil })
			h.declare(overhaul(time.Hour, hold))
			h.pass(2 * time.Hour)
			o := h.open("b1-l1", plantroom.Medium)
			if err := h.do(works.Request{Do: works.Extend, Actor: "person:lin", To: h.now.Add(100 * time.Hour), Reason: "a part is missing"}); err != nil {
				t.Fatal(err)
			}
			h.pass(4 * time.Hour) // beyond the end that was planned when the order was raised
			calls := h.calls(string(o.ID))
			if got := count(calls, "order.dispatched to contractor:quick"); got != want || count(calls, "works.left to person:lin") != 1 {
				t.Errorf("%q: want the contractor called, and the manager told", calls)
			}
			h.pass(100 * time.Hour)
			if n := count(h.calls(string(o.ID)), "works.left to person:lin"); n != 1 {
				t.Errorf("the manager was told %d times", n)
			}
			if kinds, _ := h.ledger(string(o.ID)); count(kinds, "order.works_over") != 1 {
				t.Errorf("%q", kinds)
			}
		})
	}
}

func TestWorksThatArePutOffAreAnnouncedAnewBeforehand(t *testing.T) {
	in := func(begin time.Duration) func(*plantroom.Estate) {
		return func(e *plantroom.Estate) { e.Works = []plantroom.Works{overhaul(begin, plantroom.HoldNothing)} }
	}
	notices := func(h *house) int { return count(h.calls("overhaul"), "works.notice to person:wang") }
	h := newHouse(t, in(80*time.Hour))
	h.pass(60 * time.Hour) // both notices were given
	h.read(in(140 * time.Hour))
	if n := notices(h); n != 2 || count(h.calls("overhaul"), "works.changed to person:wang") != 1 {
		t.Fatalf("%d notices, %q", n, h.calls("overhaul"))
	}
	h.pass(10 * time.Hour)
	if n := notices(h); n != 3 {
		t.Errorf("%d notices after that of 72 h was due anew", n)
	}
	h.read(in(145 * time.Hour)) // the notice of 72 h lies ahead once more
	h.pass(70 * time.Hour)
	if n := notices(h); n != 5 {
		t.Errorf("%d notices at the end", n)
	}
}

func TestWorksThatStandInTheFileAgainArePlannedAnew(t *testing.T) {
	in := func(ws ...plantroom.Works) func(*plantroom.Estate) {
		return func(e *plantroom.Estate) { e.Works = ws }
	}
	h := newHouse(t, in(overhaul(50*time.Hour, plantroom.HoldNothing)))
	h.read(in())
	h.pass(time.Hour)
	for range 2 { // the second reading finds nothing to do
		h.read(in(overhaul(50*time.Hour, plantroom.HoldNothing)))
		if w := h.works(); w.State != plantroom.WorksPlanned || !w.Ended.IsZero() || w.Version != 3 {
			t.Fatalf("%s, version %d", w.State, w.Version)
		}
	}
	if n := count(h.calls("overhaul"), "works.notice to person:wang"); n != 2 {
		t.Errorf("%d notices: one for each time that it was planned", n)
	}
	if err := h.do(works.Request{Do: works.Cancel, Actor: "person:lin", Reason: "no crane"}); err != nil {
		t.Fatal(err)
	}
	h.read(in(overhaul(50*time.Hour, plantroom.HoldNothing)))
	if w := h.works(); w.State != plantroom.WorksCancelled {
		t.Errorf("%s: what a person has called off, the file does not bring back", w.State)
	}
}

func TestWorksThatBeganWhileTheServerWasDownAreNoLongerTheFiles(t *testing.T) {
	in := func(ws ...plantroom.Works) func(*plantroom.Estate) {
		return func(e *plantroom.Estate) { e.Works = ws }
	}
	for name, file := range map[string]func(*plantroom.Estate){"they are gone": in(), "they are put off": in(overhaul(500*time.Hour, plantroom.HoldNothing))} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, in(overhaul(time.Hour, plantroom.HoldNothing)))
			h.now = start.Add(90 * time.Minute)
			h.read(file)
			h.pass(time.Minute)
			if w := h.works(); w.State != plantroom.WorksRunning || w.From != start.Add(time.Hour) {
				t.Errorf("%s, from %s", w.State, w.From)
			}
		})
	}
}
