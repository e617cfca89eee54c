// Package live plays a scenario's devices against a Plantroom that really
// runs: over MQTT, at a speed, with contractors who answer webhooks and press
// the buttons of the job page over HTTP.
//
// It remembers what it has sent, so that somebody can look whether all of it
// has arrived. It judges nothing else.
package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/services/app"
	"plantroom/sim/estates"
	"plantroom/sim/scenario"
	"plantroom/sim/world"
)

// Options of a Player.
type Options struct {
	Scenario *scenario.Scenario
	Estate   plantroom.Estate
	Clock    app.DemoClock // of the world; Virtual is the scenario's start
	Stamp    bool          // the server's clock is the real one: messages carry real times
	Again    bool          // when the scenario's length is over, its acts begin anew
	Publish  func(ctx context.Context, topic string, payload []byte) error
	Tell     func(at plantroom.Instant, who, text string) // at in the world's time
}

// Player is one performance.
type Player struct {
	opt      Options
	decoders []plantroom.Decoder

	plan []planned // what will happen, in the order of time

	mu    sync.Mutex
	world *world.World
	sent  map[Series]int
}

// Series is one signal of one device, by its id.
type Series struct {
	Device plantroom.DeviceID
	Signal string
}

// New wakes the estate up. A scenario that does not pass its CheckLive is
// refused.
func New(o Options) (*Player, error) {
	if err := o.Scenario.CheckLive(); err != nil {
		return nil, err
	}
	p := &Player{opt: o, sent: map[Series]int{}}
	if o.Tell == nil {
		p.opt.Tell = func(plantroom.Instant, string, string) {}
	}
	var err error
	w := world.Options{Estate: o.Estate, Start: o.Clock.Virtual, Seed: seed(o.Scenario), Calm: !o.Scenario.Residents}
	if o.Stamp {
		w.Stamp = o.Clock.Real
	}
	if p.world, err = world.New(w); err != nil {
		return nil, err
	}
	for _, f := range devices.Families() {
		p.decoders = append(p.decoders, f.New(devices.Options{Models: estates.Models()}))
	}
	return p, nil
}

func seed(s *scenario.Scenario) uint64 {
	if s.Seed != nil {
		return *s.Seed
	}
	return 1
}

// pace is how often the world is moved.
const pace = 50 * time.Millisecond

// planned is something that will happen on the estate, and what is told of it.
type planned struct {
	at plantroom.Instant
	do func(*world.World) (says string, err error)
}

// later plans something; what is of one moment happens as it was planned.
func (p *Player) later(at plantroom.Instant, do func(*world.World) (string, error)) {
	p.plan = append(p.plan, planned{at, do})
	slices.SortStableFunc(p.plan, func(a, b planned) int { return cmp.Compare(a.at, b.at) })
}

// acts plans those of the scenario from a moment on, and where they are to
// begin anew, that.
func (p *Player) acts(from plantroom.Instant) {
	for _, a := range p.opt.Scenario.Do {
		p.later(from.Add(time.Duration(a.At)), func(w *world.World) (string, error) {
			says, _, err := a.OnWorld(w)
			return says, err
		})
	}
	if p.opt.Again {
		next := from.Add(time.Duration(p.opt.Scenario.Length))
		p.later(next, func(*world.World) (string, error) {
			p.acts(next)
			return "", nil
		})
	}
}

// Run plays until ctx ends. After its acts the estate goes on living.
func (p *Player) Run(ctx context.Context) error {
	p.acts(p.opt.Clock.Virtual)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		now := p.opt.Clock.Now()
		for len(p.plan) > 0 && p.plan[0].at <= now {
			next := p.plan[0]
			p.plan = p.plan[1:]
			if err := p.perform(ctx, next); err != nil {
				return err
			}
		}
		if err := p.advance(ctx, now); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// perform does something at its own time.
func (p *Player) perform(ctx context.Context, x planned) error {
	if err := p.advance(ctx, x.at); err != nil {
		return err
	}
	p.mu.Lock()
	says, err := x.do(p.world)
	p.mu.Unlock()
	if err == nil && says != "" {
		p.opt.Tell(x.at, "world", says)
	}
	return err
}

// Repair repairs an asset, as its contractor does.
func (p *Player) Repair(a plantroom.AssetID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.world.Repair(a)
}

func (p *Player) advance(ctx context.Context, to plantroom.Instant) error {
	p.mu.Lock()
	var es []world.Emission
	if to > p.world.Now() {
		es = p.world.Advance(to)
	}
	p.mu.Unlock()
	for _, e := range es {
		if err := p.opt.Publish(ctx, e.Topic, e.Payload); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("publish for %s: %w", e.Device, err)
		}
		if err := p.note(e); err != nil {
			return err
		}
	}
	return nil
}

// note counts the readings of a message that was taken.
func (p *Player) note(e world.Emission) error {
	m := plantroom.Message{Topic: e.Topic, Payload: e.Payload, Received: e.At}
	for _, d := range p.decoders {
		samples, err := d.Decode(m)
		if err != nil {
			return fmt.Errorf("what %s sends is not understood: %w", e.Device, err)
		}
		p.mu.Lock()
		for _, s := range samples {
			p.sent[Series{e.Device, s.Signal}]++
		}
		p.mu.Unlock()
	}
	return nil
}

// Sent returns how many readings of each signal have been published.
func (p *Player) Sent() map[Series]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[Series]int, len(p.sent))
	for k, n := range p.sent {
		out[k] = n
	}
	return out
}
