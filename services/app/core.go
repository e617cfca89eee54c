package app

import (
	"context"
	"fmt"
	"slices"

	"plantroom"
	"plantroom/services/alerts"
	"plantroom/services/detect"
	"plantroom/services/dispatch"
)

// core joins detection and dispatch for ingest: what a batch of readings means
// is decided and written in the transaction in which the batch is taken in.
type core struct {
	*detect.Engine
	desk   *dispatch.Desk
	latest map[plantroom.GatewayID][]byte // not yet asked for
}

func newCore(e *detect.Engine, d *dispatch.Desk) *core {
	return &core{Engine: e, desk: d, latest: map[plantroom.GatewayID][]byte{}}
}

// Judge implements ingest.Core.
func (c *core) Judge(tx plantroom.Tx, now plantroom.Instant, gw plantroom.GatewayID, rs []plantroom.Reading) error {
	c.Engine.Heard(now, gw, true)
	for _, r := range rs {
		c.Engine.Observe(now, gw, r)
		for _, d := range c.Engine.Derive(r) { // fill of a distance, say
			c.Engine.Observe(now, gw, d)
		}
	}
	return c.write(tx, now)
}

// Heard implements ingest.Core.
func (c *core) Heard(tx plantroom.Tx, now plantroom.Instant, gw plantroom.GatewayID, online bool) error {
	c.Engine.Heard(now, gw, online)
	return c.write(tx, now)
}

// Tick lets time pass for the detectors.
func (c *core) Tick(tx plantroom.Tx, now plantroom.Instant) error {
	c.Engine.Tick(now)
	return c.write(tx, now)
}

// write puts what the engine has concluded into the transaction: the state of
// its detectors, and each incident with the orders, clocks and calls that
// follow from it.
func (c *core) write(tx plantroom.Tx, now plantroom.Instant) error {
	eff := c.Engine.Take()
	for gw, blob := range eff.Latest {
		c.latest[gw] = blob
	}
	if len(eff.Dirty) > 0 {
		if err := tx.PutDetections(eff.Dirty); err != nil {
			return fmt.Errorf("keep the detectors' state: %w", err)
		}
	}
	for _, ev := range eff.Events {
		if err := c.desk.Incident(tx, now, ev); err != nil {
			return fmt.Errorf("incident %s %s: %w", ev.Incident.ID, ev.Change, err)
		}
	}
	return nil
}

// Latest implements ingest.Core.
func (c *core) Latest(gw plantroom.GatewayID) []byte {
	blob := c.latest[gw]
	delete(c.latest, gw)
	return blob
}

// Reload implements ingest.Core: it takes the engine back to what the store
// holds.
func (c *core) Reload(ctx context.Context, s plantroom.Store) error {
	c.Engine.Take()
	clear(c.latest)
	return s.View(ctx, func(tx plantroom.Tx) error {
		dets, err := tx.Detections()
		if err != nil {
			return err
		}
		open, err := tx.OpenIncidents()
		if err != nil {
			return err
		}
		open = slices.DeleteFunc(open, func(in plantroom.Incident) bool { return in.Rule == alerts.RuleGrafana }) // no detector sees them
		progress, err := tx.AllProgress()
		if err != nil {
			return err
		}
		return c.Engine.Restore(dets, open, progress)
	})
}
