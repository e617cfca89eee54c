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
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/broker"
	"plantroom/services/dispatch"
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
	Tell      func(Line)    // one line at a time, in the order of their times
	Ready     func(Where)   // everything runs
	Over      func()        // the story has been told; what follows is the count
}

// Line is one line of the story.
type Line struct {
	At    plantroom.Instant // the estate's time
	Local string            // the same, as its time of day
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

// ErrInterrupted says that the context ended before there was anything to see.
var ErrInterrupted = errors.New("interrupted before the estate was up: nothing was played, nothing was counted")

// Run shows the demonstration.
func Run(ctx context.Context, o Options) (*Summary, error) {
	o.fill()
	d := &demo{opt: o, tale: tale{say: o.Tell}}
	defer d.close()
	all, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := d.start(all); err != nil {
		if ctx.Err() != nil { // whatever it broke off is of no interest
			return nil, ErrInterrupted
		}
		return nil, err
	}
	playing, stop := all, func() {}
	if o.For > 0 {
		playing, stop = context.WithTimeout(all, o.For)
	}
	defer stop()
	if err := d.play(playing); err != nil {
		return nil, err
	}
	o.Over()
	return d.count()
}

func (o *Options) fill() {
	if o.Tell == nil {
		o.Tell = func(Line) {}
	}
	if o.Ready == nil {
		o.Ready = func(Where) {}
	}
	if o.Over == nil {
		o.Over = func() {}
	}
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
	tale    tale
	told    int64 // the last row of the ledger that the tale has
	cleanup []func()
}

func (d *demo) close() {
	for i := len(d.cleanup) - 1; i >= 0; i-- {
		d.cleanup[i]()
	}
}

func (d *demo) tell(at plantroom.Instant, who, text string) {
	d.tale.add(Line{At: at, Local: at.Time().In(d.zone).Format("15:04:05"), Who: who, Text: text})
}

// play lets the estate live until the context ends.
func (d *demo) play(ctx context.Context) error {
	token, err := d.stack.Token()
	if err != nil {
		return err
	}
	d.opt.Ready(Where{Board: d.stack.URL(), Token: token, Broker: d.site.URL(), Logs: d.opt.Dir,
		EstateNow: d.clock.Now().Time().In(d.zone).Format("Mon 2 Jan 15:04")})
	ended := make(chan error, 1)
	go func() { ended <- d.player.Run(ctx) }()
	look := time.NewTicker(300 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			d.endTale()
			return err
		case <-d.stack.Server.Done():
			d.tale.end()
			return errors.New("the server has ended: " + d.stack.Server.Tail())
		case <-look.C:
			d.follow(ctx)
		}
	}
}

// follow tells what the ledger has gained, and with it all that had to wait
// for it. While the server does not answer, the tale stands still.
func (d *demo) follow(ctx context.Context) {
	now := d.clock.Now()
	for {
		var page struct {
			Items []plantroom.LedgerRow `json:"items"`
		}
		if err := d.stack.Get(ctx, fmt.Sprintf("/api/v1/ledger?after=%d&limit=1000", d.told), &page); err != nil {
			return
		}
		if len(page.Items) == 0 {
			break
		}
		for _, r := range page.Items {
			d.told = r.Seq
			if r.Kind != "call.sent" && r.Kind != dispatch.TermsKind { // told when the phone rings, and nothing that happens
				d.tell(r.At, r.Actor, r.Subject+"  "+scenario.Sentence(r))
			}
		}
	}
	d.tale.upTo(known(now, d.opt.Speed))
}

// endTale tells what has happened up to now, and no more.
func (d *demo) endTale() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d.follow(ctx)
	d.tale.end()
}
