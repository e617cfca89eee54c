package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/simonvetter/modbus"

	"plantroom/sim/load"
)

// How much a run of the reflexes is.
const (
	reflexLeaks = 100
	reflexLoad  = 2_000.0 // further readings a second
	reflexTime  = 10 * time.Second
)

func reflexes() Measurement {
	const how = "100 leaks, one after the other: wet is published at QoS 1 → mosquitto → plantroom-gateway → a Modbus TCP server in this process has the coil on; " +
		"meanwhile 2,000 other readings a second go through the same gateway into its spool, and another writer syncs 4 MiB at a time to the spool's disk without a pause"
	return Measurement{
		Name: "reflex",
		Figures: []Figure{
			{Name: "leak → valve, p99", Unit: "ms", Sense: AtMost, Target: 1_000, How: how},
			{Name: "leak → valve, median", Unit: "ms", Sense: Recorded, How: "as above"},
			{Name: "leak → valve, the longest", Unit: "ms", Sense: Recorded, How: "as above"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			v, err := e.valve(ctx)
			if err != nil {
				return nil, err
			}
			return v.run, nil
		},
	}
}

// valve is a gateway with a reflex, and the coil that it writes.
type valve struct {
	dir    string
	leaks  *load.Client
	others *load.Client
	coil   *coil
}

const reflexFile = `gateway: %s
estate: %s
spool: {dir: spool, max: 1GiB}
uplink: {broker: "tcp://%s"}
mqtt: [{name: site, broker: "tcp://%[3]s", family: plainjson, devices: [{match: "*"}]}]
modbus: [{name: riser, link: "tcp://%[4]s", devices: [{device: board, unit: 1, registers: coils-8, map: {coil_8: {to: output}}}]}]
outputs: [{name: riser, device: valve, kind: valve, modbus: {link: riser, unit: 1, coil: 0}, closes: on, travel: 1ms}]
reflexes: [{name: leak, when: [{device: leak, signal: state, equals: wet}], do: [{output: riser, to: closed}], reopen: {after: 1ms}}]
health: {listen: %[5]q}
`

func (e *Env) valve(ctx context.Context) (*valve, error) {
	dir, err := e.scratch("reflex")
	if err != nil {
		return nil, err
	}
	addr, err := e.mosquitto(ctx, dir)
	if err != nil {
		return nil, err
	}
	v := &valve{dir: dir, coil: &coil{changed: make(chan bool, 16)}}
	board, err := e.board(v.coil)
	if err != nil {
		return nil, err
	}
	health, err := freeAddr()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, reflexFile, gatewayID, estateID, addr, board, health), 0o600); err != nil {
		return nil, fmt.Errorf("write the gateway's file: %w", err)
	}
	p, err := e.startGateway(ctx, dir, file)
	if err != nil {
		return nil, err
	}
	var client http.Client
	err = p.until(ctx, startTimeout, "its reflexes hear", func() bool {
		h, err := readHealth(ctx, &client, health)
		if err != nil || h.Reflexes == nil || len(h.Reflexes.Deaf) > 0 {
			return false
		}
		up := 0
		for _, s := range h.Sources {
			if s.Connected != nil && *s.Connected {
				up++
			}
		}
		return up == 2
	})
	for name, c := range map[string]**load.Client{"leaks": &v.leaks, "others": &v.others} {
		if err == nil {
			if *c, err = load.Dial(ctx, load.Options{Addr: addr, ClientID: "bench-" + name}); err == nil {
				e.onStop((*c).Close)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return v, e.acknowledge(ctx, addr)
}

// board starts the Modbus server and returns host:port.
func (e *Env) board(c *coil) (addr string, err error) {
	if addr, err = freeAddr(); err != nil {
		return "", err
	}
	s, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + addr, Logger: stdlog.New(io.Discard, "", 0)}, c)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return "", fmt.Errorf("start a Modbus server: %w", err)
	}
	e.onStop(func() { _ = s.Stop() }) // it ends with the process, if not now
	return addr, nil
}

// coil is a board whose coil 0 tells when it changes. The server asks it from
// one goroutine for each connection, and a gateway has one connection.
type coil struct {
	on      bool
	changed chan bool
}

// HandleCoils implements modbus.RequestHandler.
func (c *coil) HandleCoils(r *modbus.CoilsRequest) ([]bool, error) {
	if r.IsWrite && r.Addr == 0 && c.on != r.Args[0] {
		c.on = r.Args[0]
		c.changed <- c.on
	}
	bits := make([]bool, r.Quantity)
	if r.Addr == 0 {
		bits[0] = c.on
	}
	return bits, nil
}

// HandleDiscreteInputs implements modbus.RequestHandler.
func (*coil) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

// HandleHoldingRegisters implements modbus.RequestHandler.
func (*coil) HandleHoldingRegisters(*modbus.HoldingRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}

// HandleInputRegisters implements modbus.RequestHandler.
func (*coil) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}

// run makes leaks while disk and gateway are busy.
func (v *valve) run(ctx context.Context, _ int) ([]float64, error) {
	busy, quiet := context.WithCancel(ctx)
	failed := make(chan error, 2)
	go func() { failed <- v.write(busy) }()
	go func() { failed <- v.speak(busy) }()
	took := make([]float64, 0, reflexLeaks)
	var err error
	for range reflexLeaks {
		var d time.Duration
		if d, err = v.leak(ctx); err != nil {
			break
		}
		took = append(took, float64(d)/float64(time.Millisecond))
	}
	quiet()
	for range 2 {
		if e := <-failed; e != nil && !errors.Is(e, context.Canceled) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	return []float64{quantile(took, 0.99), median(took), took[len(took)-1]}, nil
}

// leak wets the sensor and returns how long it took until the coil was on. Then
// it dries the sensor and waits for the coil to go off.
func (v *valve) leak(ctx context.Context) (took time.Duration, err error) {
	begun := time.Now()
	for _, s := range []struct {
		state string
		on    bool
	}{{"wet", true}, {"dry", false}} {
		err = errors.Join(v.leaks.Publish(topic("leak"), fmt.Appendf(nil, `{"v":{"state":%q}}`, s.state)), v.leaks.Flush())
		if err != nil {
			return 0, err
		}
		select {
		case on := <-v.coil.changed:
			if on != s.on {
				return 0, fmt.Errorf("the sensor is %s, and the coil went to %v", s.state, on)
			}
		case <-time.After(reflexTime):
			return 0, fmt.Errorf("the sensor is %s, and the coil was not written within %s", s.state, reflexTime)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if s.on {
			took = time.Since(begun)
		}
	}
	return took, nil
}

// speak keeps the gateway's spool busy.
func (v *valve) speak(ctx context.Context) error {
	return load.Pace(ctx, reflexLoad, 1<<40, func(j int) error {
		i := j % messageSensors
		signal, x := sample(i, j/messageSensors)
		return v.others.Publish(topic(sensorID(i)), appendPayload(nil, signal, x))
	}, v.others.Flush)
}

// write keeps the spool's disk busy.
func (v *valve) write(ctx context.Context) error {
	f, err := os.Create(filepath.Join(v.dir, "noise"))
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	defer f.Close()
	block := make([]byte, 4<<20)
	for i := 0; ctx.Err() == nil; i++ {
		if _, err := f.WriteAt(block, int64(i%16)*int64(len(block))); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if err := f.Sync(); err != nil {
			return fmt.Errorf("sync: %w", err)
		}
	}
	return nil
}
