package site

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/internal/mqttconn"
	"plantroom/services/app"
	"plantroom/services/broker"
	"plantroom/sim/live"
	"plantroom/sim/scenario"
)

// Story is a scenario of some hours in which something goes wrong every quarter of an
// hour and is repaired, made to be played again and again.
//
//go:embed story.yaml
var Story []byte

// Options of a site.
type Options struct {
	Scenario *scenario.Scenario // its acts begin anew when its length is over
	Estate   plantroom.Estate   // the scenario's
	Speed    float64            // how much faster than real time
	Dir      string             // of spools and the gateways' files; made if missing, and kept

	Broker   string                      // URL of the gateways' and the calls'
	Password func(account string) string // the file with an account's password, "": none. A gateway's account is its id
	Calls    string                      // the account that may read calls
	Server   *url.URL                    // where Plantroom's pages and API are
	Token    string                      // the operator's
	Health   int                         // port of the first gateway's health page on loopback, the next ones' follow; 0: none

	Logger *slog.Logger                               // of the gateways; nil: silent
	Tell   func(at time.Time, who, text string)       // what happens, in real time; nil: nobody
	Ready  func(open []plantroom.Incident, ports int) // everything runs; what it goes on from
}

// Sum is what a site has done.
type Sum struct {
	Readings int // sent by devices
	Calls    int // taken
	Wrong    []string
}

// site is one performance.
type site struct {
	opt    Options
	clock  app.DemoClock
	server *server
	field  *broker.Broker // of the devices
	player *live.Player
	phones *live.Phones
	broken chan error // why a gateway has ended
}

// Run plays until ctx ends; then the devices fall silent, and the gateways hand over
// what they have, for as long as a gateway tries.
func Run(ctx context.Context, o Options) (Sum, error) {
	o.fill()
	s := &site{opt: o, server: &server{base: o.Server, token: o.Token}, broken: make(chan error, len(o.Estate.Gateways))}
	open, orders, err := s.server.state(ctx, o.Estate.ID)
	if err != nil {
		return Sum{}, err
	}
	if err := s.startField(); err != nil {
		return Sum{}, err
	}
	defer s.field.Stop()
	gateways, stop, err := s.startGateways(ctx)
	if err != nil {
		return Sum{}, err
	}
	defer stop()
	now := plantroom.At(time.Now())
	s.clock = app.DemoClock{Began: now, Virtual: now, Speed: o.Speed}
	if err := s.startPlayer(open); err != nil {
		return Sum{}, err
	}
	playing, end := context.WithCancel(ctx)
	defer end()
	s.phones = live.NewPhones(playing, live.PhoneOptions{Script: o.Scenario.Contractors, Clock: s.clock, Repair: s.player.Repair, Tell: s.tell, Server: o.Server})
	calls, err := s.listen(playing)
	if err != nil {
		return Sum{}, err
	}
	o.Ready(open, gateways)
	var all errgroup.Group
	all.Go(func() error { calls(); return nil })
	all.Go(func() error { defer end(); return s.player.Run(playing) })
	all.Go(func() error { defer end(); return s.watch(playing) })
	for _, w := range orders {
		all.Go(func() error { s.goOn(playing, w); return nil })
	}
	err = all.Wait()
	s.phones.Wait()
	return s.sum(), err
}

func (o *Options) fill() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Tell == nil {
		o.Tell = func(time.Time, string, string) {}
	}
	if o.Ready == nil {
		o.Ready = func([]plantroom.Incident, int) {}
	}
	if o.Password == nil {
		o.Password = func(string) string { return "" }
	}
}

// tell tells something of the estate's time.
func (s *site) tell(at plantroom.Instant, who, text string) {
	s.opt.Tell(s.clock.Real(at).Time(), who, text)
}

// watch returns when ctx has ended, or with the error of a gateway that has.
func (s *site) watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.broken:
		return err
	}
}

func (s *site) sum() Sum {
	sum := Sum{}
	for _, n := range s.player.Sent() {
		sum.Readings += n
	}
	sum.Calls, sum.Wrong = s.phones.Calls()
	return sum
}

// startField starts the broker of the devices, of which only this process knows.
func (s *site) startField() (err error) {
	var topics []string
	for _, f := range devices.Families() {
		topics = append(topics, f.Topics(devices.Options{})...)
	}
	var accounts []broker.Account
	for _, g := range s.opt.Estate.Gateways {
		password, err := newSecret(s.fieldPassword(g.ID), s.opt.Dir)
		if err != nil {
			return err
		}
		accounts = append(accounts, broker.Account{Username: string(g.ID), Password: password, Subscribe: topics})
	}
	s.field, err = broker.Start(broker.Options{Accounts: accounts})
	return err
}

// startPlayer wakes the estate up where it was left.
func (s *site) startPlayer(open []plantroom.Incident) (err error) {
	s.player, err = live.New(live.Options{Scenario: s.opt.Scenario, Estate: s.opt.Estate, Clock: s.clock, Stamp: true, Again: true, Tell: s.tell,
		Publish: func(_ context.Context, topic string, payload []byte) error {
			return s.field.Publish(topic, payload, false)
		}})
	if err != nil {
		return err
	}
	return s.player.Resume(open)
}

// listen connects to where calls are published. The broker keeps them while the
// connection is lost. What it returns has to be run, until ctx ends.
func (s *site) listen(ctx context.Context) (run func(), err error) {
	conn, err := s.connect(ctx, true)
	if err != nil {
		return nil, err
	}
	return func() {
		var pause mqttconn.Backoff
		for {
			select {
			case <-ctx.Done():
				conn.Close()
				return
			case err := <-conn.Lost:
				s.opt.Logger.Warn("no calls are heard", "error", err)
			}
			for next, err := s.connect(ctx, false); ; next, err = s.connect(ctx, false) {
				if err == nil {
					conn = next
					pause.Reset()
					break
				}
				if !pause.Pause(ctx) {
					return
				}
			}
		}
	}, nil
}

// refused names who was not let in.
func refused(account string, err error) error { return fmt.Errorf("account %s: %w", account, err) }
