// Package app puts the services together: the spine from uplink to work order,
// and around it the broker, the databases, the pages and the API.
//
// It decides nothing itself. Wiring lives here, so that tests and the
// simulator start the real thing.
package app

import (
	"context"
	"log/slog"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/dispatch"
	"plantroom/services/domains"
	"plantroom/services/estate"
	"plantroom/services/httpapi/live"
	"plantroom/services/ingest"
	"plantroom/services/outbox"
	"plantroom/services/playbooks"
	"plantroom/services/profiles"
)

// Domains lists everything that is watched: the domains, and the devices and
// gateways themselves.
func Domains() []plantroom.Domain { return append(domains.All(), detect.Devices()) }

// Known is what an estate file may refer to.
func Known() estate.Known {
	all := Domains()
	return estate.Known{Domains: all, Profiles: profiles.IDs(),
		Profile:  func(path string) (plantroom.Profile, error) { return profiles.Load(path, all) },
		Playbook: func(path string) (plantroom.Playbook, error) { return playbooks.Load(path, all) }}
}

// SpineOptions say what a Spine is made of.
type SpineOptions struct {
	Estate    plantroom.Estate
	Store     plantroom.Store
	Writer    ingest.Writer
	Channels  []plantroom.Channel
	Links     dispatch.LinkSigner
	PublicURL string
	Logger    *slog.Logger
	Changed   func(kind, subject string) // after each commit; nil: nobody is told
	Now       func() plantroom.Instant   // of Ingest.Run and Outbox.Run; nil: the system's clock
	MaxQueue  int                        // points that wait for InfluxDB; 0: ingest's default
}

// Spine is the road from an uplink to a delivered call. Step by step it can be
// driven in virtual time by one goroutine; Server runs it on the real clock.
type Spine struct {
	Store  plantroom.Store
	Ingest *ingest.Ingest
	Desk   *dispatch.Desk
	Outbox *outbox.Outbox
	Engine *detect.Engine

	core    *core
	adopted bool // orders that the estate's file had left alone were looked after
}

// Recall takes up what the store holds: detector states, open incidents, how
// far each gateway was heard. Ingest does so by itself before its first work;
// done beforehand, it shows whether it can be done. Not to be called while
// Ingest runs.
func (s *Spine) Recall(ctx context.Context) error { return s.core.Reload(ctx, s.Store) }

// NewSpine puts a Spine together. It reads nothing yet.
func NewSpine(o SpineOptions) (*Spine, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	all := Domains()
	desk, err := dispatch.New(dispatch.Options{Estate: o.Estate, Domains: all, Playbooks: playbooks.All(), Links: o.Links, PublicURL: o.PublicURL})
	if err != nil {
		return nil, err
	}
	engine, err := detect.New(detect.Options{Estate: o.Estate, Domains: all, Clean: cleanCycles(o.Estate, all)})
	if err != nil {
		return nil, err
	}
	s := &Spine{Desk: desk, Engine: engine, core: newCore(engine, desk)}
	s.Store = watchedStore{Store: o.Store, changed: func(cs []change) {
		for _, c := range cs {
			if c.kind == live.Call {
				s.Outbox.Kick()
			}
			if o.Changed != nil {
				o.Changed(c.kind, c.subject)
			}
		}
	}}
	if s.Outbox, err = outbox.New(outbox.Options{Store: s.Store, Channels: o.Channels, Logger: o.Logger, Now: o.Now}); err != nil {
		return nil, err
	}
	gateways := make([]plantroom.GatewayID, len(o.Estate.Gateways))
	for i, g := range o.Estate.Gateways {
		gateways[i] = g.ID
	}
	s.Ingest = ingest.New(ingest.Options{Store: s.Store, Core: s.core, Writer: o.Writer, Estate: o.Estate.ID,
		Gateways: gateways, Logger: o.Logger, MaxQueue: o.MaxQueue, Now: o.Now})
	return s, nil
}

// cleanCycles says how many clean cycles prove a repair: what the strictest
// contract asks for that is in force for the rule's asset at the time, else
// the rule's own number.
func cleanCycles(e plantroom.Estate, all []plantroom.Domain) func(plantroom.Instant, plantroom.Asset, plantroom.RuleID, int) int {
	domain := map[plantroom.RuleID]plantroom.DomainName{}
	for _, d := range all {
		for _, r := range d.Rules {
			domain[r.ID] = d.Name
		}
	}
	return func(now plantroom.Instant, a plantroom.Asset, rule plantroom.RuleID, own int) int {
		a.Domain = domain[rule] // the silence of a lift's sensor is no matter for the lift contract
		n := own
		for _, c := range e.Contracts {
			if c.Clean > n && c.Covers(a, now) {
				n = c.Clean
			}
		}
		return n
	}
}

// tickLimit bounds one transaction of the desk.
const tickLimit = 200

// TickOrders does everything on orders that has come due; the first time, it
// also looks after those that the estate's file has left alone.
func (s *Spine) TickOrders(ctx context.Context, now plantroom.Instant) error {
	if !s.adopted {
		if err := s.Store.Update(ctx, func(tx plantroom.Tx) error { return s.Desk.Adopt(tx, now) }); err != nil {
			return err
		}
		s.adopted = true
	}
	for {
		var n int
		err := s.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
			n, err = s.Desk.Tick(tx, now, tickLimit)
			return err
		})
		if err != nil || n < tickLimit {
			return err
		}
	}
}

// Command does what a human asks, in a transaction of its own.
func (s *Spine) Command(ctx context.Context, now plantroom.Instant, cmd dispatch.Command) (plantroom.WorkOrder, error) {
	var o plantroom.WorkOrder
	err := s.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		o, err = s.Desk.Command(tx, now, cmd)
		return err
	})
	return o, err
}
