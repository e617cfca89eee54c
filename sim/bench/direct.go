package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"sync"
	"time"

	"plantroom/gateway/broker"
	"plantroom/sim/load"
)

// How much the messages to the gateway's own broker are, per run.
const (
	directCount   = 600_000
	directWarmUp  = 100_000
	directDevices = 8     // connections
	directWindow  = 1_000 // messages that a connection has under way, within the broker's bound of 1,024
)

func direct() Measurement {
	const how = "600,000 plainjson messages of one reading, QoS 1, from 8 connections to the gateway's own broker (fsync before the ack) → " +
		"the broker inside plantroom serve (detectors on) → influxd; from the first message until all are acknowledged as stored, then counted in InfluxDB"
	return Measurement{
		Name: "direct",
		Figures: []Figure{
			{Name: "one-reading messages to the gateway's own broker, end to end", Unit: "messages/s", Sense: AtLeast, Target: 75_000, How: how},
			{Name: "their cost, gateway and server", Unit: "CPU s/million", Sense: Recorded,
				How: "user and system time of both processes in /proc/PID/stat over the same run"},
			{Name: "of it the gateway", Unit: "CPU s/million", Sense: Recorded, How: "as above"},
			{Name: "influxd beside it", Unit: "CPU s/million", Sense: Recorded, How: "as above"},
			{Name: "until the last ack", Unit: "messages/s", Sense: Recorded, How: "the same messages, until the gateway has synced and acknowledged all of them"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			c, err := e.chorus(ctx)
			if err != nil {
				return nil, err
			}
			if _, err := c.send(ctx, directWarmUp); err != nil {
				return nil, err
			}
			return c.run, nil
		},
	}
}

// chorus is a gateway with its own broker, and the connections of its devices.
type chorus struct {
	*stack
	clients []*load.Client
	topics  []string
	sent    int
}

const directFile = `gateway: %s
estate: %s
spool: {dir: spool, max: 1GiB}
clock: {trust: always}
uplink: {broker: "tcp://%s", username: %[1]s, password_file: %[4]q}
listen:
  addresses: [{address: %[5]q, plain: true}]
  accounts: accounts.yaml
  sources: [{name: site, family: plainjson, devices: [{match: "*"}]}]
health: {listen: %[6]q}
`

func (e *Env) chorus(ctx context.Context) (*chorus, error) {
	u, err := e.uplink(ctx)
	if err != nil {
		return nil, err
	}
	c := &chorus{stack: u.stack, topics: u.topics()}
	listen, err := freeAddr()
	if err != nil {
		return nil, err
	}
	if c.health, err = freeAddr(); err != nil {
		return nil, err
	}
	password, err := broker.AddAccount(filepath.Join(c.dir, "accounts.yaml"), "bench", []string{topic("+")}, nil)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(c.dir, "gateway.yaml")
	secret := filepath.Join(c.dir, "data", "secrets", "mqtt-"+string(gatewayID))
	text := fmt.Appendf(nil, directFile, gatewayID, estateID, u.addr, secret, listen, c.health)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, fmt.Errorf("write the gateway's file: %w", err)
	}
	if c.gateway, err = e.startGateway(ctx, c.dir, file); err != nil {
		return nil, err
	}
	err = c.gateway.until(ctx, startTimeout, "it is well", func() bool {
		h, err := c.Health(ctx)
		return err == nil && h.Status == "ok"
	})
	for i := 0; i < directDevices && err == nil; i++ {
		var client *load.Client
		client, err = load.Dial(ctx, load.Options{Addr: listen, ClientID: fmt.Sprint("bench-", i), Username: "bench", Password: password, Window: directWindow})
		if err == nil {
			e.onStop(client.Close)
			c.clients = append(c.clients, client)
		}
	}
	return c, err
}

// send sends n messages and returns, when all that were ever sent are stored,
// how long it took until they were acknowledged.
func (c *chorus) send(ctx context.Context, n int) (acked time.Duration, err error) {
	begin := time.Now()
	failed := make([]error, len(c.clients))
	var all sync.WaitGroup
	for k, client := range c.clients {
		all.Go(func() {
			var buf [64]byte
			for j := c.sent + k; j < c.sent+n && failed[k] == nil; j += len(c.clients) {
				i := j % c.Sensors
				signal, v := sample(i, j/c.Sensors)
				failed[k] = client.Publish(c.topics[i], appendPayload(buf[:0], signal, v))
			}
			if failed[k] == nil {
				failed[k] = client.Drain(ctx)
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return 0, err
		}
	}
	acked = time.Since(begin)
	c.sent += n
	return acked, c.stored(ctx, uint64(c.sent))
}

func (c *chorus) run(ctx context.Context, _ int) ([]float64, error) {
	pids := []int{c.gateway.pid(), c.server.pid(), c.influxd.PID()}
	before, err := cpuOf(pids)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	acked, err := c.send(ctx, directCount)
	if err != nil {
		return nil, err
	}
	took := time.Since(begin)
	used, err := cpuSince(before, pids)
	if err != nil {
		return nil, err
	}
	cost := func(i int) float64 { return perMillion(used[i], directCount) }
	figures := []float64{directCount / took.Seconds(), cost(0) + cost(1), cost(0), cost(2), directCount / acked.Seconds()}
	return figures, c.count(ctx, c.points(c.sent))
}
