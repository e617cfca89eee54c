package world_test

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/app"
	"plantroom/services/ingest"
	"plantroom/services/outbox"
)

// server is one process of the services on the database of a life. One of them
// takes uplinks in. Where there is a second one it is as after a fail-over that
// went wrong: it ticks orders, takes commands and delivers calls as well, and
// neither knows of the other.
type server struct {
	life  *life
	first bool
	fate  *fate
	spine *app.Spine        // nil: it is down
	back  plantroom.Instant // when it is started again
}

func (s *server) up() bool { return s.spine != nil }

// start makes a new process: nothing is left of the memory of the one before.
func (s *server) start() {
	s.fate = &fate{}
	spine, err := app.NewSpine(app.SpineOptions{
		Estate: s.life.estate, Store: mortal{s.life.store, s.fate}, Writer: everything{},
		Channels: []plantroom.Channel{line{s, "webhook"}, line{s, "mqtt"}},
		Outbox:   outbox.Options{Parallel: 1, Backoff: func(n int) time.Duration { return time.Duration(n) * 7 * time.Second }},
	})
	if err != nil {
		s.life.t.Fatal(err)
	}
	s.spine = spine
}

// turn does what is due. An error is the server's death, or a fault of ours.
func (s *server) turn() {
	ctx, now := s.life.t.Context(), s.life.clock()
	var err error
	if s.first {
		err = s.hear(ctx, now)
	}
	if err == nil {
		err = s.spine.TickOrders(ctx, now)
	}
	if err == nil {
		_, _, err = s.spine.Outbox.Deliver(ctx, now)
	}
	s.after(err)
}

// hear takes in what the gateways send, and lets time pass for the detectors.
func (s *server) hear(ctx context.Context, now plantroom.Instant) error {
	for _, g := range s.life.gateways {
		for _, d := range g.say(s.life) {
			acks, err := s.spine.Ingest.Judge(ctx, now, d)
			if err != nil {
				return err
			}
			s.acknowledge(acks)
		}
	}
	acks, err := s.spine.Ingest.Tick(ctx, now)
	if err != nil {
		return err
	}
	s.acknowledge(acks)
	acks, err = s.spine.Ingest.Flush(ctx, now)
	s.acknowledge(acks)
	return err
}

func (s *server) acknowledge(acks []ingest.GatewayAck) {
	for _, a := range acks {
		if s.life.chance(10) {
			continue // it is lost on the way
		}
		for _, g := range s.life.gateways {
			if g.id == a.Gateway {
				g.take(a.Ack)
			}
		}
	}
}

// after buries a server that has died. What it says last is of no interest.
func (s *server) after(err error) {
	switch {
	case s.fate.dead:
		s.life.seen.deaths++
		s.spine, s.back = nil, s.life.now
		if s.life.chance(20) {
			s.back = s.life.now.Add(time.Duration(s.life.rnd.IntN(120)) * time.Minute)
		}
	case err != nil:
		s.life.t.Fatalf("%s: %v", s.life.now, err)
	}
}

// everything stands for InfluxDB, which is there and takes what it is given.
type everything struct{}

func (everything) Write(context.Context, []plantroom.Point) ([]plantroom.Refused, error) {
	return nil, nil
}

// gateway keeps records until they are stored, and sends them again until it
// hears so.
type gateway struct {
	id      plantroom.GatewayID
	base    uint64 // the oldest record that is kept
	next    uint64 // the first one to send
	records [][]byte
	away    plantroom.Instant // until when it has no network
}

func (g *gateway) accept(l *life, r plantroom.Reading) {
	rec, err := wire.AppendRecord(nil, plantroom.Record{Reading: r})
	if err != nil {
		l.t.Fatal(err)
	}
	g.records = append(g.records, rec)
}

func (g *gateway) end() uint64 { return g.base + uint64(len(g.records)) }

// say is what a gateway publishes in one turn: its state, and its records,
// sometimes twice.
func (g *gateway) say(l *life) (out []ingest.Delivery) {
	if g.away > l.now {
		return nil
	}
	state, err := wire.AppendState(nil, wire.State{Gateway: g.id, Online: true, Version: "sim", Epoch: 1, Base: g.base, Next: g.end(), At: l.now})
	if err != nil {
		l.t.Fatal(err)
	}
	out = append(out, ingest.Delivery{Topic: wire.Topic(l.estate.ID, g.id, wire.StateLeaf), Payload: state})
	g.next = max(g.next, g.base)
	for first := g.next; first < g.end(); {
		records := g.records[first-g.base:]
		records = records[:min(len(records), 1000)]
		up, err := wire.AppendBatch(nil, wire.Batch{Gateway: g.id, Epoch: 1, Base: g.base, First: first, Sent: l.now, Records: records})
		if err != nil {
			l.t.Fatal(err)
		}
		for again := true; again; again = l.chance(25) {
			out = append(out, ingest.Delivery{Topic: wire.Topic(l.estate.ID, g.id, wire.Up), Payload: up})
		}
		first += uint64(len(records))
	}
	return out
}

func (g *gateway) take(a wire.Ack) {
	if g.next = a.Seen + 1; a.Rewind {
		g.next = a.Stored + 1
	}
	if stored := a.Stored + 1; stored > g.base {
		g.records = g.records[stored-g.base:]
		g.base = stored
	}
}

// errCut is a connection that ends without an answer.
var errCut = errors.New("the connection was cut")

// line is a channel of one server. Everybody who is called has a receiver at
// its end that remembers, durably, which events it has taken: the recipe of
// docs/dispatch.md.
type line struct {
	*server
	name string
}

func (c line) Name() string { return c.name }

func (c line) Send(ctx context.Context, call plantroom.Call) error {
	l := c.life
	if err := c.fate.step(); err != nil {
		return err
	}
	if l.chance(8) {
		return errors.New("503")
	}
	if l.receive(call); l.chance(10) {
		l.meanwhile(c.server)
	}
	if l.chance(30) {
		l.seen.cuts++
		return errCut // the receiver has committed, and nobody hears of it
	}
	return c.fate.step()
}

// receive is a receiver's transaction.
func (l *life) receive(call plantroom.Call) {
	l.taken[call.ID]++
	var event struct{ ID string }
	if err := json.Unmarshal(call.Body, &event); err != nil {
		l.t.Fatal(err)
	}
	if l.effects[event.ID]++; l.effects[event.ID] == 1 && call.Kind == "order.dispatched" {
		l.answer(call)
	}
}

// meanwhile lets the other server deliver and tick in the middle of a request
// of one of them.
func (l *life) meanwhile(one *server) {
	for _, other := range l.servers {
		if other == one || !other.up() || l.nested {
			continue
		}
		l.nested = true
		_, _, err := other.spine.Outbox.Deliver(l.t.Context(), l.clock())
		if err == nil {
			err = other.spine.TickOrders(l.t.Context(), l.clock())
		}
		other.after(err)
		l.nested = false
	}
}
