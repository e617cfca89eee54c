package app

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/alerts"
	"plantroom/services/app/config"
	"plantroom/services/cases"
	"plantroom/services/dispatch"
	"plantroom/services/estate"
	"plantroom/services/ingest"
	"plantroom/services/outbox"
	"plantroom/services/report"
	"plantroom/services/works"
)

// runningSpine is a Spine on the real clock, with the estate that it serves.
type runningSpine struct {
	*Spine
	estate plantroom.Estate
	known  []estate.Channel // on which it may call
	stop   func()           // call it once; it returns when everything has ended
}

// startSpine starts ingest, the orders' clock and the outbox.
func (s *Server) startSpine(ctx context.Context) error {
	r, err := s.newSpine(ctx, s.cfg)
	if err != nil {
		return err
	}
	if err := s.recordRosters(ctx, &s.cfg.Estate); err != nil {
		return err
	}
	r.Ingest.Recalled()  // where a file is read again, the spine before this one is still at work
	debug.FreeOSMemory() // to read what is open takes several times what is kept of it
	s.launch(r)
	s.onStop(func() { s.spine.Load().stop() })
	return nil
}

// newSpine does everything that can fail, the first reading of the store
// included: a spine that cannot take up what is there must not be started, and
// must not replace one that runs.
func (s *Server) newSpine(ctx context.Context, cfg *config.Config) (*runningSpine, error) {
	e := cfg.Estate
	channels, err := s.channels(cfg)
	if err != nil {
		return nil, err
	}
	spine, err := NewSpine(SpineOptions{Estate: e, File: cfg.EstateSum, Store: s.store, Writer: s.writer, Channels: channels, Links: s.key,
		PublicURL: s.publicURL, ProofTotal: int64(cfg.Proofs.TotalGiB) << 30, Logger: s.log, Now: s.now, Steps: s.watch.Steps,
		Changed: s.changed})
	if err != nil {
		return nil, err
	}
	if err := spine.Recall(ctx); err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeOf(err), Op: "take up what the store holds", Message: "the rules cannot go on from it", Err: err}
	}
	if err := spine.Establish(ctx, s.now()); err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeOf(err), Op: "keep the estate's terms in the ledger", Message: "the database does not take them",
			Hint: "see that the disk has space and is writable", Err: err}
	}
	return &runningSpine{Spine: spine, estate: e, known: cfg.KnownChannels()}, nil
}

// grace is how long a spine that is stopped may take to finish what it has
// been given. What it does not finish stays with the gateways, which send it
// again: this only spares them, and the orders, the delay.
const grace = 2 * time.Second

// launch lets a spine run.
func (s *Server) launch(r *runningSpine) {
	ctx, cancel := context.WithCancel(context.Background())
	var judging, others sync.WaitGroup
	last, feed := make(chan struct{}), make(chan ingest.Delivery)
	s.spine.Store(r)
	judging.Go(func() { s.feed(ctx, last, feed) })
	judging.Go(func() {
		if err := r.Ingest.Run(ctx, feed, s.acknowledge); err != nil {
			s.fail(err)
		}
	})
	others.Go(func() { s.tickOrders(ctx, r) })
	others.Go(func() { s.rehearse(ctx, r) })
	others.Go(func() { r.Outbox.Run(ctx) })
	r.stop = func() {
		close(last)
		defer time.AfterFunc(grace, cancel).Stop()
		judging.Wait()
		cancel()
		others.Wait()
	}
}

// feed hands deliveries to one spine until its last one. Those that wait
// behind it are for the next spine.
func (s *Server) feed(ctx context.Context, last <-chan struct{}, out chan<- ingest.Delivery) {
	defer close(out)
	for {
		select {
		case <-last:
			return
		case d := <-s.in:
			select {
			case out <- d:
			case <-ctx.Done():
				return
			}
		}
	}
}

// acknowledge tells a gateway what has been made durable.
func (s *Server) acknowledge(gw plantroom.GatewayID, a ingest.Ack) {
	payload, err := wire.AppendAck(nil, a)
	if err == nil {
		err = s.uplinks.ack(wire.Topic(s.cfg.Estate.ID, gw, wire.AckLeaf), payload)
	}
	if err != nil {
		s.log.Warn("acknowledge", "gateway", gw, "error", err, "next", "nothing to do: the gateway sends again what it hears nothing of")
	}
}

// tickEvery is how often stored due times are looked at: timers stop while a
// machine sleeps, so they are no more than a hint.
const tickEvery = 250 * time.Millisecond

func (s *Server) tickOrders(ctx context.Context, r *runningSpine) {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	var failing bool
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := r.TickOrders(ctx, s.now())
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			s.log.Error("look after the orders: not possible", "error", err, "next", "it is tried again four times a second; see that the disk has space and is writable")
		} else if err == nil && failing {
			s.log.Info("look after the orders: it works again")
		}
		failing = err != nil
	}
}

// rehearseEvery is how often the tests of channels are looked at.
const rehearseEvery = time.Second

func (s *Server) rehearse(ctx context.Context, r *runningSpine) {
	t := time.NewTicker(rehearseEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := r.Rehearse(ctx, s.now()); err != nil && ctx.Err() == nil {
			s.log.Debug("test the channels: not possible now, it is tried again", "error", err) // the orders' clock says it aloud
		}
	}
}

// desk does what the pages and the API ask for.
type desk struct{ *Server }

// Command implements httpapi.Desk.
func (d desk) Command(ctx context.Context, cmd dispatch.Command) (plantroom.WorkOrder, error) {
	return d.spine.Load().Command(ctx, d.now(), cmd)
}

// Task implements httpapi.Desk.
func (d desk) Task(ctx context.Context, t dispatch.TaskDone) (o plantroom.WorkOrder, err error) {
	s := d.spine.Load()
	err = s.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		o, err = s.Desk.Task(tx, d.now(), t)
		return err
	})
	return o, err
}

// Proof implements httpapi.Desk.
func (d desk) Proof(ctx context.Context, h dispatch.Handed) (o plantroom.WorkOrder, err error) {
	s := d.spine.Load()
	err = s.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		o, err = s.Desk.Proof(tx, d.now(), h)
		return err
	})
	return o, err
}

// Statement implements httpapi.Desk.
func (d desk) Statement(ctx context.Context, id plantroom.ContractID, m report.Month, r report.Request) (s report.Statement, err error) {
	house, err := report.NewHouse(*d.estate(), nil)
	if err != nil {
		return s, err
	}
	err = d.spine.Load().Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		s, err = house.Do(tx, id, m, d.now(), r)
		return err
	})
	return s, err
}

// DeclareWorks implements httpapi.Desk.
func (d desk) DeclareWorks(ctx context.Context, actor string, w plantroom.Works) (kept plantroom.Works, err error) {
	sp := d.spine.Load()
	err = sp.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		kept, err = sp.Works.Declare(tx, d.now(), actor, w)
		return err
	})
	return kept, err
}

// DoWorks implements httpapi.Desk.
func (d desk) DoWorks(ctx context.Context, r works.Request) (kept plantroom.Works, err error) {
	sp := d.spine.Load()
	err = sp.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		kept, err = sp.Works.Do(tx, d.now(), r)
		return err
	})
	return kept, err
}

// OpenCase implements httpapi.Desk.
func (d desk) OpenCase(ctx context.Context, o cases.Opening) (c plantroom.Case, err error) {
	sp := d.spine.Load()
	err = sp.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = sp.Cases.Open(tx, d.now(), o)
		return err
	})
	return c, err
}

// DoCase implements httpapi.Desk.
func (d desk) DoCase(ctx context.Context, r cases.Request) (c plantroom.Case, err error) {
	sp := d.spine.Load()
	err = sp.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = sp.Cases.Do(tx, d.now(), r)
		return err
	})
	return c, err
}

// Alerts implements httpapi.Desk.
func (d desk) Alerts(ctx context.Context, m alerts.Message) (alerts.Answer, error) {
	answer, err := d.spine.Load().TakeAlerts(ctx, d.now(), m)
	if err == nil && answer.Refused+answer.Truncated > 0 {
		d.log.Warn("take alerts in: not all of them could be used", "refused", answer.Refused, "left_out", answer.Truncated, "first", answer.FirstRefusal(),
			"next", "correct the labels of the rules; where alerts were left out, raise Max Alerts of the contact point or group them by asset")
	}
	return answer, err
}

// CasePlaybooks implements httpapi.Desk.
func (d desk) CasePlaybooks() []plantroom.CasePlaybook { return d.spine.Load().Cases.Playbooks() }

// Retry implements httpapi.Desk.
func (d desk) Retry(ctx context.Context, actor string, id plantroom.MessageID) (plantroom.Call, error) {
	var c plantroom.Call
	err := d.spine.Load().Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = outbox.Retry(tx, d.now(), actor, id)
		return err
	})
	return c, err
}
