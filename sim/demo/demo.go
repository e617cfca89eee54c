// Package demo is the demonstration: it starts a whole Plantroom on loopback,
// lets the virtual estate live in fast time, and tells what happens.
//
// At its end it counts: every reading that a device sent has to be in
// InfluxDB, and every incident has to have exactly one order.
package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/services/app"
	"plantroom/services/broker"
	"plantroom/services/ledger"
	"plantroom/services/store"
	"plantroom/sim/estates"
	"plantroom/sim/live"
	"plantroom/sim/scenario"
	"plantroom/sim/stack"
)

//go:embed story.yaml
var story []byte

// Options of a demonstration.
type Options struct {
	Dir       string // its files; kept at the end
	Plantroom string // path of the program plantroom
	Gateway   string // path of the program plantroom-gateway
	Influxd   string // path of influxd 1.8
	Web       string // address of the pages, where it is free
	Speed     float64
	For       time.Duration // 0: until the context ends
	Tell      func(Line)
	Ready     func(Where)
}

// Line is one line of the story.
type Line struct {
	Local string // the estate's time of day
	Who   string
	Text  string
}

// Where says where to look.
type Where struct {
	Board     string // with a link that signs in
	Token     string
	Broker    string
	InfluxDB  string
	Logs      string
	EstateNow string
}

// Summary is what came of it.
type Summary struct {
	Virtual   time.Duration
	Sent      int // readings that devices have sent
	Stored    int // readings of all kinds in InfluxDB
	Missing   []string
	Lost      int
	Incidents int
	Orders    int
	Closed    int
	Calls     int
	Met       map[plantroom.ClockKind]int
	Breached  map[plantroom.ClockKind]int
	Wrong     []string // orders missing or twice, forged webhooks, an untold fault, a broken ledger
	Aside     int      // quarantined
}

// OK reports whether nothing is missing.
func (s *Summary) OK() bool { return s.Lost == 0 && len(s.Wrong) == 0 && s.Aside == 0 }

// Run shows the demonstration.
func Run(ctx context.Context, o Options) (_ *Summary, err error) {
	d := &demo{opt: o}
	defer d.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := d.start(ctx); err != nil {
		return nil, err
	}
	playing, stop := context.WithCancel(ctx)
	defer stop()
	if o.For > 0 {
		playing, stop = context.WithTimeout(ctx, o.For)
		defer stop()
	}
	err = d.play(playing)
	if err != nil {
		return nil, err
	}
	return d.count()
}

type demo struct {
	opt     Options
	file    *scenario.Scenario
	clock   app.DemoClock
	zone    *time.Location
	site    *broker.Broker
	stack   *stack.Stack
	player  *live.Player
	phones  *live.Phones
	cleanup []func()
}

func (d *demo) close() {
	for i := len(d.cleanup) - 1; i >= 0; i-- {
		d.cleanup[i]()
	}
}

// start starts, in this order: the phones, the broker of the devices, the
// stack.
func (d *demo) start(ctx context.Context) (err error) {
	if d.file, err = scenario.Parse("story.yaml", story); err != nil {
		return err
	}
	e, err := estates.Load(d.file.Estate)
	if err != nil {
		return err
	}
	if d.zone, err = time.LoadLocation(e.Zone); err != nil {
		return err
	}
	begin, err := d.file.StartIn(d.zone)
	if err != nil {
		return err
	}
	if d.opt.Dir, err = filepath.Abs(d.opt.Dir); err != nil {
		return err
	}
	if err := emptied(d.opt.Dir); err != nil {
		return err
	}
	hooks, err := stack.Listen("127.0.0.1:18099")
	if err != nil {
		return err
	}
	d.cleanup = append(d.cleanup, func() { hooks.Close() })
	if err := d.startSite(e); err != nil {
		return err
	}
	// The clock starts a little behind, so that the estate wakes up with the
	// server there.
	d.clock = app.DemoClock{Began: plantroom.At(time.Now()), Virtual: begin, Speed: d.opt.Speed}
	web := ""
	if l, err := stack.Listen(d.opt.Web); err == nil {
		web = l.Addr().String()
		l.Close()
	}
	d.stack, err = stack.Start(ctx, stack.Options{Dir: d.opt.Dir, Plantroom: d.opt.Plantroom, Gateway: d.opt.Gateway, Influxd: d.opt.Influxd,
		Estate: d.file.Estate, Hooks: hooks.Addr().String(), Web: web, Clock: &d.clock, Site: d.site.URL(),
		SiteUser:     func(g plantroom.GatewayID) string { return string(g) },
		SitePassword: func(plantroom.GatewayID) string { return d.sitePasswordFile() }})
	if err != nil {
		return err
	}
	d.cleanup = append(d.cleanup, d.stack.Stop)
	return d.startPlayer(ctx, func() { d.phones.Serve(hooks) })
}

func (d *demo) sitePasswordFile() string { return filepath.Join(d.opt.Dir, "site-password") }

// startSite starts the broker of the devices on site: the gateways' accounts
// may only listen.
func (d *demo) startSite(e plantroom.Estate) (err error) {
	if err := os.MkdirAll(d.opt.Dir, 0o700); err != nil {
		return err
	}
	password, err := newSecret(d.sitePasswordFile())
	if err != nil {
		return err
	}
	var topics []string
	for _, f := range devices.Families() {
		topics = append(topics, f.Topics(devices.Options{})...)
	}
	var accounts []broker.Account
	for _, g := range e.Gateways {
		accounts = append(accounts, broker.Account{Username: string(g.ID), Password: password, Subscribe: topics})
	}
	if d.site, err = broker.Start(broker.Options{Accounts: accounts}); err != nil {
		return err
	}
	d.cleanup = append(d.cleanup, d.site.Stop)
	return nil
}

func (d *demo) startPlayer(ctx context.Context, serve func()) (err error) {
	d.clock.Virtual, d.clock.Began = d.clock.Now(), plantroom.At(time.Now()) // the same clock, from now on
	d.player, err = live.New(live.Options{Scenario: d.file, Estate: d.stack.Estate, Clock: d.clock,
		Publish: func(_ context.Context, topic string, payload []byte) error {
			return d.site.Publish(topic, payload, false)
		},
		Tell: d.tell})
	if err != nil {
		return err
	}
	d.phones = live.NewPhones(ctx, live.PhoneOptions{Script: d.file.Contractors, Secret: d.stack.Secret, Clock: d.clock,
		Repair: d.player.Repair, Tell: d.tell})
	go serve()
	return nil
}

func (d *demo) tell(who, text string) {
	if d.opt.Tell != nil {
		d.opt.Tell(Line{Local: d.clock.Now().Time().In(d.zone).Format("15:04:05"), Who: who, Text: text})
	}
}

// play lets the estate live until the context ends.
func (d *demo) play(ctx context.Context) error {
	token, err := d.stack.Token()
	if err != nil {
		return err
	}
	if d.opt.Ready != nil {
		d.opt.Ready(Where{Board: d.stack.URL(), Token: token, Broker: d.site.URL(), Logs: d.opt.Dir,
			EstateNow: d.clock.Now().Time().In(d.zone).Format("Mon 2 Jan 15:04")})
	}
	follow, stop := context.WithCancel(ctx)
	defer stop()
	go d.follow(follow)
	ended := make(chan error, 1)
	go func() { ended <- d.player.Run(ctx) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-d.stack.Server.Done():
			return errors.New("the server has ended: " + d.stack.Server.Tail())
		}
	}
}

// follow tells what the ledger gains.
func (d *demo) follow(ctx context.Context) {
	t := time.NewTicker(300 * time.Millisecond)
	defer t.Stop()
	var after int64
	for {
		var page struct {
			Items []plantroom.LedgerRow `json:"items"`
		}
		if err := d.stack.Get(ctx, fmt.Sprintf("/api/v1/ledger?after=%d&limit=1000", after), &page); err == nil {
			for _, r := range page.Items {
				after = r.Seq
				if r.Kind != "call.sent" {
					d.tell(r.Actor, r.Subject+"  "+scenario.Sentence(r))
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// patience is how long the last readings may take to arrive.
const patience = 30 * time.Second

// count waits until everything has arrived, stops the stack and counts.
func (d *demo) count() (*Summary, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	defer http.DefaultClient.CloseIdleConnections()
	want := stack.Counts{}
	for k, n := range d.player.Sent() {
		want.Add(k.Device, k.Signal, n)
	}
	s := &Summary{Virtual: d.clock.Now().Sub(d.clock.Virtual), Sent: want.Total(), Met: map[plantroom.ClockKind]int{}, Breached: map[plantroom.ClockKind]int{}}
	have, err := d.stack.Await(ctx, want, patience)
	if err != nil {
		return nil, err
	}
	s.Stored = have.Total()
	s.Missing, s.Lost = want.Missing(have)
	if s.Aside, err = d.stack.Quarantined(ctx); err != nil {
		return nil, err
	}
	if err := d.countOrders(ctx, s); err != nil {
		return nil, err
	}
	n, bad := d.phones.Calls()
	s.Calls, s.Wrong = n, append(s.Wrong, bad...)
	d.stack.Stop()
	return s, d.verifyLedger(ctx, s)
}

func (d *demo) countOrders(ctx context.Context, s *Summary) error {
	incidents, err := d.stack.Incidents(ctx)
	if err != nil {
		return err
	}
	orders, err := d.stack.Orders(ctx)
	if err != nil {
		return err
	}
	s.Incidents, s.Orders = len(incidents), len(orders)
	s.Wrong = append(s.Wrong, stack.CheckOrders(incidents, orders)...)
	for _, o := range orders {
		if o.State.Final() {
			s.Closed++
		}
		for _, c := range o.Clocks {
			switch c.State {
			case plantroom.ClockMet:
				s.Met[c.Kind]++
			case plantroom.ClockBreached:
				s.Breached[c.Kind]++
			}
		}
	}
	for i := range d.file.Expect {
		e := &d.file.Expect[i]
		if e.By != nil && time.Duration(*e.By) < s.Virtual && !e.Happened(incidents, orders) {
			s.Wrong = append(s.Wrong, "not seen: "+e.String())
		}
	}
	return nil
}

func (d *demo) verifyLedger(ctx context.Context, s *Summary) error {
	db, err := store.Open(ctx, filepath.Join(d.opt.Dir, "data", "plantroom.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := ledger.Verify(ledger.Rows(ctx, db)); err != nil {
		s.Wrong = append(s.Wrong, "the ledger: "+err.Error())
	}
	return nil
}
