package app

import (
	"context"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/app/config"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/live"
	"plantroom/services/ingest"
	"plantroom/services/outbox"
)

// runningSpine is a Spine on the real clock, with the estate that it serves.
type runningSpine struct {
	*Spine
	estate plantroom.Estate
	stop   func()
}

// startSpine starts ingest, the orders' clock and the outbox.
func (s *Server) startSpine(context.Context) error {
	s.hub = live.NewHub(live.Options{Logger: s.log})
	r, err := s.newSpine(s.cfg.Estate)
	if err != nil {
		return err
	}
	s.launch(r)
	s.onStop(func() { s.spine.Load().stop() })
	return nil
}

func (s *Server) newSpine(e plantroom.Estate) (*runningSpine, error) {
	channels, err := s.channels(e)
	if err != nil {
		return nil, err
	}
	spine, err := NewSpine(SpineOptions{Estate: e, Store: s.store, Writer: s.writer, Channels: channels, Links: s.key,
		PublicURL: s.cfg.Web.PublicURL, Logger: s.log, Now: s.now,
		Changed: func(kind, subject string) { s.hub.Publish(kind, subject, s.now()) }})
	if err != nil {
		return nil, err
	}
	return &runningSpine{Spine: spine, estate: e}, nil
}

// launch lets a spine run.
func (s *Server) launch(r *runningSpine) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	r.stop = func() { cancel(); wg.Wait() }
	s.spine.Store(r)
	wg.Go(func() {
		if err := r.Ingest.Run(ctx, s.in, s.acknowledge); err != nil {
			s.failed <- err
		}
	})
	wg.Go(func() { s.tickOrders(ctx, r) })
	wg.Go(func() { r.Outbox.Run(ctx) })
}

// acknowledge tells a gateway what has been made durable.
func (s *Server) acknowledge(gw plantroom.GatewayID, a ingest.Ack) {
	payload, err := wire.AppendAck(nil, a)
	if err == nil {
		err = s.uplinks.ack(wire.Topic(s.spine.Load().estate.ID, gw, wire.AckLeaf), payload)
	}
	if err != nil { // the gateway sends again what it hears nothing of
		s.log.Warn("acknowledge", "gateway", gw, "error", err)
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
			s.log.Error("look after the orders: not possible; it is tried again four times a second", "error", err)
		} else if err == nil && failing {
			s.log.Info("look after the orders: it works again")
		}
		failing = err != nil
	}
}

// Reload takes a changed estate over. Everything that can fail comes first;
// then the old spine ends and the new one continues from the store. Gateways
// stay connected. Only the estate can change: the rest of the file needs a
// restart.
func (s *Server) Reload(cfg *config.Config) error {
	s.reload.Lock()
	defer s.reload.Unlock()
	if cfg.Estate.ID != s.cfg.Estate.ID {
		return plantroom.Errorf(plantroom.CodeInvalid, "the estate changes from %s to %s: that needs a restart with a data directory of its own", s.cfg.Estate.ID, cfg.Estate.ID)
	}
	r, err := s.newSpine(cfg.Estate)
	if err != nil {
		return err
	}
	s.spine.Load().stop()
	s.launch(r)
	return nil
}

// desk does what the pages and the API ask for.
type desk struct{ *Server }

// Command implements httpapi.Desk.
func (d desk) Command(ctx context.Context, cmd dispatch.Command) (plantroom.WorkOrder, error) {
	return d.spine.Load().Command(ctx, d.now(), cmd)
}

// Retry implements httpapi.Desk.
func (d desk) Retry(ctx context.Context, actor string, id plantroom.MessageID) (plantroom.Call, error) {
	var c plantroom.Call
	err := d.spine.Load().Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = outbox.Retry(tx, d.now(), actor, id)
		return err
	})
	return c, err
}
