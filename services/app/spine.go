// Package app puts the services together: the spine from uplink to work order,
// and around it the broker, the databases, the pages and the API.
//
// It decides nothing itself. Wiring lives here, so that tests and the
// simulator start the real thing.
package app

import (
	"context"
	"errors"
	"log/slog"

	"plantroom"
	"plantroom/services/alerts"
	"plantroom/services/app/config"
	"plantroom/services/cases"
	"plantroom/services/detect"
	"plantroom/services/dispatch"
	"plantroom/services/domains"
	"plantroom/services/estate"
	"plantroom/services/httpapi/live"
	"plantroom/services/ingest"
	"plantroom/services/outbox"
	"plantroom/services/playbooks"
	"plantroom/services/profiles"
	"plantroom/services/rehearsal"
	"plantroom/services/works"
)

// Domains lists everything that is watched: the domains, the devices and
// gateways themselves, and what Grafana watches.
func Domains() []plantroom.Domain { return append(domains.All(), detect.Devices(), alerts.Domain()) }

// Known is what an estate file may refer to.
func Known() estate.Known {
	all := Domains()
	return estate.Known{Domains: all, Profiles: profiles.IDs(), Channels: config.Channels(),
		Profile:      func(path string) (plantroom.Profile, error) { return profiles.Load(path, all) },
		Playbook:     func(path string) (plantroom.Playbook, error) { return playbooks.Load(path, all) },
		CasePlaybook: playbooks.LoadCase}
}

// SpineOptions say what a Spine is made of.
type SpineOptions struct {
	Estate     plantroom.Estate
	File       plantroom.Hash // SHA-256 of the estate file's text; zero: not known
	Store      plantroom.Store
	Writer     ingest.Writer
	Channels   []plantroom.Channel
	Links      dispatch.LinkSigner
	PublicURL  string
	ProofTotal int64 // bytes of all files of proof; 0: dispatch's default
	Logger     *slog.Logger
	Changed    func(kind, subject string) // after each commit; nil: nobody is told
	Now        func() plantroom.Instant   // of Ingest.Run and Outbox.Run; nil: the system's clock
	Steps      func() uint64              // how often Now was seen to be set back; nil: nobody counts
	MaxQueue   int                        // points that wait for InfluxDB; 0: ingest's default
	Outbox     outbox.Options             // its Store, Channels, Logger, Now and Steps are the spine's
}

// Spine is the road from an uplink to a delivered call. Step by step it can be
// driven in virtual time by one goroutine; Server runs it on the real clock.
type Spine struct {
	Store  plantroom.Store
	Ingest *ingest.Ingest
	Desk   *dispatch.Desk
	Works  *works.Office
	Cases  *cases.Desk
	Alerts *alerts.Door
	Outbox *outbox.Outbox
	Engine *detect.Engine

	plan  *rehearsal.Plan
	core  *core
	steps func() uint64
	clock plantroom.SetBack // of TickOrders
}

// Recall takes up what the store holds: detector states, open incidents, how
// far each gateway was heard. Ingest does so by itself before its first work;
// done beforehand, it shows whether it can be done. Not to be called while
// Ingest runs.
func (s *Spine) Recall(ctx context.Context) error { return s.core.Reload(ctx, s.Store) }

// Establish keeps what the estate promises and watches in the ledger, so that
// orders can name it. To be called before there are orders to name it.
func (s *Spine) Establish(ctx context.Context, now plantroom.Instant) error {
	var terms plantroom.Hash
	err := s.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		terms, err = s.Desk.Terms(tx, now)
		return err
	})
	if err == nil {
		s.Desk.GoBy(terms)
	}
	return err
}

// NewSpine puts a Spine together. It reads nothing yet.
func NewSpine(o SpineOptions) (*Spine, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Steps == nil {
		o.Steps = func() uint64 { return 0 }
	}
	all := Domains()
	desk, err := dispatch.New(dispatch.Options{Estate: o.Estate, File: o.File, Domains: all, Playbooks: playbooks.All(), Links: o.Links, PublicURL: o.PublicURL, ProofTotal: o.ProofTotal})
	if err != nil {
		return nil, err
	}
	engine, err := detect.New(detect.Options{Estate: o.Estate, Domains: all, Clean: cleanCycles(o.Estate, all)})
	if err != nil {
		return nil, err
	}
	office, err := works.New(o.Estate, desk)
	if err != nil {
		return nil, err
	}
	residents, err := cases.New(o.Estate, playbooks.Cases())
	if err != nil {
		return nil, err
	}
	plan, err := rehearsal.New(o.Estate)
	if err != nil {
		return nil, err
	}
	s := &Spine{Desk: desk, Works: office, Cases: residents, Alerts: alerts.New(o.Estate, desk), Engine: engine, plan: plan, core: newCore(engine, desk), steps: o.Steps}
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
	out := o.Outbox
	out.Store, out.Channels, out.Logger, out.Now, out.Steps = s.Store, o.Channels, o.Logger, o.Now, o.Steps
	if s.Outbox, err = outbox.New(out); err != nil {
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

// TickOrders does everything on orders, planned works and residents' cases that
// has come due. The first time, and when the clock was set back, it also looks after
// those that the estate's file or that clock has left alone, and takes the planned
// works of the file over. It is for one goroutine.
func (s *Spine) TickOrders(ctx context.Context, now plantroom.Instant) error {
	var kept error // from being taken over: no reason to let clocks and calls wait
	steps := s.steps()
	if s.clock.Due(now, steps) {
		kept = errors.Join(
			s.Store.Update(ctx, func(tx plantroom.Tx) error { return s.Works.Sync(tx, now) }),
			s.Store.Update(ctx, func(tx plantroom.Tx) error { return s.Desk.Adopt(tx, now) }))
	}
	if kept == nil {
		s.clock.Looked(now, steps)
	}
	for {
		var n int
		err := s.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
			if s.Works != nil {
				if err := s.Works.Tick(tx, now); err != nil {
					return err
				}
			}
			n, err = s.Desk.Tick(tx, now, tickLimit)
			return err
		})
		if err != nil {
			return errors.Join(kept, err)
		}
		if n < tickLimit {
			return errors.Join(kept, s.tickCases(ctx, now))
		}
	}
}

// tickCases does what has come due of residents' cases, in transactions of its own:
// no order waits for them.
func (s *Spine) tickCases(ctx context.Context, now plantroom.Instant) error {
	var due []plantroom.Case
	err := s.Store.View(ctx, func(tx plantroom.Tx) (err error) { due, err = tx.DueCases(now, 1); return err })
	if err != nil || len(due) == 0 {
		return err // as nearly always: nothing is written
	}
	for n := tickLimit; n == tickLimit; {
		err := s.Store.Update(ctx, func(tx plantroom.Tx) (err error) { n, err = s.Cases.Tick(tx, now, tickLimit); return err })
		if err != nil {
			return err
		}
	}
	return nil
}

// Rehearse puts the tests of channels that have come due into the outbox, and
// the calls about those that have failed.
func (s *Spine) Rehearse(ctx context.Context, now plantroom.Instant) error {
	due := func(tx plantroom.Tx) (calls []plantroom.Call, err error) { return s.plan.Due(tx, now) }
	var calls []plantroom.Call
	err := s.Store.View(ctx, func(tx plantroom.Tx) (err error) { calls, err = due(tx); return err })
	if err != nil || len(calls) == 0 {
		return err // as nearly always: nothing is written
	}
	return s.Store.Update(ctx, func(tx plantroom.Tx) error {
		calls, err := due(tx)
		if err != nil {
			return err
		}
		return tx.InsertCalls(calls...)
	})
}

// Rehearsed lists how the last tests of channels went.
func (s *Spine) Rehearsed(ctx context.Context, now plantroom.Instant) (list []rehearsal.Result, err error) {
	err = s.Store.View(ctx, func(tx plantroom.Tx) (err error) { list, err = s.plan.Results(tx, now); return err })
	return list, err
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

// TakeAlerts takes a message of another system in, with the orders that follow, in
// a transaction of its own.
func (s *Spine) TakeAlerts(ctx context.Context, now plantroom.Instant, m alerts.Message) (answer alerts.Answer, err error) {
	err = s.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		answer, err = s.Alerts.Take(tx, now, m)
		return err
	})
	return answer, err
}
