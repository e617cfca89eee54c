package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/ingest"
	"plantroom/sim/estates"
	"plantroom/sim/world"
)

// Options of one performance.
type Options struct {
	Seed *uint64    // instead of the file's
	Tell func(Line) // hears the story as it unfolds; nil: nobody
	Dir  string     // for spools and database; "": a temporary one, removed at the end

	// To fill a Plantroom of somebody's own with a story:
	Estate   *plantroom.Estate // as its file has it; nil: the scenario's, as it ships
	Start    plantroom.Instant // 0: the scenario's own
	Database string            // path of the store; "": one in Dir
	Writer   ingest.Writer     // gets all points too; nil: nobody
}

// play is one performance.
type play struct {
	ctx     context.Context
	file    *Scenario
	opt     Options
	estate  plantroom.Estate
	zone    *time.Location
	start   plantroom.Instant
	now     plantroom.Instant
	world   *world.World
	sites   map[plantroom.GatewayID]*site
	order   []plantroom.GatewayID
	server  *server
	phones  *phones
	presses presses
	claimed map[plantroom.OrderID]bool
	agenda  []entry
	checks  []*check
	seen    snapshot
	stale   atomic.Bool // the snapshot is; also told by the goroutines that deliver calls
	told    int64
	ok      acceptances
	grafana grafana
}

const (
	pace      = time.Second      // of the server's clock
	stateBeat = 20 * time.Second // of a gateway's own reports
)

// Play performs a scenario and says what came of each expectation. An error
// means that it could not be performed at all.
func Play(ctx context.Context, s *Scenario, o Options) (_ *Result, err error) {
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "plantroom-scenario-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(o.Dir)
	}
	p, err := stage(ctx, s, o)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	err = errors.Join(p.run(), p.strike())
	if err != nil {
		return nil, fmt.Errorf("%s: at %s: %w", s.doc.File(), plantroom.Duration(p.now.Sub(p.start)), err)
	}
	r := p.result()
	r.Took = plantroom.Duration(time.Since(began).Round(time.Millisecond))
	return r, nil
}

// stage sets everything up.
func stage(ctx context.Context, s *Scenario, o Options) (*play, error) {
	if err := s.checkNames(); err != nil {
		return nil, err
	}
	e, err := estates.Load(s.Estate)
	if err != nil {
		return nil, err
	}
	if o.Estate != nil {
		e = *o.Estate
	}
	p := &play{ctx: ctx, file: s, opt: o, estate: e, sites: map[plantroom.GatewayID]*site{}, claimed: map[plantroom.OrderID]bool{},
		ok: acceptances{all: map[accepted]plantroom.Reading{}}, grafana: grafana{map[string]fires{}}}
	if p.zone, err = time.LoadLocation(e.Zone); err != nil {
		return nil, err
	}
	if p.start = o.Start; p.start.IsZero() {
		if p.start, err = s.StartIn(p.zone); err != nil {
			return nil, err
		}
	}
	p.now = p.start
	if p.world, err = world.New(world.Options{Estate: e, Start: p.start, Seed: p.seed(), Calm: !s.Residents}); err != nil {
		return nil, err
	}
	for _, g := range e.Gateways {
		if p.sites[g.ID], err = newSite(func() plantroom.Instant { return p.now }, p.seed(), e, g.ID, filepath.Join(o.Dir, string(g.ID)), &p.ok); err != nil {
			return nil, err
		}
		p.order = append(p.order, g.ID)
	}
	p.phones = newPhones(e)
	p.server = &server{estate: e, path: cmp.Or(o.Database, filepath.Join(o.Dir, "plantroom.db")), tsdb: &tsdb{behind: o.Writer, points: map[pointKey]plantroom.Value{}},
		channels: p.phones.channels(), changed: func() { p.stale.Store(true) }}
	for i := range s.Expect {
		p.checks = append(p.checks, newCheck(p, &s.Expect[i]))
	}
	for _, a := range s.Do {
		p.plan(p.start.Add(time.Duration(a.At)), func() error { return p.perform(a) })
	}
	return p, p.server.start(ctx, p.now)
}

func (p *play) seed() uint64 {
	switch {
	case p.opt.Seed != nil:
		return *p.opt.Seed
	case p.file.Seed != nil:
		return *p.file.Seed
	}
	return 1
}

// run lets the scenario's time pass.
func (p *play) run() error {
	end := p.start.Add(time.Duration(p.file.Length))
	for beat := p.start; p.now < end; {
		next := min(end, p.now.Add(pace)) // the server's clock
		if len(p.agenda) > 0 {
			next = min(next, max(p.agenda[0].at, p.now))
		}
		p.now = next
		if err := p.step(p.now >= beat); err != nil {
			return err
		}
		if p.now >= beat {
			beat = p.now.Add(stateBeat)
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// step is one moment: the world moves, the gateways hear and send, the server
// does what is due, people press buttons, and the expectations are looked at.
func (p *play) step(report bool) error {
	for len(p.agenda) > 0 && p.agenda[0].at <= p.now {
		e := p.agenda[0]
		p.agenda = p.agenda[1:]
		if e.says != "" {
			p.tell("stage", "", e.says)
		}
		if err := e.do(); err != nil {
			return err
		}
	}
	if err := p.listen(); err != nil {
		return err
	}
	if p.server.up() {
		if err := p.serve(report); err != nil {
			return err
		}
	}
	return p.look()
}

// listen takes what the devices said to their gateways.
func (p *play) listen() error {
	heard := map[plantroom.GatewayID][]world.Emission{}
	for _, e := range p.world.Advance(p.now) {
		s := p.sites[e.Gateway]
		if held, late := s.late[e.Device]; late {
			s.late[e.Device] = append(held, e)
			continue
		}
		heard[e.Gateway] = append(heard[e.Gateway], e)
	}
	for _, g := range p.order {
		if es := heard[g]; len(es) > 0 {
			if err := p.sites[g].hear(es); err != nil {
				return fmt.Errorf("gateway %s: %w", g, err)
			}
		}
		if err := p.sites[g].turns(p.now); err != nil {
			return fmt.Errorf("gateway %s: %w", g, err)
		}
	}
	return nil
}

// serve carries uplinks to the server and lets it do what is due.
func (p *play) serve(report bool) error {
	for _, g := range p.order {
		s := p.sites[g]
		if report {
			if err := p.report(s); err != nil {
				return err
			}
		}
		if err := p.pump(s); err != nil {
			return err
		}
	}
	acks, err := p.server.tick(p.ctx, p.now)
	if err != nil {
		return err
	}
	if err := p.acknowledge(acks); err != nil {
		return err
	}
	if err := p.answer(); err != nil {
		return err
	}
	return p.pressButtons()
}

// pump sends batches as long as that gets the gateway anywhere.
func (p *play) pump(s *site) error {
	for {
		payload, err := s.batch()
		if err != nil || payload == nil {
			return err
		}
		before := s.next
		if err := p.deliver(s, payload); err != nil {
			return err
		}
		if s.next <= before {
			return nil
		}
	}
}

func (p *play) deliver(s *site, payload []byte) error {
	acks, err := p.server.uplink(p.ctx, p.now, s.id, wire.Up, payload)
	if err != nil {
		return err
	}
	return p.acknowledge(acks)
}

// report sends a gateway's state, if it can send and anybody can hear it.
func (p *play) report(s *site) error {
	if s.dark || s.offline || !p.server.up() {
		return nil
	}
	payload, err := s.state()
	if err != nil {
		return err
	}
	acks, err := p.server.uplink(p.ctx, p.now, s.id, wire.StateLeaf, payload)
	if err != nil {
		return err
	}
	return p.acknowledge(acks)
}

func (p *play) acknowledge(acks []ingest.GatewayAck) error {
	for _, a := range acks {
		if s := p.sites[a.Gateway]; s != nil {
			if err := s.take(a.Ack); err != nil {
				return err
			}
		}
	}
	return nil
}

// strike takes the stage down.
func (p *play) strike() error {
	err := p.server.kill()
	for _, g := range p.order {
		err = errors.Join(err, p.sites[g].stop())
	}
	return err
}
