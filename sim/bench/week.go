package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/spool"
	"plantroom/services/influx"
)

// A week's outage: what a busy gateway accepts meanwhile.
const (
	weekReadings = 7 * 24 * 3600 * 100 // 100 a second
	weekMax      = 1430 << 20          // of the spool: 1.5 GB
	weekPatience = 30 * time.Minute
)

func week() Measurement {
	const how = "60,480,000 readings (or as many as --week says) of 1,000 devices in random order, their values moving as sensors' do, 10 ms apart with jitter, "
	return Measurement{
		Name: "week",
		Long: true,
		Figures: []Figure{
			{Name: "a week's outage, appended", Unit: "readings/s", Sense: Recorded, How: how + "encoded and submitted by one goroutine to a spool of 1,430 MiB, as fast as it packs them"},
			{Name: "a week's outage on disk", Unit: "GB", Sense: AtMost, Target: 1.5, How: "size of the files in the spool's directory once everything sealed is packed"},
			{Name: "of it a reading", Unit: "bytes", Sense: Recorded, How: "as above"},
			{Name: "a full spool opened", Unit: "s", Sense: Recorded, How: "from the start of plantroom-gateway until its health page answers: every byte is checked"},
			{Name: "gateway memory when full", Unit: "MiB", Sense: Recorded, How: "VmRSS at that moment"},
			{Name: "a week's outage, drained", Unit: "readings/s", Sense: AtLeast, Target: 300_000,
				How: "plantroom-gateway → the broker inside plantroom serve → ingest with detectors → influxd, from the uplink's first connection until the spool is empty; then counted in InfluxDB"},
			{Name: "gateway memory while it drains", Unit: "MiB", Sense: Recorded, How: "the most that VmRSS showed, looked at twice a second"},
			{Name: "its cost, gateway", Unit: "CPU s/million", Sense: Recorded, How: "user and system time in the same span"},
		},
		Begin: func(_ context.Context, e *Env, _ int) (Run, error) {
			return func(ctx context.Context, _ int) ([]float64, error) {
				mark := len(e.undo)
				defer e.unwind(mark)
				return e.week(ctx)
			}, nil
		},
	}
}

func (e *Env) week(ctx context.Context) ([]float64, error) {
	n := e.Week
	if n == 0 {
		n = weekReadings
	}
	u, err := e.uplink(ctx)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(u.dir, "gateway")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a working directory: %w", err)
	}
	w := &weekLong{uplink: u, dir: dir, n: n}
	for _, step := range []func(context.Context) error{w.fill, w.start, w.drain, w.tally} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return w.figures, nil
}

// weekLong is one run.
type weekLong struct {
	*uplink
	dir     string // the gateway's
	n       int
	values  int64 // what InfluxDB has to hold in the end
	figures []float64
}

func (w *weekLong) figure(v float64) { w.figures = append(w.figures, v) }

// fill makes the spool of a gateway whose uplink was away.
func (w *weekLong) fill(ctx context.Context) error {
	path := filepath.Join(w.dir, "spool")
	s, _, err := spool.Open(spool.Options{Dir: path, MaxBytes: weekMax, Linger: -1})
	if err != nil {
		return err
	}
	defer s.Close()
	var failed atomic.Pointer[error]
	done := func(_ uint64, err error) {
		if err != nil {
			failed.Store(&err)
		}
	}
	begin := time.Now()
	rng := rand.New(rand.NewPCG(1, 2))
	rounds := make([]int, w.Sensors)
	at := begin.Add(-time.Duration(w.n) * 10 * time.Millisecond)
	var rec []byte
	for k := range w.n {
		at = at.Add(time.Duration(rng.IntN(20_000_000) + 1)) // ns
		i := rng.IntN(w.Sensors)
		signal, v := lively(i, rounds[i], rng)
		rounds[i]++
		if w.values++; domain(i%len(domainNames)) == bins {
			w.values++ // the derived fill
		}
		rec, err = wire.AppendRecord(rec[:0], plantroom.Record{Reading: plantroom.Reading{
			Device: plantroom.DeviceID(sensorID(i)), Signal: signal, Value: v, At: plantroom.At(at)}})
		if err == nil {
			err = submitPatiently(ctx, s, rec, done)
		}
		if err != nil {
			return err
		}
		if k%5_000_000 == 4_999_999 {
			w.env.Say("  %d million readings, %d MiB", (k+1)/1_000_000, s.Stats().Bytes>>20)
		}
	}
	for s.Next() <= uint64(w.n) && failed.Load() == nil {
		if err := pause(ctx, tick); err != nil {
			return err
		}
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	w.figure(float64(w.n) / time.Since(begin).Seconds())
	for st := s.Stats(); st.Packed < uint64(st.Segments-1); st = s.Stats() {
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	size, err := sizeOf(path)
	w.figure(float64(size) / 1e9)
	w.figure(float64(size) / float64(w.n))
	return err
}

// submitPatiently waits where the spool is full until some of it is packed, as
// a broker would.
func submitPatiently(ctx context.Context, s *spool.Spool, rec []byte, done func(uint64, error)) error {
	for {
		err := s.Submit(rec, done)
		if !errors.Is(err, spool.ErrFull) {
			return err
		}
		if err := pause(ctx, tick); err != nil {
			return err
		}
	}
}

// lively is what sensor i says the kth time, with values that move as those of
// real sensors do: a compressor must not have it easier than in life.
func lively(i, k int, rng *rand.Rand) (signal string, v plantroom.Value) {
	signal, v = sample(i, k)
	switch signal {
	case "motor_current_a":
		v = plantroom.Float(float64(1800+rng.IntN(60)) / 100)
	case "floor":
		v = plantroom.Float(float64(rng.IntN(26)))
	case "distance_m":
		v = plantroom.Float(float64(880+rng.IntN(40)) / 1000)
	}
	return signal, v
}

func sizeOf(dir string) (n int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("list the spool: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, fmt.Errorf("list the spool: %w", err)
		}
		n += info.Size()
	}
	return n, nil
}

const weekFile = `gateway: %s
estate: %s
spool: {dir: spool, max: 1430MiB}
uplink: {broker: "tcp://%s", username: %[1]s, password_file: password}
health: {listen: %[4]q}
`

// start starts the gateway on the full spool.
func (w *weekLong) start(ctx context.Context) (err error) {
	if w.health, err = freeAddr(); err != nil {
		return err
	}
	file := filepath.Join(w.dir, "gateway.yaml")
	for path, text := range map[string]string{
		file:                             fmt.Sprintf(weekFile, gatewayID, estateID, w.addr, w.health),
		filepath.Join(w.dir, "password"): w.password,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the gateway's files: %w", err)
		}
	}
	if _, err := w.env.program(ctx, "plantroom-gateway"); err != nil { // else it is built first
		return err
	}
	begin := time.Now()
	if w.gateway, err = w.env.startGateway(ctx, w.dir, file); err != nil {
		return err
	}
	w.client = http.Client{Timeout: 5 * time.Second}
	err = w.gateway.until(ctx, 5*time.Minute, "its health page answers", func() bool {
		_, err := w.Health(ctx)
		return err == nil
	})
	if err != nil {
		return err
	}
	w.figure(time.Since(begin).Seconds())
	rss, err := resident(w.gateway.pid())
	w.figure(float64(rss) / mib)
	return err
}

// drain waits until the spool is empty.
func (w *weekLong) drain(ctx context.Context) error {
	var begin, said time.Time
	most, before := int64(0), time.Duration(0)
	for end := time.Now().Add(weekPatience); ; {
		h, err := w.Health(ctx)
		if err != nil {
			return err
		}
		if begin.IsZero() && h.Uplink.Connects > 0 {
			begin = h.Uplink.Since.Time()
			if before, err = cpu(w.gateway.pid()); err != nil {
				return err
			}
		}
		if rss, err := resident(w.gateway.pid()); err == nil {
			most = max(most, rss)
		}
		if h.Uplink.Stored >= uint64(w.n) {
			break
		}
		if time.Since(said) > 20*time.Second {
			said = time.Now()
			w.env.Say("  %d million readings are stored; the gateway has %d MiB; %d timeouts, %d rewinds", h.Uplink.Stored/1_000_000, most>>20, h.Uplink.Timeouts, h.Uplink.Rewinds)
		}
		if time.Now().After(end) {
			return w.gateway.failed(fmt.Sprintf("only %d readings are stored after %s", h.Uplink.Stored, weekPatience))
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	took := time.Since(begin)
	used, err := cpu(w.gateway.pid())
	w.figure(float64(w.n) / took.Seconds())
	w.figure(float64(most) / mib)
	w.figure(perMillion(used-before, w.n))
	return err
}

// tally counts what is in InfluxDB, which takes it a while.
func (w *weekLong) tally(ctx context.Context) error {
	w.reader = influx.NewReader(influx.Options{URL: w.influxd.URL(), Database: w.influxd.Database(), Timeout: weekPatience})
	return w.count(ctx, w.values)
}
