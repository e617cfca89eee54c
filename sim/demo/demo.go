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
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/broker"
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
	over    atomic.Bool // the story has ended; what the stack says while it stops is not part of it
	cleanup []func()
}

func (d *demo) close() {
	for i := len(d.cleanup) - 1; i >= 0; i-- {
		d.cleanup[i]()
	}
}

func (d *demo) tell(who, text string) {
	if d.opt.Tell != nil && !d.over.Load() {
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
	defer d.over.Store(true)
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
