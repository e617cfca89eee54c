package history

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/sla"
)

// start is some Monday in March 2025.
var start = plantroom.At(time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC))

// made is a generated year of an estate.
type made struct {
	estate plantroom.Estate
	domain plantroom.Domain
	book   *Book
	now    plantroom.Instant
}

func newMade(t testing.TB, assets int) *made {
	t.Helper()
	m := &made{now: start.Add(365 * 24 * time.Hour)}
	m.domain = plantroom.Domain{Name: "lifts", Causes: map[string]plantroom.Text{"door_close_fault": {En: "door close fault"}},
		Rules: []plantroom.Rule{{ID: "lift.fault", Title: plantroom.Text{En: "Lift fault"}}, {ID: "lift.entrapment", Title: plantroom.Text{En: "People trapped"}}}}
	m.estate = plantroom.Estate{ID: "made", Zone: "Asia/Shanghai", Lang: "en"}
	for i := range 20 {
		m.estate.Buildings = append(m.estate.Buildings, plantroom.Building{ID: plantroom.BuildingID(fmt.Sprintf("b%d", i)), Name: plantroom.Text{En: fmt.Sprintf("Block %d", i)}})
		m.estate.Zones = append(m.estate.Zones, plantroom.Zone{ID: plantroom.ZoneID(fmt.Sprintf("z%d", i)), Building: m.estate.Buildings[i].ID})
		m.estate.Gateways = append(m.estate.Gateways, plantroom.Gateway{ID: plantroom.GatewayID(fmt.Sprintf("gw-%d", i)), Zone: plantroom.ZoneID(fmt.Sprintf("z%d", i))})
	}
	for i := range assets {
		a := plantroom.Asset{ID: plantroom.AssetID(fmt.Sprintf("a%d", i)), Domain: "lifts", Kind: "passenger", Building: m.estate.Buildings[i%20].ID,
			Name: plantroom.Text{En: fmt.Sprintf("Lift %d", i)}}
		m.estate.Assets = append(m.estate.Assets, a)
		m.estate.Devices = append(m.estate.Devices, plantroom.Device{ID: plantroom.DeviceID("d-" + a.ID), Asset: a.ID, Gateway: m.estate.Gateways[i%20].ID, Interval: plantroom.Duration(time.Minute)})
	}
	for _, c := range []string{"quicklift", "slowlift", "office", "fixit"} {
		m.estate.Contractors = append(m.estate.Contractors, plantroom.Contractor{ID: plantroom.ContractorID(c), Name: plantroom.Text{En: c + " Ltd"}})
	}
	var err error
	if m.book, err = NewBook(&m.estate, []plantroom.Domain{m.domain, detect.Devices()}); err != nil {
		t.Fatal(err)
	}
	return m
}

// order makes order n of total, with its incident; the last hundredth is open.
func (m *made) order(r *rand.Rand, n, total int) (plantroom.WorkOrder, plantroom.Incident) {
	raised := start.Add(time.Duration(float64(m.now-start) * float64(n) / float64(total+1)))
	a := m.estate.Assets[r.IntN(len(m.estate.Assets))]
	in := plantroom.Incident{Rule: "lift.fault", Asset: a.ID, Domain: a.Domain, Building: a.Building, Episode: raised.Add(-time.Second), Opened: raised,
		State: plantroom.IncidentOpen, Severity: plantroom.Severity(1 + r.IntN(4)), Cause: "door_close_fault"}
	if r.IntN(20) == 0 {
		in.Rule = detect.RuleDeviceSilent
	}
	in.ID = plantroom.NewIncidentID(in.Rule, in.Asset, in.Episode)
	o := plantroom.WorkOrder{ID: orderID(uint32(n)), Version: 5, State: plantroom.Dispatched, Incident: in.ID, Asset: a.ID, Building: a.Building, Domain: a.Domain, Rule: in.Rule,
		Severity: in.Severity, Cause: in.Cause, Contractor: m.estate.Contractors[r.IntN(len(m.estate.Contractors))].ID, Occurred: in.Episode, Raised: raised, Begun: raised, Dispatched: raised}
	for i, w := range []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute} {
		c := plantroom.Clock{Kind: []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore}[i], State: plantroom.ClockWaiting, From: plantroom.FromRaised, Window: plantroom.Duration(w)}
		sla.Start(&c, raised, nil)
		o.Clocks = append(o.Clocks, c)
	}
	if n <= total-total/100 {
		m.finish(r, &o, &in)
	}
	return o, in
}

func (m *made) finish(r *rand.Rand, o *plantroom.WorkOrder, in *plantroom.Incident) {
	at := o.Raised
	next := func(most time.Duration) plantroom.Instant {
		at = at.Add(time.Duration(r.Int64N(int64(most))))
		return at
	}
	o.Acknowledged, o.Attended, o.Restored, o.Verified = next(6*time.Minute), next(15*time.Minute), next(10*time.Minute), next(3*time.Minute)
	for i, stop := range []plantroom.Instant{o.Acknowledged, o.Attended, o.Verified} {
		sla.Advance(&o.Clocks[i], stop)
		sla.Stop(&o.Clocks[i], stop)
	}
	o.State, o.Closed = plantroom.Closed, o.Verified.Add(10*time.Minute)
	in.State, in.Proved, in.Cleared, in.Closed = plantroom.IncidentClosed, o.Verified, o.Restored, o.Verified
	if r.IntN(30) == 0 {
		o.DeclinedBy = []plantroom.ContractorID{"fixit"}
	}
}

// year fills a Table with a year of orders.
func (m *made) year(t testing.TB, orders int) *Table {
	t.Helper()
	r, table := rand.New(rand.NewPCG(1, 2)), NewTable()
	table.Began(start)
	for n := 1; n <= orders; n++ {
		o, in := m.order(r, n, orders)
		if err := table.PutIncident(&in); err != nil {
			t.Fatal(err)
		}
		if err := table.Put(&o); err != nil {
			t.Fatal(err)
		}
	}
	return table
}

// million is made once for all benchmarks.
var million = sync.OnceValues(func() (*made, *Table) {
	b := &testing.B{}
	m := newMade(b, 1000)
	return m, m.year(b, 1_000_000)
})

// Million is that year for benchmarks from outside.
func Million() (plantroom.Estate, []plantroom.Domain, *Table, plantroom.Instant) {
	m, t := million()
	return m.estate, []plantroom.Domain{m.domain, detect.Devices()}, t, m.now
}
