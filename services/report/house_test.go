package report_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/report"
	"plantroom/services/store"
)

// start is a Monday, 10:00 on the estate.
var start = plantroom.At(time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("CST", 8*3600)))

const (
	minute = plantroom.Duration(time.Minute)
	hour   = plantroom.Duration(time.Hour)
)

// estate has two firms for its lifts, of which quick is asked first.
func estate() plantroom.Estate {
	hook := func(id string) []plantroom.Address { return []plantroom.Address{{Channel: "mqtt", To: id}} }
	return plantroom.Estate{
		ID: "story", Zone: "Asia/Shanghai", Profile: "cn-urban", Currency: "CNY",
		Buildings: []plantroom.Building{{ID: "b1", Floors: 26}},
		Assets: []plantroom.Asset{
			{ID: "l1", Domain: "lifts", Kind: "passenger", Building: "b1"},
			{ID: "l2", Domain: "lifts", Kind: "passenger", Building: "b1"},
			{ID: "l3", Domain: "lifts", Kind: "passenger", Building: "b1"},
		},
		People: []plantroom.Person{{ID: "lin", Role: "manager", Channels: hook("lin")}, {ID: "li", Role: "technician"}, {ID: "wu", Role: "technician"}, {ID: "keller", Role: "technician"}},
		Contractors: []plantroom.Contractor{
			{ID: "quick", Technicians: []plantroom.PersonID{"li", "wu"}, Channels: hook("quick"), Roster: []plantroom.Shift{{People: []plantroom.PersonID{"li", "wu"}}}},
			{ID: "grand", Technicians: []plantroom.PersonID{"keller"}, Channels: hook("grand"),
				Roster: []plantroom.Shift{{Days: []time.Weekday{1, 2, 3, 4, 5}, Start: 8 * hour, End: 20 * hour, People: []plantroom.PersonID{"keller"}}}},
		},
		Contracts: []plantroom.Contract{
			{ID: "quick-26", Contractor: "quick", Domains: []plantroom.DomainName{"lifts"}, OnSite: true,
				Windows: []plantroom.Window{
					{Clock: plantroom.Acknowledge, Length: 5 * minute, From: plantroom.FromDispatched},
					{Clock: plantroom.Attend, Length: 15 * minute, From: plantroom.FromRaised},
					{Clock: plantroom.Restore, Length: 30 * minute, From: plantroom.FromRaised},
				},
				Pauses: []plantroom.PauseTerm{{Code: "no_access"}},
				Price:  plantroom.Price{Yearly: 190_000_00, CallOut: 50_00, Hour: 90_00},
				Penalties: []plantroom.Penalty{
					{Clock: plantroom.Attend, Severity: plantroom.Low, Amount: 100_00, Source: "9.1"},
					{Clock: plantroom.Restore, Severity: plantroom.Low, Amount: 200_00, Per: 30 * minute, PerAmount: 50_00, Most: 1000_00, Source: "9.2"},
					{Clock: plantroom.Restore, Severity: plantroom.High, Amount: 400_00, Source: "9.3"},
				},
				Exclusions: []plantroom.Exclusion{{Causes: []string{"power_loss"}, Source: "9.9"}},
				Reply:      7 * 24 * hour, Reopen: 4 * hour},
			{ID: "grand-26", Contractor: "grand", Domains: []plantroom.DomainName{"lifts"}, Travel: 2 * hour,
				Windows: []plantroom.Window{
					{Clock: plantroom.Attend, Length: 2 * hour, From: plantroom.FromRaised},
					{Clock: plantroom.Restore, Length: 24 * hour, From: plantroom.FromRaised},
				},
				Penalties: []plantroom.Penalty{{Clock: plantroom.Attend, Severity: plantroom.Low, Amount: 10_00}},
				Price:     plantroom.Price{Yearly: 290_000_00, CallOut: 800_00}},
		},
	}
}

func domains() []plantroom.Domain {
	return []plantroom.Domain{{Name: "lifts", Rules: []plantroom.Rule{
		{ID: "lift.fault", Clocks: []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore}},
		{ID: "lift.entrapment", Clocks: []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore}},
	}}}
}

// house is a dispatch desk on a real store with a clock that the test moves, and
// the reports on it.
type house struct {
	t     testing.TB
	desk  *dispatch.Desk
	store plantroom.Store
	house *report.House
	now   plantroom.Instant
	in    plantroom.Incident // the newest
	leave func()             // takes the house down before the test ends, as where it is one of thousands
}

func newHouse(t testing.TB, change ...func(*plantroom.Estate)) *house {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "report-*")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := store.Open(t.Context(), filepath.Join(dir, "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	leave := sync.OnceFunc(func() { _ = s.Close(); _ = os.RemoveAll(dir) })
	t.Cleanup(leave)
	e := estate()
	for _, f := range change {
		f(&e)
	}
	desk, err := dispatch.New(dispatch.Options{Estate: e, Domains: domains()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.NewHouse(e, domains())
	if err != nil {
		t.Fatal(err)
	}
	return &house{t: t, desk: desk, store: s, house: r, now: start, leave: leave}
}

func (h *house) update(f func(plantroom.Tx) error) {
	h.t.Helper()
	if err := h.store.Update(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// pass lets time go by, ticking whenever something is due.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	for end := h.now.Add(d); h.now < end; {
		next := end
		h.update(func(tx plantroom.Tx) error {
			due, err := tx.DueOrders(end, 1)
			if len(due) > 0 {
				next = max(h.now, due[0].Due)
			}
			if err != nil {
				return err
			}
			h.now = next
			_, err = h.desk.Tick(tx, h.now, 100)
			return err
		})
	}
}

func (h *house) open(asset plantroom.AssetID, sev plantroom.Severity, cause string) {
	h.t.Helper()
	h.in = plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", asset, h.now), Rule: "lift.fault", Asset: asset, Domain: "lifts", Building: "b1",
		Episode: h.now, State: plantroom.IncidentOpen, Severity: sev, Cause: cause, Opened: h.now, Needed: 3}
	h.event(plantroom.IncidentOpened)
}

func (h *house) event(change plantroom.IncidentChange) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error {
		return h.desk.Incident(tx, h.now, plantroom.IncidentEvent{Change: change, Incident: h.in})
	})
}

// proved is a repair that a sensor has seen at a time, and that is heard of now.
func (h *house) proved(at plantroom.Instant) {
	h.t.Helper()
	h.in.State, h.in.Clean, h.in.Proved, h.in.Closed = plantroom.IncidentClosed, h.in.Needed, at, h.now
	h.event(plantroom.IncidentProved)
}

func (h *house) must(do plantroom.OrderAction, actor string, edit ...func(*dispatch.Command)) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error {
		o, err := tx.OrderOf(h.in.ID)
		if err != nil {
			return err
		}
		cmd := dispatch.Command{Order: o.ID, Do: do, Actor: actor, Reason: "because"}
		for _, f := range edit {
			f(&cmd)
		}
		_, err = h.desk.Command(tx, h.now, cmd)
		return err
	})
}

const (
	quick = "contractor:quick"
	grand = "contractor:grand"
	lin   = "person:lin"
)

// repair is a whole repair: accepted, arrived, fixed and proved, each some time
// after the step before.
func (h *house) repair(who string, accept, arrive, fix time.Duration) {
	h.t.Helper()
	h.pass(accept)
	h.must(plantroom.DoAcknowledge, who)
	h.pass(arrive)
	h.must(plantroom.DoArrive, who)
	h.pass(fix)
	h.must(plantroom.DoFix, who)
	h.proved(h.now)
}

func (h *house) statement(c plantroom.ContractID, month string) report.Statement {
	h.t.Helper()
	m, err := report.ParseMonth(month)
	if err != nil {
		h.t.Fatal(err)
	}
	var s report.Statement
	err = h.store.View(context.Background(), func(tx plantroom.Tx) (err error) {
		s, err = h.house.Statement(tx, c, m, h.now)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}
