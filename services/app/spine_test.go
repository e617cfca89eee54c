package app_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/app"
	"plantroom/services/store"
)

// spine is a road from uplinks to calls that a test drives in virtual time.
type spine struct {
	t      *testing.T
	store  plantroom.Store
	estate plantroom.Estate
	now    plantroom.Instant
	seq    uint64
	*app.Spine
}

// newSpine makes one with a lift and a wet zone behind one gateway.
func newSpine(t *testing.T, change ...func(*plantroom.Estate)) *spine {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &spine{t: t, store: db, now: plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)), estate: plantroom.Estate{
		ID: "story", Zone: "Asia/Shanghai",
		Buildings: []plantroom.Building{{ID: "b1"}},
		Gateways:  []plantroom.Gateway{{ID: "gw-1"}},
		Assets: []plantroom.Asset{{ID: "lift", Domain: "lifts", Kind: "passenger", Building: "b1"},
			{ID: "flat", Domain: "leaks", Kind: "spot", Building: "b1"}, {ID: "main", Domain: "leaks", Kind: "meter", Building: "b1"}},
		Devices: []plantroom.Device{{ID: "box", Asset: "lift", Gateway: "gw-1"}, {ID: "spot", Asset: "flat", Gateway: "gw-1"},
			{ID: "meter", Asset: "main", Gateway: "gw-1"}},
		Contractors: []plantroom.Contractor{{ID: "quick", Technicians: []plantroom.PersonID{"li"},
			Channels: []plantroom.Address{{Channel: "mqtt", To: "quick"}}, Roster: []plantroom.Shift{{People: []plantroom.PersonID{"li"}}}}},
		People: []plantroom.Person{{ID: "li", Role: "technician"},
			{ID: "lin", Role: "manager", Channels: []plantroom.Address{{Channel: "mqtt", To: "lin"}}}},
		Contracts: []plantroom.Contract{{ID: "quick-2026", Contractor: "quick", OnSite: true,
			Domains: []plantroom.DomainName{"lifts", "leaks", "devices"}}},
	}}
	s.reload(change...)
	return s
}

// reload exchanges the estate, as a reload of its file does.
func (s *spine) reload(change ...func(*plantroom.Estate)) {
	s.t.Helper()
	for _, f := range change {
		f(&s.estate)
	}
	var err error
	if s.Spine, err = app.NewSpine(app.SpineOptions{Estate: s.estate, Store: s.store, Writer: writer{}}); err != nil {
		s.t.Fatal(err)
	}
}

// writer takes every point.
type writer struct{}

func (writer) Write(context.Context, []plantroom.Point) ([]plantroom.Refused, error) { return nil, nil }

// says has a device say something now.
func (s *spine) says(device, signal string, v plantroom.Value) {
	s.t.Helper()
	s.said(device, signal, v, s.now)
}

// said has a device's word arrive now that bears another time.
func (s *spine) said(device, signal string, v plantroom.Value, at plantroom.Instant) {
	s.t.Helper()
	record, err := wire.AppendRecord(nil, reading(device, signal, v, at))
	if err != nil {
		s.t.Fatal(err)
	}
	s.seq++
	batch, err := wire.AppendBatch(nil, wire.Batch{Gateway: "gw-1", Epoch: 7, Base: 1, First: s.seq, Sent: s.now, Records: [][]byte{record}})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.Ingest.Batch(s.t.Context(), "gw-1", batch, s.now); err != nil {
		s.t.Fatal(err)
	}
}

// pass lets time go by in steps of ten seconds, in each of which the gateway
// is heard.
func (s *spine) pass(d time.Duration) {
	s.t.Helper()
	for end := s.now.Add(d); s.now < end; {
		s.now = s.now.Add(10 * time.Second)
		s.says("meter", "heartbeat", plantroom.Bool(true))
		if _, err := s.Ingest.Tick(s.t.Context(), s.now); err != nil {
			s.t.Fatal(err)
		}
		if err := s.TickOrders(s.t.Context(), s.now); err != nil {
			s.t.Fatal(err)
		}
	}
}

// incident returns the one incident of a rule.
func (s *spine) incident(rule plantroom.RuleID) plantroom.Incident {
	s.t.Helper()
	var found []plantroom.Incident
	if err := s.store.View(s.t.Context(), func(tx plantroom.Tx) (err error) {
		found, err = tx.Incidents(plantroom.IncidentFilter{})
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	found = slices.DeleteFunc(found, func(in plantroom.Incident) bool { return in.Rule != rule })
	if len(found) != 1 {
		s.t.Fatalf("want one incident of %s, have %+v", rule, found)
	}
	return found[0]
}

func TestOnlyAContractInForceAsksForMoreCleanCycles(t *testing.T) {
	for why, c := range map[string]struct {
		from, to time.Duration // of the second contract, from now
		want     int
	}{
		"in force":       {-time.Hour, time.Hour, 9},
		"it has expired": {-2 * time.Hour, -time.Hour, 3},
		"it is to come":  {time.Hour, 2 * time.Hour, 3},
	} {
		t.Run(why, func(t *testing.T) {
			s := newSpine(t)
			s.reload(func(e *plantroom.Estate) {
				e.Contracts = append(e.Contracts, plantroom.Contract{ID: "strict", Contractor: "quick", Clean: 9,
					Domains: []plantroom.DomainName{"lifts"}, From: s.now.Add(c.from), To: s.now.Add(c.to)})
			})
			s.says("box", "fault", plantroom.String("door_close_fault"))
			if got := s.incident("lift.fault").Needed; got != c.want {
				t.Errorf("%d clean cycles are needed, want %d", got, c.want)
			}
		})
	}
}

func TestAnAlarmInALiftWhoseLastWordIsThatItMovesIsHeardOf(t *testing.T) {
	s := newSpine(t)
	s.says("box", "door", plantroom.String("closed"))
	s.says("box", "direction", plantroom.String("up"))
	s.pass(30 * time.Second)
	s.says("box", "passenger_alarm", plantroom.Bool(true))
	pressed := s.now
	s.pass(2 * time.Minute)
	if in := s.incident("lift.entrapment"); in.Severity != plantroom.High || in.Cause != "alarm_button" || in.Episode != pressed {
		t.Errorf("got %+v", in)
	}
}

func TestALeakOfAReplacedSensorIsOverWhenTheNewOneIsDry(t *testing.T) {
	s := newSpine(t)
	s.says("spot", "state", plantroom.String("wet"))
	s.pass(time.Minute)
	s.reload(func(e *plantroom.Estate) { e.Devices[1].ID = "spot-2" }) // drowned
	s.pass(time.Hour)
	if in := s.incident("leak.wet"); in.State != plantroom.IncidentOpen {
		t.Errorf("%s, and nobody has seen it dry", in.State)
	}
	s.says("spot-2", "state", plantroom.String("dry"))
	dry := s.now
	s.pass(19 * time.Minute)
	if in := s.incident("leak.wet"); in.State != plantroom.IncidentClearing || in.Cleared != dry || in.Clean != 1 {
		t.Errorf("after 19 min: %s since %s, clean %d", in.State, in.Cleared, in.Clean)
	}
	s.pass(time.Minute + 10*time.Second)
	if in := s.incident("leak.wet"); in.State != plantroom.IncidentClosed || in.Proved != dry.Add(20*time.Minute) {
		t.Errorf("%s, proved at %s", in.State, in.Proved)
	}
}

func TestWorksThatCannotBeTakenOverKeepNoClockFromBeingMarked(t *testing.T) {
	s := newSpine(t)
	in := plantroom.Incident{ID: "inc-1", Rule: "lift.fault", Asset: "lift", Domain: "lifts", Building: "b1", Episode: s.now, State: plantroom.IncidentOpen,
		Severity: plantroom.High, Cause: "door_close_fault", Opened: s.now, Needed: 3}
	err := s.store.Update(t.Context(), func(tx plantroom.Tx) error {
		return s.Desk.Incident(tx, s.now, plantroom.IncidentEvent{Change: plantroom.IncidentOpened, Incident: in})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.reload(func(e *plantroom.Estate) {
		e.Works = []plantroom.Works{{ID: "facade", Title: plantroom.Text{En: "Facade"}, Assets: []plantroom.AssetID{"lift"}, Contractor: "quick",
			From: s.now.Add(time.Hour), To: s.now.Add(200 * 24 * time.Hour)}} // longer than works may be
	})
	s.now = s.now.Add(30 * 24 * time.Hour)
	if err := s.TickOrders(t.Context(), s.now); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("the works are too long, and nobody hears of it: %v", err)
	}
	var order plantroom.WorkOrder
	if err := s.store.View(t.Context(), func(tx plantroom.Tx) (err error) { order, err = tx.OrderOf("inc-1"); return err }); err != nil {
		t.Fatal(err)
	}
	if len(order.Clocks) == 0 || order.Clocks[0].State != plantroom.ClockBreached {
		t.Errorf("a month later nobody has missed anything: %+v", order.Clocks)
	}
}

func TestAClockThatIsSetBackLeavesNoLadderWaiting(t *testing.T) {
	s := newSpine(t, func(e *plantroom.Estate) {
		e.Ladders = []plantroom.Ladder{{ID: "all", Levels: []plantroom.Level{{After: plantroom.Duration(time.Minute), People: []plantroom.PersonID{"lin"}, Repeat: plantroom.Duration(5 * time.Minute)}}}}
		e.Contracts[0].Ladder = "all"
	})
	in := plantroom.Incident{ID: "inc-1", Rule: "lift.fault", Asset: "lift", Domain: "lifts", Building: "b1", Episode: s.now, State: plantroom.IncidentOpen,
		Severity: plantroom.High, Cause: "door_close_fault", Opened: s.now, Needed: 3}
	err := s.store.Update(t.Context(), func(tx plantroom.Tx) error {
		return s.Desk.Incident(tx, s.now, plantroom.IncidentEvent{Change: plantroom.IncidentOpened, Incident: in})
	})
	if err != nil {
		t.Fatal(err)
	}
	tick := func(ahead time.Duration) plantroom.WorkOrder {
		if err := s.TickOrders(t.Context(), s.now.Add(ahead)); err != nil {
			t.Fatal(err)
		}
		var o plantroom.WorkOrder
		if err := s.store.View(t.Context(), func(tx plantroom.Tx) (err error) { o, err = tx.OrderOf("inc-1"); return err }); err != nil {
			t.Fatal(err)
		}
		return o
	}
	tick(time.Minute)
	const month = 30 * 24 * time.Hour
	if o := tick(month); o.NextCall != s.now.Add(month+5*time.Minute) {
		t.Fatalf("the clock is a month ahead, and the next call is at %s", o.NextCall)
	}
	if o := tick(2 * time.Minute); o.NextCall != s.now.Add(7*time.Minute) {
		t.Errorf("the clock is set right, and the next call is at %s, want five minutes from then", o.NextCall)
	}
}
