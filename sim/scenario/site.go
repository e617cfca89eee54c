package scenario

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/app/config"
	"plantroom/gateway/clock"
	"plantroom/gateway/intake"
	local "plantroom/gateway/source"
	"plantroom/gateway/spool"
	"plantroom/sim/device"
	"plantroom/sim/estates"
	"plantroom/sim/world"
)

// site is one gateway with the broker of its building and what it is wired to,
// in virtual time. The decoders, the pollers, the binder, the intake and the
// spool are the gateway's own; connections, lines and devices are played.
type site struct {
	id       plantroom.GatewayID
	estate   plantroom.EstateID
	file     config.Config
	dir      string
	seed     uint64
	spool    *spool.Spool
	power    power
	clock    *clock.Clock
	accepted *acceptances

	// What has power of its own.
	slaves     map[string]map[byte]*device.Slave // by link and unit
	lines      map[string]*nodeLine              // by port
	publishers map[string]*publisher             // by account
	bench      bench

	// What the gateway makes of it from power on to power off.
	sources []*source
	locals  []*local.Local // of its own broker
	links   []*link
	watches []*watch

	offline bool                                    // no network to the server
	dark    bool                                    // no power
	held    []world.Emission                        // what the site's broker keeps while the gateway is dark
	late    map[plantroom.DeviceID][]world.Emission // what hangs in the air
	ack     wire.Ack
	next    uint64 // the first record to send
	last    []byte // the last batch sent
}

// acceptances remembers every reading that a spool has made durable.
type acceptances struct {
	mu  sync.Mutex
	all map[accepted]plantroom.Reading
}

// accepted is one record's place in the world of spools.
type accepted struct {
	gateway plantroom.GatewayID
	epoch   uint64
	seq     uint64
}

// ledgerSpool notes what becomes durable on its way into a spool.
type ledgerSpool struct {
	*spool.Spool
	gateway plantroom.GatewayID
	into    *acceptances
}

// Submit implements intake.Spool.
func (l ledgerSpool) Submit(rec []byte, done func(uint64, error)) error {
	r, err := wire.DecodeRecord(rec)
	if err != nil {
		return fmt.Errorf("gateway %s submits a record that the wire cannot read: %w", l.gateway, err)
	}
	epoch := l.Epoch()
	return l.Spool.Submit(rec, func(seq uint64, err error) {
		if err == nil && r.Reject == nil && r.Gap == nil {
			l.into.mu.Lock()
			l.into.all[accepted{l.gateway, epoch, seq}] = r.Reading
			l.into.mu.Unlock()
		}
		done(seq, err)
	})
}

// correct notes with which times the records from one on are sent.
func (a *acceptances) correct(k accepted, records [][]byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range records {
		if was, is := a.all[k]; is && was.At.IsUnset() {
			r, err := wire.DecodeRecord(b)
			if err != nil {
				return err
			}
			a.all[k] = r.Reading
		}
		k.seq++
	}
	return nil
}

func newSite(now func() plantroom.Instant, seed uint64, e plantroom.Estate, g plantroom.GatewayID, dir string, into *acceptances) (*site, error) {
	file, err := estates.GatewayConfig(e, g)
	if err != nil {
		return nil, err
	}
	s := &site{id: g, estate: e.ID, file: file, dir: dir, seed: seed, power: power{present: now}, slaves: slaves(file), lines: lines(now(), seed, file),
		publishers: map[string]*publisher{}, bench: newBench(file), accepted: into, late: map[plantroom.DeviceID][]world.Emission{}, next: 1}
	return s, s.start(now(), 0)
}

// slaves makes the devices on the Modbus links of a file.
func slaves(c config.Config) map[string]map[byte]*device.Slave {
	out := map[string]map[byte]*device.Slave{}
	for _, l := range c.Modbus {
		out[l.Name] = map[byte]*device.Slave{}
		for _, d := range l.Devices {
			out[l.Name][d.Unit] = device.NewSlave()
		}
	}
	return out
}

// start is power on: everything in memory is new, the spool is what it was.
// Its clock is set after a length.
func (s *site) start(now plantroom.Instant, unset Offset) (err error) {
	if s.spool, _, err = spool.Open(spool.Options{Dir: s.dir, Linger: -1}); err != nil {
		return err
	}
	s.power.boots++
	s.power.on, s.power.found = now, now.Add(time.Duration(unset))
	s.clock = clock.Open(clock.Options{Dir: s.dir, Kernel: s.power.kernel}, s.spool)
	if err := s.connect(now, ledgerSpool{s.spool, s.id, s.accepted}); err != nil {
		return err
	}
	s.ack, s.next, s.dark = wire.Ack{}, s.spool.Base(), false
	return s.settle(func(taken receipts) {
		for _, src := range s.sources {
			src.turn(s.heardAt(now), true, taken)
		}
	})
}

// connect makes what brings readings, as the gateway's file has it.
func (s *site) connect(now plantroom.Instant, spool intake.Spool) error {
	s.sources, s.links, s.locals = nil, nil, nil
	for _, c := range s.file.MQTT {
		src, err := newSource(c, spool)
		if err != nil {
			return err
		}
		s.sources = append(s.sources, src)
	}
	for i := range s.file.Modbus {
		c := &s.file.Modbus[i]
		l, err := newLink(now, s.seed, c, s.slaves[c.Name], spool)
		if err != nil {
			return err
		}
		s.links = append(s.links, l)
	}
	for _, c := range s.file.Serial {
		if err := s.lines[c.Port].power(c, spool); err != nil {
			return err
		}
	}
	var err error
	if s.watches, err = s.bench.watches(now, s.file, spool); err != nil || s.file.Listen == nil {
		return err
	}
	for i := range s.file.Listen.Sources {
		l, err := newLocal(&s.file.Listen.Sources[i], spool)
		if err != nil {
			return err
		}
		s.locals = append(s.locals, l)
	}
	s.disconnect(now)
	return nil
}

func (s *site) stop() error {
	if s.dark {
		return nil
	}
	s.dark = true
	for _, l := range s.lines {
		l.gateway = nil
	}
	for _, w := range s.watches {
		w.turns.Stop()
	}
	s.watches = nil
	return errors.Join(s.clock.Close(), s.spool.Close())
}

// hear takes messages from the devices; it returns when they are durable.
func (s *site) hear(es []world.Emission) error {
	if s.dark {
		s.held = append(s.held, es...)
		return nil
	}
	return s.settle(func(taken receipts) {
		for _, e := range es {
			for _, src := range s.sources {
				if src.listens(e.Topic) {
					src.hear(plantroom.Message{Topic: e.Topic, Payload: e.Payload, Received: s.heardAt(e.At)}, taken)
				}
			}
		}
	})
}

// turns gives the speakers whose time has come their turn, and lets the time
// of the wires pass.
func (s *site) turns(now plantroom.Instant) error {
	for _, c := range s.file.Serial {
		if err := s.lines[c.Port].until(now, s.settle); err != nil {
			return err
		}
	}
	if s.dark {
		return nil
	}
	if err := s.connectAgain(now); err != nil {
		return err
	}
	s.look()
	heard := s.heardAt(now)
	return s.settle(func(taken receipts) {
		for _, src := range s.sources {
			if !src.next.IsZero() && src.next <= heard {
				src.turn(heard, false, taken)
			}
		}
		for _, l := range s.links {
			l.until(now, taken)
		}
		for _, w := range s.watches {
			w.until(now, taken)
		}
	})
}

// receipts makes what an intake calls once it has made something durable: one
// for each thing that is handed over.
type receipts func() func(error)

// settle lets f hand things to the spool and returns when all of them are
// durable, with the last error.
func (s *site) settle(f func(receipts)) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	f(func() func(error) {
		wg.Add(1)
		return func(err error) {
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
			wg.Done()
		}
	})
	wg.Wait()
	return failed
}

// maxSend bounds one batch.
const maxSend = 1000

// batch returns the next batch to send, nil where there is none.
func (s *site) batch() ([]byte, error) {
	if s.dark || s.offline || s.next >= s.spool.Next() {
		return nil, nil
	}
	first, recs, err := s.spool.Read(s.next, maxSend, wire.MaxBatchBytes/2)
	if err != nil || len(recs) == 0 {
		return nil, err
	}
	if recs, err = s.correct(first, slices.Clone(recs)); err != nil || len(recs) == 0 {
		return nil, err
	}
	payload, err := wire.AppendBatch(nil, wire.Batch{Gateway: s.id, Epoch: s.spool.Epoch(), Base: s.spool.Base(), First: first, Sent: s.clock.Wall(), Records: recs})
	s.last = payload
	return payload, err
}

// take obeys an acknowledgement.
func (s *site) take(a wire.Ack) error {
	if s.dark || s.offline || a.Epoch != s.spool.Epoch() {
		return nil
	}
	s.ack = a
	s.next = a.Seen + 1
	if a.Rewind {
		s.next = a.Stored + 1
	}
	return s.spool.Trim(a.Stored)
}

// state is what the gateway says of itself.
func (s *site) state() ([]byte, error) {
	s.clock.Connected()
	return wire.AppendState(nil, wire.State{Gateway: s.id, Online: true, Version: "sim", Epoch: s.spool.Epoch(),
		Base: s.spool.Base(), Next: s.spool.Next(), At: s.clock.Wall()})
}
