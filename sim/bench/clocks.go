package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
	"plantroom/services/store"
)

// Clocks that run: three on each order, their windows of four hours ending
// evenly spread over the next four. So a million of them has 208 marks a second.
const (
	clockCount    = 1_000_000
	clocksOfOrder = 3
	clockWindow   = 4 * time.Hour
	clocksFor     = 20 * time.Second // marks of one run
)

func clocks() Measurement {
	const how = "1,000,000 clocks with windows of four hours run on 333,334 open orders in the database of a plantroom serve, whose marks (50, 80 and 100 %) come " +
		"evenly, 208 a second, with their calls; "
	return Measurement{
		Name: "clocks",
		Figures: []Figure{
			{Name: "mark of a clock, late at p99", Unit: "s", Sense: AtMost, Target: 1, How: how + "from the moment at which a mark is due until another process reads its row in the ledger, over 20 s"},
			{Name: "memory of an open clock", Unit: "bytes", Sense: AtMost, Target: 400, How: "VmRSS of that server after the 20 s, less that of the same server without an order, divided by the clocks"},
			{Name: "start with all clocks", Unit: "s", Sense: AtMost, Target: 10, How: "from its exec until it has written a mark, and none is late by more than a second"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			c, err := e.clockwork(ctx)
			if err != nil {
				return nil, err
			}
			return c.run, nil
		},
	}
}

// clockwork is a server with a database full of clocks.
type clockwork struct {
	*stack
	count  int
	store  *store.SQLite
	empty  int64  // resident memory without an order, in bytes
	broker string // as the server's file has it
}

func (e *Env) clockwork(ctx context.Context) (*clockwork, error) {
	dir, err := e.scratch("clocks")
	if err != nil {
		return nil, err
	}
	hook, err := e.taker()
	if err != nil {
		return nil, err
	}
	k := &stack{env: e, dir: dir, site: site{Sensors: 4, Webhook: hook.url}}
	c := &clockwork{stack: k, count: clockCount}
	if e.Clocks > 0 {
		c.count = e.Clocks
	}
	addr, err := e.mosquitto(ctx, dir)
	if err != nil {
		return nil, err
	}
	c.broker = fmt.Sprintf("{url: %q}", "tcp://"+addr)
	if err := k.startInfluxd(ctx); err != nil {
		return nil, err
	}
	if err := k.startServer(ctx, c.broker); err != nil { // which makes its database
		return nil, err
	}
	if err := pause(ctx, 3*time.Second); err != nil {
		return nil, err
	}
	if c.empty, err = resident(k.server.pid()); err != nil {
		return nil, err
	}
	k.server.stop()
	if c.store, err = store.Open(ctx, filepath.Join(dir, "data", "plantroom.db")); err != nil {
		return nil, err
	}
	e.onStop(func() { _ = c.store.Close() })
	return c, c.fill(ctx)
}

// fill writes the orders. The first mark comes when it is done.
func (c *clockwork) fill(ctx context.Context) error {
	const batch = 5000
	orders := (c.count + clocksOfOrder - 1) / clocksOfOrder
	write := func(first int, zero plantroom.Instant) error {
		return c.store.Update(ctx, func(tx plantroom.Tx) error {
			for n := first; n < min(first+batch, orders); n++ {
				in, o := clocked(n, orders, zero)
				if err := tx.InsertIncident(in); err != nil {
					return err
				}
				if err := tx.InsertOrder(o); err != nil {
					return err
				}
			}
			return nil
		})
	}
	begin := time.Now()
	if err := write(0, plantroom.At(begin.Add(clockWindow))); err != nil { // their marks are for later
		return err
	}
	batches := time.Duration(orders/batch + 1)
	zero := time.Now().Add(2*batches*time.Since(begin) + 5*time.Second)
	for first := batch; first < orders; first += batch {
		if err := write(first, plantroom.At(zero)); err != nil {
			return err
		}
	}
	c.env.Say("clocks: %d orders are written", orders)
	return pause(ctx, time.Until(zero))
}

// clocked makes the nth of so many orders, whose clocks end within a window
// from zero on.
func clocked(n, orders int, zero plantroom.Instant) (plantroom.Incident, plantroom.WorkOrder) {
	in := fault(fmt.Sprintf("clocked-%06d", n), zero.Add(-clockWindow))
	o := plantroom.WorkOrder{ID: plantroom.OrderID(fmt.Sprintf("wo-%06d", n+1)), State: plantroom.Acknowledged, Incident: in.ID, Asset: in.Asset, Building: in.Building,
		Domain: in.Domain, Rule: in.Rule, Severity: in.Severity, Cause: in.Cause, Detail: in.Detail, Contractor: "quicklift", Contract: "quicklift-all",
		Occurred: in.Episode, Raised: in.Opened, Dispatched: in.Opened, Acknowledged: in.Opened, Ladder: "standard", Level: -1, Link: 1}
	place := n * 7919 % orders // so that what is due together was not written together
	for i, kind := range []plantroom.ClockKind{plantroom.Attend, plantroom.Release, plantroom.Restore} {
		left := time.Duration(float64(clockWindow) * float64(place*clocksOfOrder+i) / float64(orders*clocksOfOrder))
		c := plantroom.Clock{Kind: kind, State: plantroom.ClockWaiting, From: plantroom.FromRaised, Window: plantroom.Duration(clockWindow),
			Basis: "contract quicklift-all: bench", Contract: "quicklift-all"}
		sla.Start(&c, zero.Add(left-clockWindow), nil)
		switch {
		case left < clockWindow/5:
			c.Marked = 80
		case left < clockWindow/2:
			c.Marked = 50
		}
		o.Clocks = append(o.Clocks, c)
		if due := sla.Due(&c); o.Due.IsZero() || due < o.Due {
			o.Due = due
		}
	}
	return in, o
}

func (c *clockwork) run(ctx context.Context, _ int) ([]float64, error) {
	mark := len(c.env.undo)
	defer c.env.unwind(mark)
	before, err := c.newest(ctx)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := c.startServer(ctx, c.broker); err != nil {
		return nil, err
	}
	if err := c.caughtUp(ctx, before); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	late, err := c.watch(ctx)
	if err != nil {
		return nil, err
	}
	bytes, err := resident(c.server.pid())
	if err != nil {
		return nil, err
	}
	return []float64{quantile(late, 0.99), float64(bytes-c.empty) / float64(c.count), took.Seconds()}, nil
}

// caughtUp waits until the server has written rows behind the ones before it,
// and nothing has been due for a second.
func (c *clockwork) caughtUp(ctx context.Context, before int64) error {
	return c.server.until(ctx, 5*time.Minute, "marks come, and none has been due for a second", func() (done bool) {
		err := c.store.View(ctx, func(tx plantroom.Tx) error {
			rows, err := tx.Ledger(before, 1)
			if err != nil || len(rows) == 0 {
				return err
			}
			due, err := tx.DueOrders(plantroom.At(time.Now().Add(-time.Second)), 1)
			done = err == nil && len(due) == 0
			return err
		})
		return err == nil && done
	})
}

// watch follows the ledger, and returns in seconds, sorted, how late each mark
// was.
func (c *clockwork) watch(ctx context.Context) ([]float64, error) {
	var late []float64
	from, err := c.newest(ctx)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(clocksFor); time.Now().Before(end); {
		var rows []plantroom.LedgerRow
		err := c.store.View(ctx, func(tx plantroom.Tx) (err error) {
			rows, err = tx.Ledger(from, 0)
			return err
		})
		if err != nil {
			return nil, err
		}
		seen := plantroom.At(time.Now())
		for _, r := range rows {
			from = r.Seq
			if at, is := marked(r); is {
				late = append(late, seen.Sub(at).Seconds())
			}
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	if len(late) == 0 {
		return nil, c.server.failed("no mark came within " + clocksFor.String())
	}
	slices.Sort(late)
	return late, nil
}

// newest is the ledger's last row.
func (c *clockwork) newest(ctx context.Context) (seq int64, err error) {
	for {
		var rows []plantroom.LedgerRow
		err := c.store.View(ctx, func(tx plantroom.Tx) (err error) {
			rows, err = tx.Ledger(seq, 0)
			return err
		})
		if err != nil || len(rows) == 0 {
			return seq, err
		}
		seq = rows[len(rows)-1].Seq
	}
}

// marked says of which moment a row of the ledger tells, where it is about a
// mark.
func marked(r plantroom.LedgerRow) (at plantroom.Instant, is bool) {
	var b struct {
		Percent int
		Due     plantroom.Instant
	}
	if json.Unmarshal(r.Body, &b) != nil || b.Percent == 0 {
		return 0, false
	}
	return b.Due.Add(-clockWindow * time.Duration(100-b.Percent) / 100), true
}
