package bench

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"plantroom/firmware-bridge/wire"
	"plantroom/sim/load"
)

// The quiet gateway.
const (
	footprintSensors = 1_000
	footprintRate    = 100.0 // readings a second: each sensor every 10 s
	footprintFor     = 60 * time.Second
)

const mib = 1 << 20

func footprint() Measurement {
	return Measurement{
		Name: "footprint",
		Figures: []Figure{{Name: "gateway memory", Unit: "MiB", Sense: AtMost, Target: 25,
			How: "VmRSS of plantroom-gateway after 60 s with 1,000 plainjson sensors at one reading per 10 s, its uplink acknowledged; " +
				"each run is a gateway of its own behind a mosquitto of its own, and they run at the same time"},
			{Name: "gateway's processor at 100 readings/s", Unit: "% of a core", Sense: AtMost, Target: 1, How: "user and system time in /proc/PID/stat over the same 60 s; the timer slack is that of the gateway's unit, as in all figures here"}},
		Begin: func(ctx context.Context, e *Env, runs int) (Run, error) {
			samples := make(chan sampled, runs)
			for range runs {
				g, err := e.quiet(ctx)
				if err != nil {
					return nil, err
				}
				go func() { samples <- g.live(ctx) }()
			}
			return func(ctx context.Context, _ int) ([]float64, error) {
				select {
				case s := <-samples:
					return []float64{s.bytes / mib, s.cpu}, s.err
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}, nil
		},
	}
}

type sampled struct {
	bytes float64
	cpu   float64 // percent of a core
	err   error
}

// quietGateway is a gateway with a broker of its own.
type quietGateway struct {
	process *process
	client  *load.Client
}

func (e *Env) quiet(ctx context.Context) (*quietGateway, error) {
	dir, err := e.scratch("quiet")
	if err != nil {
		return nil, err
	}
	addr, err := e.mosquitto(ctx, dir)
	if err != nil {
		return nil, err
	}
	g := &quietGateway{}
	if g.process, _, err = e.gateway(ctx, dir, addr); err != nil {
		return nil, err
	}
	if g.client, err = load.Dial(ctx, load.Options{Addr: addr, ClientID: "bench-quiet"}); err != nil {
		return nil, err
	}
	e.onStop(g.client.Close)
	return g, e.acknowledge(ctx, addr)
}

// acknowledge plays the services to a gateway: whatever comes is stored.
func (e *Env) acknowledge(ctx context.Context, addr string) error {
	acks := make(chan wire.Ack, 64)
	c, err := load.Dial(ctx, load.Options{Addr: addr, ClientID: "bench-services", Handle: func(_ string, payload []byte) {
		if b, err := wire.DecodeBatch(payload); err == nil {
			last := b.First + uint64(len(b.Records)) - 1
			acks <- wire.Ack{Epoch: b.Epoch, Seen: last, Stored: last}
		}
	}})
	if err != nil {
		return err
	}
	e.onStop(func() { c.Close(); close(acks) })
	go func() {
		for a := range acks {
			if payload, err := wire.AppendAck(nil, a); err == nil {
				_ = c.Publish(wire.Topic(estateID, gatewayID, wire.AckLeaf), payload) // a lost connection ends the sensors, too
				_ = c.Flush()
			}
		}
	}()
	return c.Subscribe(ctx, wire.Topic(estateID, gatewayID, wire.Up))
}

// live lets the sensors speak for a minute and looks at the gateway's memory.
func (g *quietGateway) live(ctx context.Context) sampled {
	const n = int(footprintRate * float64(footprintFor/time.Second))
	begin := time.Now()
	before, err := cpu(g.process.pid())
	if err != nil {
		return sampled{err: err}
	}
	err = load.Pace(ctx, footprintRate, n, func(j int) error {
		i := j % footprintSensors
		signal, v := sample(i, j/footprintSensors)
		return g.client.Publish(topic(sensorID(i)), appendPayload(nil, signal, v))
	}, g.client.Flush)
	if err != nil {
		return sampled{err: err}
	}
	used, err := cpu(g.process.pid())
	if err != nil {
		return sampled{err: err}
	}
	bytes, err := resident(g.process.pid())
	return sampled{float64(bytes), 100 * (used - before).Seconds() / time.Since(begin).Seconds(), err}
}

func binary() Measurement {
	return Measurement{
		Name: "binary",
		Figures: []Figure{{Name: "gateway binary", Unit: "MiB", Sense: AtMost, Target: 15,
			How: `size of plantroom-gateway, built with CGO_ENABLED=0 go build -trimpath -ldflags "-s -w"`}},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			if _, err := e.program(ctx, "plantroom-gateway"); err != nil {
				return nil, err
			}
			return func(context.Context, int) ([]float64, error) {
				info, err := os.Stat(filepath.Join(e.Binaries, "plantroom-gateway"))
				if err != nil {
					return nil, err
				}
				return []float64{float64(info.Size()) / mib}, nil
			}, nil
		},
	}
}
