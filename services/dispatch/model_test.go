package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/ledger"
	"plantroom/services/sla"
	"plantroom/services/store"
)

// The model test drives a desk with random sequences of evidence, commands and
// ticks over two rules on two lifts. Any transaction may be thrown away at its
// end, as by a crash, and is then tried again; any event may come twice.

// watched is one (rule, asset) and its present episode.
type watched struct {
	rule  plantroom.RuleID
	asset plantroom.AssetID
	in    plantroom.Incident
}

func (w *watched) active() bool {
	return w.in.State == plantroom.IncidentOpen || w.in.State == plantroom.IncidentClearing
}

type model struct {
	desk     *dispatch.Desk
	store    plantroom.Store
	now      plantroom.Instant
	watched  []*watched
	episodes map[plantroom.IncidentID]bool
	breached map[string]bool // clocks that were seen breached
	used     map[string]used // what clocks had used when they were last stopped
	asked    int             // commands that were accepted
	goneOn   int             // how often a clock was seen that goes on after a repair that did not last
}

// used is what a clock had used up when it was last stopped, and its last mark.
type used struct {
	spent  time.Duration
	marked int
}

var errCrash = errors.New("crash before the commit")

func newModel(t *rapid.T, dir string) *model {
	s, err := store.Open(context.Background(), filepath.Join(dir, "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	rules := lifts()
	rules.Rules[0].Steps[0].Within = 20 * minute
	desk, err := dispatch.New(dispatch.Options{Estate: estate(), Domains: []plantroom.Domain{rules}, Links: links{}, PublicURL: "https://plantroom.example.net"})
	if err != nil {
		t.Fatal(err)
	}
	m := &model{desk: desk, store: s, now: start, episodes: map[plantroom.IncidentID]bool{}, breached: map[string]bool{}, used: map[string]used{}}
	for _, rule := range []plantroom.RuleID{"lift.fault", "lift.entrapment"} {
		for _, asset := range []plantroom.AssetID{"b1-l1", "b1-l2"} {
			m.watched = append(m.watched, &watched{rule: rule, asset: asset})
		}
	}
	return m
}

// update runs a transaction, sometimes after having lost it once or twice.
func (m *model) update(t *rapid.T, f func(plantroom.Tx) error) error {
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "crashes") {
		err := m.store.Update(context.Background(), func(tx plantroom.Tx) error {
			if err := f(tx); err != nil {
				return err
			}
			return errCrash
		})
		if !errors.Is(err, errCrash) {
			return err
		}
	}
	return m.store.Update(context.Background(), f)
}

func (m *model) view(t *rapid.T, f func(plantroom.Tx) error) {
	if err := m.store.View(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func (m *model) tell(t *rapid.T, change plantroom.IncidentChange, in plantroom.Incident) {
	for range rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "times told") {
		err := m.update(t, func(tx plantroom.Tx) error {
			return m.desk.Incident(tx, m.now, plantroom.IncidentEvent{Change: change, Incident: in})
		})
		if err != nil {
			t.Fatalf("%s: %v", change, err)
		}
	}
}

// some picks a watched thing of which ok holds, or skips the action.
func (m *model) some(t *rapid.T, ok func(*watched) bool) *watched {
	var fit []*watched
	for _, w := range m.watched {
		if ok(w) {
			fit = append(fit, w)
		}
	}
	if len(fit) == 0 {
		t.Skip("nothing is in that state")
	}
	return rapid.SampledFrom(fit).Draw(t, "watched")
}

func (m *model) open(t *rapid.T) {
	w := m.some(t, func(w *watched) bool { return !w.active() })
	episode := m.now.Add(-time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes heard late")) * time.Minute)
	if episode <= w.in.Episode {
		episode = w.in.Episode + 1
	}
	w.in = plantroom.Incident{ID: plantroom.NewIncidentID(w.rule, w.asset, episode), Rule: w.rule, Asset: w.asset, Domain: "lifts", Building: "b1",
		Episode: episode, State: plantroom.IncidentOpen, Severity: plantroom.Severity(rapid.IntRange(1, 4).Draw(t, "severity")),
		Cause: "door_close_fault", Opened: m.now, Needed: 3}
	m.episodes[w.in.ID] = true
	m.tell(t, plantroom.IncidentOpened, w.in)
}

func (m *model) worsen(t *rapid.T) {
	w := m.some(t, func(w *watched) bool { return w.in.State == plantroom.IncidentOpen && w.in.Severity < plantroom.Life })
	w.in.Severity++
	m.tell(t, plantroom.IncidentWorsened, w.in)
}

func (m *model) release(t *rapid.T) {
	w := m.some(t, func(w *watched) bool { return w.active() && w.in.Released.IsZero() })
	w.in.Released = m.source(t)
	m.tell(t, plantroom.IncidentReleased, w.in)
}

func (m *model) clear(t *rapid.T) {
	w := m.some(t, func(w *watched) bool { return w.in.State == plantroom.IncidentOpen })
	w.in.State, w.in.Cleared = plantroom.IncidentClearing, m.source(t)
	m.tell(t, plantroom.IncidentCleared, w.in)
}

func (m *model) relapse(t *rapid.T) {
	w := m.some(t, func(w *watched) bool { return w.in.State == plantroom.IncidentClearing })
	w.in.State, w.in.Cleared, w.in.Clean = plantroom.IncidentOpen, 0, 0
	w.in.Relapses++
	m.tell(t, plantroom.IncidentRelapsed, w.in)
}

func (m *model) cycle(t *rapid.T) {
	w := m.some(t, func(w *watched) bool { return w.in.State == plantroom.IncidentClearing })
	w.in.Clean++
	if w.in.Clean < w.in.Needed {
		m.tell(t, plantroom.IncidentProgress, w.in)
		return
	}
	w.in.State, w.in.Proved, w.in.Closed = plantroom.IncidentClosed, m.source(t), m.now
	m.tell(t, plantroom.IncidentProved, w.in)
}

// source is a source time: now, or heard late.
func (m *model) source(t *rapid.T) plantroom.Instant {
	return m.now.Add(-time.Duration(rapid.IntRange(0, 3600).Draw(t, "seconds heard late")) * time.Second)
}

func (m *model) command(t *rapid.T) {
	w := m.some(t, func(w *watched) bool { return w.in.ID != "" })
	cmd := dispatch.Command{
		Do: rapid.SampledFrom([]plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoAcknowledge, plantroom.DoUnacknowledge,
			plantroom.DoDecline, plantroom.DoArrive, plantroom.DoFix, plantroom.DoFix, plantroom.DoCancel,
			plantroom.DoPause, plantroom.DoPause, plantroom.DoAgreePause, plantroom.DoRefusePause, plantroom.DoContinue,
			plantroom.DoTransfer, plantroom.DoSplit, plantroom.DoMerge, plantroom.DoRelate, plantroom.DoUnrelate}).Draw(t, "do"),
		To:     rapid.SampledFrom([]plantroom.ContractorID{"quicklift", "grandlift", "plumber"}).Draw(t, "to"),
		Asset:  rapid.SampledFrom([]plantroom.AssetID{"", "b1-l1", "b1-l2"}).Draw(t, "asset"),
		Scope:  rapid.SampledFrom([]string{"the door", "the drive"}).Draw(t, "scope"),
		Actor:  rapid.SampledFrom([]string{quick, quick, grand, lin, "person:zhao"}).Draw(t, "actor"),
		Code:   rapid.SampledFrom([]string{"no_access", "weather", "whim"}).Draw(t, "code"),
		Proof:  rapid.SampledFrom([]string{"", "photo 7"}).Draw(t, "proof"),
		Link:   rapid.IntRange(0, 2).Draw(t, "link"),
		Reason: "because",
	}
	before := m.chosen(t, w)
	cmd.Order = before.ID
	cmd.Other = m.chosen(t, m.some(t, func(w *watched) bool { return w.in.ID != "" })).ID
	err := m.update(t, func(tx plantroom.Tx) error {
		_, err := m.desk.Command(tx, m.now, cmd)
		return err
	})
	switch plantroom.CodeOf(err) {
	case "":
		m.asked++
	case plantroom.CodeConflict, plantroom.CodeTransition, plantroom.CodeForbidden, plantroom.CodeExpired, plantroom.CodeInvalid, plantroom.CodeTooLarge:
		m.unchanged(t, before)
	default:
		t.Fatalf("%s: %v", cmd.Do, err)
	}
}

// chosen is the order of an episode, or a part of it.
func (m *model) chosen(t *rapid.T, w *watched) (o plantroom.WorkOrder) {
	m.view(t, func(tx plantroom.Tx) (err error) {
		if o, err = tx.OrderOf(w.in.ID); err == nil && len(o.Parts) > 0 && rapid.Bool().Draw(t, "a part") {
			o, err = tx.Order(rapid.SampledFrom(o.Parts).Draw(t, "part"))
		}
		return err
	})
	return o
}

func (m *model) unchanged(t *rapid.T, before plantroom.WorkOrder) {
	m.view(t, func(tx plantroom.Tx) error {
		after, err := tx.Order(before.ID)
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("refused, and yet %+v became %+v", before, after)
		}
		return err
	})
}

func (m *model) wait(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.SampledFrom([]int{1, 30, 120, 300, 900, 3600, 5 * 3600}).Draw(t, "seconds")) * time.Second)
}

func (m *model) tick(t *rapid.T) {
	for {
		var n int
		err := m.update(t, func(tx plantroom.Tx) (err error) {
			n, err = m.desk.Tick(tx, m.now, 2)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n < 2 {
			return
		}
	}
}

// next goes to the very instant at which something is due.
func (m *model) next(t *rapid.T) {
	m.view(t, func(tx plantroom.Tx) error {
		orders, err := tx.DueOrders(1<<62, 1)
		if len(orders) > 0 {
			m.now = max(m.now, orders[0].Due)
		}
		return err
	})
	m.tick(t)
}

// check holds after every step.
func (m *model) check(t *rapid.T) {
	m.view(t, func(tx plantroom.Tx) error {
		orders, err := tx.Orders(plantroom.OrderFilter{})
		if err != nil {
			return err
		}
		owners := map[plantroom.IncidentID]plantroom.OrderID{}
		for _, o := range orders {
			for _, id := range append([]plantroom.IncidentID{o.Incident}, o.Earlier...) {
				if o.PartOf != "" {
					break // its incident is that of its whole
				}
				if other, taken := owners[id]; taken {
					t.Fatalf("episode %s has the orders %s and %s", id, other, o.ID)
				}
				owners[id] = o.ID
			}
			if err := m.checkBreaches(t, tx, o); err != nil {
				return err
			}
			m.checkUsed(t, o)
			checkPauses(t, o)
			if err := checkTies(t, tx, o); err != nil {
				return err
			}
			if err := m.checkDue(t, tx, o); err != nil {
				return err
			}
		}
		if len(owners) != len(m.episodes) {
			t.Fatalf("%d episodes, %d with an order", len(m.episodes), len(owners))
		}
		return nil
	})
}

// checkTies: orders that belong together name each other, and what is over asks
// nothing of anybody.
func checkTies(t *rapid.T, tx plantroom.Tx, o plantroom.WorkOrder) error {
	names := func(list []plantroom.OrderID, what string, back func(plantroom.WorkOrder) bool) error {
		for _, id := range list {
			other, err := tx.Order(id)
			if err != nil {
				return err
			}
			if !back(other) {
				t.Fatalf("%s has %s as %s, and not the other way: %+v", o.ID, id, what, other)
			}
		}
		return nil
	}
	if o.State == plantroom.Merged {
		if !o.Due.IsZero() || slices.ContainsFunc(o.Clocks, func(c plantroom.Clock) bool { return c.Open() }) {
			t.Fatalf("%s is merged, and its clocks count: %+v", o.ID, o)
		}
		if err := names([]plantroom.OrderID{o.MergedInto}, "carrier", func(x plantroom.WorkOrder) bool { return slices.Contains(x.Merged, o.ID) }); err != nil {
			return err
		}
	}
	return errors.Join(
		names(o.Parts, "part", func(x plantroom.WorkOrder) bool { return x.PartOf == o.ID }),
		names(o.Merged, "merged", func(x plantroom.WorkOrder) bool { return x.State == plantroom.Merged && x.MergedInto == o.ID }),
		names(o.Related, "related", func(x plantroom.WorkOrder) bool { return slices.Contains(x.Related, o.ID) }))
}

// checkPauses: a clock stands still exactly while a pause that names it lasts,
// and never for what the law or a life depends on.
func checkPauses(t *rapid.T, o plantroom.WorkOrder) {
	var still []plantroom.ClockKind
	if p := o.Pause(); p != nil && !p.Begun.IsZero() {
		still = p.Clocks
		if o.Severity >= plantroom.Life || o.State != plantroom.Acknowledged && o.State != plantroom.Attended {
			t.Fatalf("%s pauses while it is %s and %s", o.ID, o.State, o.Severity)
		}
	}
	for i := range o.Clocks {
		c := &o.Clocks[i]
		if (c.State == plantroom.ClockPaused) != (slices.Contains(still, c.Kind) && c.Stopped.IsZero()) || c.State == plantroom.ClockPaused && c.ByLaw {
			t.Fatalf("%s: %+v, pauses %+v", o.ID, *c, o.Pauses)
		}
	}
}

// checkUsed: a clock that goes on after a repair that did not last does so with
// exactly what it had used when it was stopped, and with the marks that had taken
// effect.
func (m *model) checkUsed(t *rapid.T, o plantroom.WorkOrder) {
	for i := range o.Clocks {
		c := &o.Clocks[i]
		key := fmt.Sprint(o.ID, c.Kind, c.From, c.Window, c.Started, c.Contract)
		was, known := m.used[key]
		if !c.Resumed.IsZero() && c.Of == "" {
			if !known || c.Stopped.IsZero() && time.Duration(c.Spent) != was.spent || c.Marked < was.marked || c.Resumed < c.Started {
				t.Fatalf("%s had used %+v, and goes on as %+v", o.ID, was, *c)
			}
			m.goneOn++
		}
		if (c.State == plantroom.ClockRunning || c.State == plantroom.ClockPaused) && c.Marked == 100 {
			t.Fatalf("%s: nobody would hear of the end of %+v", o.ID, *c)
		}
		if c.Stopped.IsZero() || c.Started.IsZero() || c.State == plantroom.ClockVoid {
			continue
		}
		at := c.Stopped
		if !c.Paused.IsZero() {
			at = c.Paused
		}
		m.used[key] = used{sla.Spent(c, at, nil), c.Marked}
		if c.State == plantroom.ClockMet && c.Marked == 100 { // a breach that was corrected was none
			m.used[key] = used{sla.Spent(c, at, nil), 80}
		}
	}
}

// checkBreaches: what has been found breached stays so, unless the ledger says
// why it was corrected; its mark has taken effect in any case.
func (m *model) checkBreaches(t *rapid.T, tx plantroom.Tx, o plantroom.WorkOrder) error {
	for _, c := range o.Clocks {
		key := fmt.Sprint(o.ID, o.Reopens, o.Link, c.Kind, c.Started, c.Due)
		if m.breached[key] && c.Breached.IsZero() {
			kept := c.State == plantroom.ClockMet && c.Stopped <= c.Due || c.State == plantroom.ClockVoid
			told, err := corrected(tx, o.ID, c)
			if err != nil {
				return err
			}
			if !kept || !told || c.Marked != 100 {
				t.Fatalf("%s: the breach of %+v has been unfound (in the ledger: %v)", o.ID, c, told)
			}
		}
		m.breached[key] = !c.Breached.IsZero()
	}
	return nil
}

// corrected reports whether the ledger has a correction of a clock's breach
// from a source time within its window.
func corrected(tx plantroom.Tx, id plantroom.OrderID, c plantroom.Clock) (bool, error) {
	rows, err := tx.LedgerOf(string(id))
	for _, r := range rows {
		var b struct {
			Clock  plantroom.ClockKind
			Due    plantroom.Instant
			Source plantroom.Instant `json:"source_time"`
		}
		if r.Kind != "clock.corrected" || json.Unmarshal(r.Body, &b) != nil {
			continue
		}
		if b.Clock == c.Kind && b.Due == c.Due && b.Source <= b.Due {
			return true, nil
		}
	}
	return false, err
}

// checkDue: Due is the exact next instant. Before it time changes nothing, at
// it something.
func (m *model) checkDue(t *rapid.T, tx plantroom.Tx, o plantroom.WorkOrder) error {
	in, err := m.desk.Behind(tx, o)
	if err != nil {
		return err
	}
	before := m.now + (1<<55)*plantroom.Instant(1) // a year on, where nothing is due
	if !o.Due.IsZero() {
		before = o.Due - 1
		if _, effects := m.desk.Unprompted(o.Due, o, in); effects == 0 {
			t.Fatalf("%s is due at %s, and nothing happens: %+v", o.ID, o.Due, o)
		}
	}
	if after, effects := m.desk.Unprompted(before, o, in); effects != 0 || !reflect.DeepEqual(after, o) {
		t.Fatalf("%s is due at %s, and something happens at %s: %+v became %+v", o.ID, o.Due, before, o, after)
	}
	return nil
}

// finish holds at the end of a run: all of it is read from the ledger.
func (m *model) finish(t *rapid.T) {
	m.tick(t)
	m.view(t, func(tx plantroom.Tx) error {
		due, err := tx.DueOrders(m.now, 10)
		if err != nil || len(due) > 0 {
			t.Fatalf("after a tick still due: %+v, %v", due, err)
		}
		if err := ledger.Verify(allRows(tx)); err != nil {
			t.Fatal(err)
		}
		orders, err := tx.Orders(plantroom.OrderFilter{})
		if err != nil {
			return err
		}
		for _, o := range orders {
			rows, err := tx.LedgerOf(string(o.ID))
			if err != nil {
				return err
			}
			checkLife(t, o, rows)
			checkMarks(t, o, rows)
		}
		return nil
	})
}

// checkLife replays the order's rows: every transition stands in the table and
// leaves from where the one before has led, and the ladder calls only while
// nobody has acknowledged.
func checkLife(t *rapid.T, o plantroom.WorkOrder, rows []plantroom.LedgerRow) {
	var state plantroom.OrderState
	for _, r := range rows {
		var b struct{ From, To plantroom.OrderState }
		if err := json.Unmarshal(r.Body, &b); err != nil {
			t.Fatal(err)
		}
		action, isOrder := strings.CutPrefix(r.Kind, "order.")
		switch {
		case r.Kind == "ladder.call" && state != plantroom.Dispatched:
			t.Fatalf("%s: the ladder calls while the order is %s", o.ID, state)
		case !isOrder || b.To == "":
		case action == "raise":
			state = b.To
		default:
			if b.From != state || plantroom.Transitions[b.From][plantroom.OrderAction(action)] != b.To {
				t.Fatalf("%s was %s, and row %d says %s from %s to %s", o.ID, state, r.Seq, action, b.From, b.To)
			}
			state = b.To
		}
	}
	if state != o.State {
		t.Fatalf("%s is %s, and its ledger says %s", o.ID, o.State, state)
	}
}

// checkMarks: each mark of each promise has one row.
func checkMarks(t *rapid.T, o plantroom.WorkOrder, rows []plantroom.LedgerRow) {
	seen := map[string]int64{}
	round := 0
	for _, r := range rows {
		if r.Kind == "order.reopen" {
			round++
		}
		var b struct {
			Clock   plantroom.ClockKind
			Percent int
			Due     plantroom.Instant
		}
		if err := json.Unmarshal(r.Body, &b); err != nil {
			t.Fatal(err)
		}
		if b.Percent == 0 {
			continue
		}
		key := fmt.Sprint(round, b.Clock, b.Percent, b.Due)
		if first, twice := seen[key]; twice {
			t.Fatalf("%s: rows %d and %d both mark %d %% of %s due %s", o.ID, first, r.Seq, b.Percent, b.Clock, b.Due)
		}
		seen[key] = r.Seq
	}
}

// raceChecks is how many runs the model gets under the race detector, which
// slows the database, C translated to Go, by a factor of thirty.
const raceChecks = "10"

func TestWhateverHappensInWhateverOrderThePromisesHold(t *testing.T) {
	if raceEnabled {
		checks := flag.Lookup("rapid.checks")
		was := checks.Value.String()
		if err := checks.Value.Set(raceChecks); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = checks.Value.Set(was) }()
	}
	var reached []plantroom.OrderState
	commands, goneOn := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, memory(t))
		rt.Repeat(map[string]func(*rapid.T){
			"":         m.check,
			"open":     m.open,
			"worsen":   m.worsen,
			"release":  m.release,
			"clear":    m.clear,
			"relapse":  m.relapse,
			"cycle":    m.cycle,
			"cycle2":   m.cycle, // twice as likely: it takes three
			"command":  m.command,
			"command2": m.command,
			"command3": m.command,
			"wait":     m.wait,
			"tick":     m.tick,
			"next":     m.next,
		})
		m.finish(rt)
		commands, goneOn = commands+m.asked, goneOn+m.goneOn
		m.view(rt, func(tx plantroom.Tx) error {
			orders, err := tx.Orders(plantroom.OrderFilter{})
			for _, o := range orders {
				if !slices.Contains(reached, o.State) {
					reached = append(reached, o.State)
				}
				if o.Reopens > 0 && !slices.Contains(reached, plantroom.Reopened) {
					reached = append(reached, plantroom.Reopened)
				}
			}
			return err
		})
	})
	t.Logf("%d commands accepted; orders seen %v; clocks that go on seen %d times", commands, reached, goneOn)
}
