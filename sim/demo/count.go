package demo

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"plantroom"
	"plantroom/services/ledger"
	"plantroom/services/store"
	"plantroom/sim/stack"
)

// patience is how long the last readings may take to arrive.
const patience = 30 * time.Second

// count waits until everything has arrived, stops the stack and counts.
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
	if s.Aside, err = d.stack.Quarantined(ctx); err != nil {
		return nil, err
	}
	if err := d.countOrders(ctx, s); err != nil {
		return nil, err
	}
	n, bad := d.phones.Calls()
	s.Calls, s.Wrong = n, append(s.Wrong, bad...)
	d.stack.Stop()
	return s, d.verifyLedger(ctx, s)
}

func (d *demo) countOrders(ctx context.Context, s *Summary) error {
	incidents, err := d.stack.Incidents(ctx)
	if err != nil {
		return err
	}
	orders, err := d.stack.Orders(ctx)
	if err != nil {
		return err
	}
	s.Incidents, s.Orders = len(incidents), len(orders)
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

func (d *demo) verifyLedger(ctx context.Context, s *Summary) error {
	db, err := store.Open(ctx, filepath.Join(d.opt.Dir, "data", "plantroom.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := ledger.Verify(ledger.Rows(ctx, db)); err != nil {
		s.Wrong = append(s.Wrong, "the ledger: "+err.Error())
	}
	return nil
}
