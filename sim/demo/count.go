package demo

import (
	"context"
	"net/http"
	"time"

	"plantroom"
	"plantroom/services/ledger"
	"plantroom/services/store"
	"plantroom/sim/stack"
)

// patience is how long the last readings may take to arrive.
const patience = 30 * time.Second

// count waits until everything has arrived, stops the stack and counts what it
// has left on disk, where nothing changes any more.
func (d *demo) count() (*Summary, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	defer http.DefaultClient.CloseIdleConnections()
	want := stack.Counts{}
	for k, n := range d.player.Sent() {
		want.Add(k.Device, k.Signal, n)
	}
	s := &Summary{Virtual: d.clock.Now().Sub(d.clock.Virtual), Sent: want.Total(), Met: map[plantroom.ClockKind]int{}, Breached: map[plantroom.ClockKind]int{}}
	have, err := d.stack.Await(ctx, want, patience)
	if err != nil {
		return nil, err
	}
	s.Stored = have.Total()
	s.Missing, s.Lost = want.Missing(have)
	// The server first: a gateway that says goodbye to it is an incident.
	d.stack.Server.Stop()
	d.stack.Stop()
	n, bad := d.phones.Calls()
	s.Calls, s.Wrong = n, append(s.Wrong, bad...)
	return s, d.countStore(ctx, s)
}

// countStore counts what the server's database holds, and verifies its ledger.
func (d *demo) countStore(ctx context.Context, s *Summary) error {
	db, err := store.Open(ctx, d.stack.Path("data/plantroom.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.View(ctx, func(tx plantroom.Tx) error { return d.countOrders(tx, s) }); err != nil {
		return err
	}
	if err := ledger.Verify(ledger.Rows(ctx, db)); err != nil {
		s.Wrong = append(s.Wrong, "the ledger: "+err.Error())
	}
	return nil
}

// everything is more than a demonstration can bring about.
const everything = 1_000_000

func (d *demo) countOrders(tx plantroom.Tx, s *Summary) error {
	aside, err := tx.QuarantineCount()
	if err != nil {
		return err
	}
	incidents, err := tx.Incidents(plantroom.IncidentFilter{Limit: everything})
	if err != nil {
		return err
	}
	orders, err := tx.Orders(plantroom.OrderFilter{Limit: everything})
	if err != nil {
		return err
	}
	s.Aside, s.Incidents, s.Orders = int(aside), len(incidents), len(orders)
	s.Wrong = append(s.Wrong, stack.CheckOrders(incidents, orders)...)
	for _, o := range orders {
		if o.State.Final() {
			s.Closed++
		}
		for _, c := range o.Clocks {
			switch c.State {
			case plantroom.ClockMet:
				s.Met[c.Kind]++
			case plantroom.ClockBreached:
				s.Breached[c.Kind]++
			}
		}
	}
	for i := range d.file.Expect {
		e := &d.file.Expect[i]
		if e.By != nil && time.Duration(*e.By) < s.Virtual && !e.Happened(incidents, orders) {
			s.Wrong = append(s.Wrong, "not seen: "+e.String())
		}
	}
	return nil
}
