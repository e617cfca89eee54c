package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/services/influx"
	"plantroom/sim/load"
)

// Consumed is what a Consume has cost.
type Consumed struct {
	Took time.Duration `json:"took"` // from the first message to the last
	CPU  time.Duration `json:"cpu"`
}

// Consume is the least that a paho client can do: it takes n messages at QoS
// 1 and acknowledges each at once. It calls ready once it is subscribed.
// plantroom-bench runs it as a process of its own for the reference figures.
func Consume(ctx context.Context, addr string, n int, ready func()) (c Consumed, err error) {
	var seen int
	var begin time.Time
	done := make(chan struct{})
	conn, err := mqttconn.Connect(ctx, mqttconn.Options{URL: "tcp://" + addr, ClientID: "bench-reference"}, mqttconn.Session{Handle: func(m mqtt.Message) {
		m.Ack()
		if seen++; seen == 1 {
			begin = time.Now()
		} else if seen == n {
			c.Took = time.Since(begin)
			close(done)
		}
	}})
	if err != nil {
		return c, err
	}
	defer conn.Close()
	if err := conn.SubscribeAll(ctx, topic("+")); err != nil {
		return c, err
	}
	before, err := cpu(os.Getpid())
	if err != nil {
		return c, err
	}
	ready()
	select {
	case <-done:
	case err := <-conn.Lost:
		return c, err
	case <-ctx.Done():
		return c, ctx.Err()
	}
	after, err := cpu(os.Getpid())
	c.CPU = after - before
	return c, err
}

// How much the references are, per run.
const (
	referenceMessages = 200_000
	referenceLines    = 500_000
	referenceLoad     = 5_000 // lines in one request
	referenceWriters  = 2
)

// references measures what our figures are built on, on the same machine in
// the same hour.
func references() Measurement {
	return Measurement{
		Name: "reference",
		Figures: []Figure{
			{Name: "reference: a paho consumer alone", Unit: "messages/s", Sense: Recorded,
				How: "200,000 of the messages above through mosquitto to a process that acknowledges each at once and does nothing else; 42,000 to 53,000 where the targets were set"},
			{Name: "its cost", Unit: "CPU s/million", Sense: Recorded, How: "user and system time of that process; 15 to 18 where the targets were set"},
			{Name: "reference: influxd alone", Unit: "lines/s", Sense: Recorded,
				How: "500,000 points in requests of 5,000 by two writers of services/influx; 650,000 where the targets were set"},
			{Name: "its cost", Unit: "CPU s/million", Sense: Recorded, How: "user and system time of influxd"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			dir, err := e.scratch("reference")
			if err != nil {
				return nil, err
			}
			k := &stack{env: e, dir: dir, site: site{Sensors: messageSensors}}
			if k.broker, err = e.mosquitto(ctx, dir); err != nil {
				return nil, err
			}
			if err := k.startInfluxd(ctx); err != nil {
				return nil, err
			}
			return func(ctx context.Context, _ int) ([]float64, error) {
				c, err := k.consume(ctx)
				if err != nil {
					return nil, err
				}
				took, used, err := k.write(ctx)
				return []float64{referenceMessages / c.Took.Seconds(), perMillion(c.CPU, referenceMessages),
					referenceLines / took.Seconds(), perMillion(used, referenceLines)}, err
			}, nil
		},
	}
}

// consume runs a consumer as a process of its own and sends it messages as
// fast as mosquitto takes them.
func (k *stack) consume(ctx context.Context) (c Consumed, err error) {
	self, err := os.Executable()
	if err != nil {
		return c, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "consume", k.broker, fmt.Sprint(referenceMessages))
	cmd.Stderr = os.Stderr
	dieWithUs(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return c, fmt.Errorf("run a consumer: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return c, fmt.Errorf("run a consumer: %w", err)
	}
	defer func() { _ = cmd.Wait() }() // what it has to say is on its output
	answers := json.NewDecoder(out)
	if err := answers.Decode(&Consumed{}); err != nil { // it is ready
		return c, fmt.Errorf("run a consumer: %w", err)
	}
	client, err := load.Dial(ctx, load.Options{Addr: k.broker, ClientID: "bench-firehose", Window: messageWindow})
	if err != nil {
		return c, err
	}
	defer client.Close()
	f := &firehose{stack: k, client: client, topics: k.topics()}
	for range referenceMessages {
		if err := f.one(); err != nil {
			return c, err
		}
	}
	if err := client.Drain(ctx); err != nil {
		return c, err
	}
	return c, answers.Decode(&c)
}

// write writes points to influxd and nothing else.
func (k *stack) write(ctx context.Context) (took, used time.Duration, err error) {
	loads := k.loads(time.Now())
	w := influx.NewWriter(influx.Options{URL: k.influxd.URL(), Database: k.influxd.Database()})
	defer w.Close()
	before, err := cpu(k.influxd.PID())
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	failed := make(chan error, referenceWriters)
	var writers sync.WaitGroup
	for range referenceWriters {
		writers.Go(func() {
			for points := range loads {
				if refused, err := w.Write(ctx, points); err != nil || len(refused) > 0 {
					failed <- fmt.Errorf("%d of %d points refused: %w", len(refused), len(points), err)
					return
				}
			}
		})
	}
	writers.Wait()
	took = time.Since(begin)
	after, err := cpu(k.influxd.PID())
	select {
	case err = <-failed:
	default:
	}
	return took, after - before, err
}

// loads makes all requests beforehand.
func (k *stack) loads(from time.Time) <-chan []plantroom.Point {
	series := make([]*plantroom.Series, k.Sensors)
	for i := range series {
		series[i] = &plantroom.Series{Measurement: domainNames[i%len(domainNames)], Estate: estateID, Building: "b1",
			Asset: plantroom.AssetID(sensorID(i)), Device: plantroom.DeviceID(sensorID(i))}
	}
	out := make(chan []plantroom.Point, referenceLines/referenceLoad)
	var points []plantroom.Point
	n := 0
	for r := range k.readings(from, referenceLines) {
		points = append(points, plantroom.Point{Series: series[n%k.Sensors], Signal: r.Signal, Value: r.Value, At: r.At})
		if n++; len(points) == referenceLoad {
			out <- points
			points = nil
		}
	}
	close(out)
	return out
}
