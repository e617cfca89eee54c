package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/app"
	"plantroom/services/influx"
	"plantroom/services/ingest"
	"plantroom/services/store"
	"plantroom/sim/load"
)

// How much the batches are, per run.
const (
	batchReadings = 1_000_000
	batchSize     = 1_000 // readings in a batch: what a gateway sends when it has more
	batchWindow   = 64    // batches that are not judged yet: a gateway's default
	batchWarmUp   = 100_000
)

const batchHow = "1,000,000 readings of 1,000 devices in wire batches of 1,000, encoded beforehand; detectors on, SQLite and influxd real; " +
	"from the first batch until all are acknowledged as stored, then counted in InfluxDB"

func batches() Measurement {
	return Measurement{
		Name: "batches",
		Figures: []Figure{
			{Name: "uplink batches over MQTT", Unit: "readings/s", Sense: AtLeast, Target: 250_000,
				How: batchHow + "; sent over MQTT to the broker inside plantroom serve"},
			{Name: "their cost, server", Unit: "CPU s/million", Sense: Recorded, How: "user and system time of plantroom serve, its broker included"},
			{Name: "influxd beside it", Unit: "CPU s/million", Sense: Recorded, How: "as above; a quarter more points than readings are written, the derived fill"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			u, err := e.uplink(ctx)
			if err != nil {
				return nil, err
			}
			if err := u.send(ctx, batchWarmUp); err != nil {
				return nil, err
			}
			return u.run, nil
		},
	}
}

// uplink is a server with its own broker, and what was sent to it.
type uplink struct {
	*stack
	addr     string
	password string
	epoch    uint64
	points   int64
	took     time.Duration // of the last send
}

func (e *Env) uplink(ctx context.Context) (*uplink, error) {
	dir, err := e.scratch("uplink")
	if err != nil {
		return nil, err
	}
	u := &uplink{stack: &stack{env: e, dir: dir, site: site{Sensors: messageSensors}}}
	if u.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	if err := u.startInfluxd(ctx); err != nil {
		return nil, err
	}
	if err := u.startServer(ctx, fmt.Sprintf("{embedded: {listen: %q}}", u.addr)); err != nil {
		return nil, err
	}
	var secret []byte
	err = u.server.until(ctx, startTimeout, "the gateway has a password", func() bool { // the web may be open before
		secret, err = os.ReadFile(filepath.Join(dir, "data", "secrets", "mqtt-"+string(gatewayID)))
		return err == nil && len(secret) > 0
	})
	u.password = strings.TrimSpace(string(secret))
	return u, err
}

// send sends n readings as a new spool of the gateway and waits until they are
// stored.
func (u *uplink) send(ctx context.Context, n int) error {
	u.epoch++
	bs, err := load.Batches(gatewayID, u.epoch, batchSize, u.readings(time.Now(), n))
	if err != nil {
		return err
	}
	g, err := load.DialGateway(ctx, load.Options{Addr: u.addr, ClientID: string(gatewayID) + "-uplink", Username: string(gatewayID), Password: u.password},
		estateID, gatewayID)
	if err != nil {
		return err
	}
	defer g.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	sender := &load.Sender{Epoch: u.epoch, Window: batchWindow, Batches: bs}
	begin := time.Now()
	if err := g.Run(ctx, sender); err != nil {
		return err
	}
	u.took = time.Since(begin)
	u.points += u.site.points(n)
	u.env.resent(sender)
	return nil
}

func (u *uplink) run(ctx context.Context, _ int) ([]float64, error) {
	pids := []int{u.server.pid(), u.influxd.PID()}
	before, err := cpuOf(pids)
	if err != nil {
		return nil, err
	}
	if err := u.send(ctx, batchReadings); err != nil {
		return nil, err
	}
	used, err := cpuSince(before, pids)
	if err != nil {
		return nil, err
	}
	return []float64{batchReadings / u.took.Seconds(), perMillion(used[0], batchReadings), perMillion(used[1], batchReadings)}, u.count(ctx, u.points)
}

// resent tells of batches that were sent more than once.
func (e *Env) resent(s *load.Sender) {
	if s.Resent > 0 {
		e.Say("  %d of %d batches had to be sent again: the writer to InfluxDB did not keep up", s.Resent, len(s.Batches))
	}
}

func inProcess() Measurement {
	return Measurement{
		Name: "ingest",
		Figures: []Figure{{Name: "uplink batches in process", Unit: "readings/s", Sense: AtLeast, Target: 250_000,
			How: batchHow + "; handed to Ingest.Run without a broker"},
			{Name: "their cost, this process", Unit: "CPU s/million", Sense: Recorded, How: "user and system time of plantroom-bench in the same time"}},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			s, err := e.spine(ctx, site{Sensors: messageSensors})
			if err != nil {
				return nil, err
			}
			return s.run, nil
		},
	}
}

// spine is the services' spine in this process, with Ingest running.
type spine struct {
	*stack
	in     chan ingest.Delivery
	acks   chan ingest.GatewayAck
	epoch  uint64
	points int64
}

func (e *Env) spine(ctx context.Context, s site) (*spine, error) {
	dir, err := e.scratch("spine")
	if err != nil {
		return nil, err
	}
	p := &spine{stack: &stack{env: e, dir: dir, site: s}, in: make(chan ingest.Delivery, 64), acks: make(chan ingest.GatewayAck, 64)}
	if err := p.startInfluxd(ctx); err != nil {
		return nil, err
	}
	road, err := e.road(ctx, dir, s, influx.NewWriter(influx.Options{URL: p.influxd.URL(), Database: p.influxd.Database()}))
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() {
		done <- road.Ingest.Run(running, p.in, func(g plantroom.GatewayID, a ingest.Ack) {
			select {
			case p.acks <- ingest.GatewayAck{Gateway: g, Ack: a}:
			case <-running.Done():
			}
		})
	}()
	e.onStop(func() { stop(); <-done })
	return p, nil
}

// road makes a spine on a new SQLite file; it is not running.
func (e *Env) road(ctx context.Context, dir string, s site, w ingest.Writer) (*app.Spine, error) {
	estate, err := s.load()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, filepath.Join(dir, "bench.db"))
	if err != nil {
		return nil, err
	}
	e.onStop(func() { _ = db.Close() }) // it is thrown away
	return app.NewSpine(app.SpineOptions{Estate: estate, Store: db, Writer: w, Logger: slog.New(slog.DiscardHandler)})
}

func (p *spine) run(ctx context.Context, _ int) ([]float64, error) {
	p.epoch++
	bs, err := load.Batches(gatewayID, p.epoch, batchSize, p.readings(time.Now(), batchReadings))
	if err != nil {
		return nil, err
	}
	up := wire.Topic(estateID, gatewayID, wire.Up)
	sender := &load.Sender{Epoch: p.epoch, Window: batchWindow, Batches: bs}
	pids := []int{os.Getpid(), p.influxd.PID()}
	before, err := cpuOf(pids)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	var ready load.Batch
	var in chan<- ingest.Delivery // nil while there is nothing to send
	for !sender.Done() {
		if in == nil {
			var ok bool
			if ready, ok = sender.Next(); ok {
				in = p.in
			}
		}
		select {
		case in <- ingest.Delivery{Topic: up, Payload: ready.Payload}:
			in = nil
		case a := <-p.acks:
			sender.Take(a.Ack)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	took := time.Since(begin)
	used, err := cpuSince(before, pids)
	if err != nil {
		return nil, err
	}
	p.env.resent(sender)
	p.points += p.site.points(batchReadings)
	return []float64{batchReadings / took.Seconds(), perMillion(used[0], batchReadings)}, p.count(ctx, p.points)
}
