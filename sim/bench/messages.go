package bench

import (
	"context"
	"time"

	"plantroom/sim/load"
)

// How much the one-reading messages are, per run.
const (
	messageCount   = 400_000
	messageWarmUp  = 50_000
	messageSensors = 1_000
	messageWindow  = 2_000
	messageBacklog = 20_000 // messages that may be on their way to the gateway's disk
)

func messages() Measurement {
	const how = "400,000 plainjson messages of one reading, QoS 1: generator → mosquitto → plantroom-gateway (fsync before the ack) → " +
		"mosquitto → plantroom serve (detectors on) → influxd; from the first message until all are acknowledged as stored, then counted in InfluxDB"
	return Measurement{
		Name: "messages",
		Figures: []Figure{
			{Name: "one-reading messages, end to end", Unit: "messages/s", Sense: AtLeast, Target: 36_000, How: how},
			{Name: "their cost, gateway and server", Unit: "CPU s/million", Sense: AtMost, Target: 24,
				How: "user and system time of both processes in /proc/PID/stat over the same run"},
			{Name: "of it the gateway", Unit: "CPU s/million", Sense: Recorded, How: "as above"},
			{Name: "influxd beside it", Unit: "CPU s/million", Sense: Recorded, How: "as above; not part of the target"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			k, err := e.stack(ctx, site{Sensors: messageSensors})
			if err != nil {
				return nil, err
			}
			f, err := k.firehose(ctx)
			if err != nil {
				return nil, err
			}
			if err := f.send(ctx, messageWarmUp); err != nil {
				return nil, err
			}
			return f.run, nil
		},
	}
}

// firehose sends messages of all sensors in turn as fast as they are accepted.
type firehose struct {
	*stack
	client *load.Client
	topics []string
	sent   int
}

func (k *stack) firehose(ctx context.Context) (*firehose, error) {
	c, err := load.Dial(ctx, load.Options{Addr: k.broker, ClientID: "bench-firehose", Window: messageWindow})
	if err != nil {
		return nil, err
	}
	k.env.onStop(c.Close)
	return &firehose{stack: k, client: c, topics: k.topics()}, nil
}

// one publishes the next message.
func (f *firehose) one() error {
	i := f.sent % f.Sensors
	signal, v := sample(i, f.sent/f.Sensors)
	var buf [64]byte
	f.sent++
	return f.client.Publish(f.topics[i], appendPayload(buf[:0], signal, v))
}

// run is one measured run.
func (f *firehose) run(ctx context.Context, _ int) ([]float64, error) {
	pids := []int{f.gateway.pid(), f.server.pid(), f.influxd.PID()}
	before, err := cpuOf(pids)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := f.send(ctx, messageCount); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	used, err := cpuSince(before, pids)
	if err != nil {
		return nil, err
	}
	if err := f.count(ctx, f.points(f.sent)); err != nil {
		return nil, err
	}
	cost := func(i int) float64 { return perMillion(used[i], messageCount) }
	return []float64{messageCount / took.Seconds(), cost(0) + cost(1), cost(0), cost(2)}, nil
}

// send sends n messages and returns when all that were ever sent are stored.
// It holds back while the gateway is behind by messageBacklog, so that what is
// measured is the road and not mosquitto's memory.
func (f *firehose) send(ctx context.Context, n int) error {
	const stride = 1_000
	accepted := 0
	for end := f.sent + n; f.sent < end; {
		if f.sent-accepted > messageBacklog-stride {
			h, err := f.Health(ctx)
			if err != nil {
				return err
			}
			if accepted = int(h.Spool.Next - 1); f.sent-accepted > messageBacklog-stride {
				if err := pause(ctx, 10*time.Millisecond); err != nil {
					return err
				}
				continue
			}
		}
		for range min(stride, end-f.sent) {
			if err := f.one(); err != nil {
				return err
			}
		}
	}
	if err := f.client.Drain(ctx); err != nil {
		return err
	}
	return f.stored(ctx, uint64(f.sent))
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
