package demo

import (
	"context"
	"net"
	"path/filepath"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/services/app"
	"plantroom/services/broker"
	"plantroom/sim/estates"
	"plantroom/sim/live"
	"plantroom/sim/scenario"
	"plantroom/sim/stack"
)

// start takes the directory and starts, in this order: the phones, the broker
// of the devices, the stack.
func (d *demo) start(ctx context.Context) (err error) {
	if d.opt.Dir, err = filepath.Abs(d.opt.Dir); err != nil {
		return err
	}
	leave, err := occupy(d.opt.Dir)
	if err != nil {
		return err
	}
	d.cleanup = append(d.cleanup, leave)
	e, err := d.read()
	if err != nil {
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
	if err := d.startStack(ctx, hooks); err != nil {
		return err
	}
	return d.startPlayer(ctx, hooks)
}

// headStart is how long the estate's time stands still at first, for all
// programs to come up: at twenty times the speed, three seconds are a minute,
// and a gateway that is a minute late is silent.
const headStart = 10 * time.Second

// read reads the story and its estate, and sets the clock to its beginning.
func (d *demo) read() (plantroom.Estate, error) {
	var e plantroom.Estate
	var err error
	if d.file, err = scenario.Parse("story.yaml", story); err != nil {
		return e, err
	}
	if e, err = estates.Load(d.file.Estate); err != nil {
		return e, err
	}
	if d.zone, err = time.LoadLocation(e.Zone); err != nil {
		return e, err
	}
	begin, err := d.file.StartIn(d.zone)
	d.clock = app.DemoClock{Began: plantroom.At(time.Now().Add(headStart)), Virtual: begin, Speed: d.opt.Speed}
	return e, err
}

func (d *demo) startStack(ctx context.Context, hooks net.Listener) (err error) {
	web := ""
	if l, err := stack.Listen(d.opt.Web); err == nil {
		web = l.Addr().String()
		l.Close()
	}
	d.stack, err = stack.Start(ctx, stack.Options{Dir: d.opt.Dir, Plantroom: d.opt.Plantroom, Gateway: d.opt.Gateway, Influxd: d.opt.Influxd,
		Estate: d.file.Estate, Hooks: hooks.Addr().String(), Web: web, Clock: &d.clock, Site: d.site.URL(),
		SiteUser:     func(g plantroom.GatewayID) string { return string(g) },
		SitePassword: func(plantroom.GatewayID) string { return d.sitePasswordFile() }})
	if err == nil {
		d.cleanup = append(d.cleanup, d.stack.Stop)
	}
	return err
}

func (d *demo) sitePasswordFile() string { return filepath.Join(d.opt.Dir, passwordFile) }

// startSite starts the broker of the devices on site: the gateways' accounts
// may only listen.
func (d *demo) startSite(e plantroom.Estate) (err error) {
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

// startPlayer wakes the estate and its contractors up. The clock goes on as it
// is; the world begins with the moment.
func (d *demo) startPlayer(ctx context.Context, hooks net.Listener) (err error) {
	select {
	case <-time.After(time.Until(d.clock.Began.Time())):
	case <-ctx.Done():
		return ctx.Err()
	}
	d.clock.Virtual, d.clock.Began = d.clock.Now(), plantroom.At(time.Now())
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
	go d.phones.Serve(hooks)
	return nil
}
