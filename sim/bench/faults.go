package bench

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"plantroom"
	"plantroom/sim/load"
)

// The faults of one run and the traffic beside them.
const (
	faultCount      = 240
	faultRate       = 10.0 // faults a second
	faultBackground = 10_000.0
	faultWarmUp     = 20_000
)

func faults() Measurement {
	const how = "240 lifts report a fault, 10 a second, beside 10,000 other readings a second; from before the publish at the sensor until a webhook " +
		"with the order has been received; mosquitto, plantroom-gateway, plantroom serve and influxd as in the first figure, started anew for each run; in its end 240 orders are open"
	return Measurement{
		Name: "faults",
		Figures: []Figure{
			{Name: "fault to webhook, p99", Unit: "ms", Sense: AtMost, Target: 250, How: how},
			{Name: "fault to webhook, p50", Unit: "ms", Sense: Recorded, How: "as above"},
			{Name: "fault to order raised, p99", Unit: "ms", Sense: Recorded, How: "as above, until the order's own time of raising"},
		},
		Begin: func(_ context.Context, e *Env, _ int) (Run, error) {
			return func(ctx context.Context, _ int) ([]float64, error) {
				mark := len(e.undo)
				defer e.unwind(mark)
				a, err := e.alarm(ctx)
				if err != nil {
					return nil, err
				}
				return a.run(ctx)
			}, nil
		},
	}
}

// alarm sets a stack up, with a receiver of webhooks, and warms it.
func (e *Env) alarm(ctx context.Context) (*alarm, error) {
	hook, err := e.receiver()
	if err != nil {
		return nil, err
	}
	k, err := e.stack(ctx, site{Sensors: messageSensors, Probes: faultCount, Webhook: hook.url})
	if err != nil {
		return nil, err
	}
	f, err := k.firehose(ctx)
	if err != nil {
		return nil, err
	}
	return &alarm{firehose: f, hook: hook}, f.send(ctx, faultWarmUp)
}

// receiver takes webhooks and notes when each lift's order arrived.
type receiver struct {
	url string

	mu      sync.Mutex
	changed chan struct{}
	got     map[string]arrival // by asset
}

// arrival is one order at the receiver.
type arrival struct {
	at     time.Time
	raised plantroom.Instant
}

func (e *Env) receiver() (*receiver, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + l.Addr().String() + "/orders", changed: make(chan struct{}, 1), got: map[string]arrival{}}
	s := &http.Server{Handler: r, ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }() // until Close
	e.onStop(func() { _ = s.Close() })
	return r, nil
}

// ServeHTTP takes one call.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	at := time.Now()
	var event struct {
		Type string `json:"type"`
		Data struct {
			Order struct {
				Raised plantroom.Instant `json:"raised"`
			} `json:"order"`
			Asset struct {
				ID string `json:"id"`
			} `json:"asset"`
		} `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(req.Body, 1<<20)).Decode(&event); err != nil {
		http.Error(w, "not a call", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	if event.Type != "plantroom.order.dispatched" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.got[event.Data.Asset.ID]; !twice {
		r.got[event.Data.Asset.ID] = arrival{at, event.Data.Order.Raised}
	}
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// wait returns the arrivals of some lifts once all are there.
func (r *receiver) wait(ctx context.Context, assets []string) ([]arrival, error) {
	for {
		out := make([]arrival, 0, len(assets))
		r.mu.Lock()
		for _, a := range assets {
			if got, ok := r.got[a]; ok {
				out = append(out, got)
			}
		}
		r.mu.Unlock()
		if len(out) == len(assets) {
			return out, nil
		}
		select {
		case <-r.changed:
		case <-ctx.Done():
			return nil, plantroom.Errorf(plantroom.CodeUnavailable, "%d of %d orders have not come by webhook: %w", len(assets)-len(out), len(assets), ctx.Err())
		}
	}
}

// alarm makes faults beside a steady traffic.
type alarm struct {
	*firehose
	hook *receiver
}

func (a *alarm) run(ctx context.Context) ([]float64, error) {
	all := a.ProbeIDs()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	quiet, background := a.background(ctx)
	defer quiet()
	if err := pause(ctx, time.Second); err != nil {
		return nil, err
	}
	begun, err := a.alert(ctx, all)
	if err != nil {
		return nil, err
	}
	arrived, err := a.hook.wait(ctx, all)
	if err != nil {
		return nil, err
	}
	quiet()
	if err := <-background; err != nil {
		return nil, err
	}
	webhooks, raised := make([]float64, len(all)), make([]float64, len(all))
	for i, got := range arrived {
		webhooks[i] = got.at.Sub(begun[i]).Seconds() * 1000
		raised[i] = got.raised.Sub(plantroom.At(begun[i])).Seconds() * 1000
	}
	slices.Sort(webhooks)
	slices.Sort(raised)
	return []float64{quantile(webhooks, 0.99), quantile(webhooks, 0.5), quantile(raised, 0.99)}, nil
}

// background sends the other readings until it is told to stop.
func (a *alarm) background(ctx context.Context) (stop context.CancelFunc, done <-chan error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		const forever = 1 << 40
		err := load.Pace(ctx, faultBackground, forever, func(int) error { return a.one() }, a.client.Flush)
		if err == context.Canceled {
			err = nil
		}
		ended <- err
	}()
	return cancel, ended
}

// alert publishes a fault of each lift, over a connection of its own, and
// returns when it began to.
func (a *alarm) alert(ctx context.Context, ids []string) ([]time.Time, error) {
	c, err := load.Dial(ctx, load.Options{Addr: a.broker, ClientID: "bench-faults"})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	begun := make([]time.Time, len(ids))
	payload := appendPayload(nil, "fault", plantroom.String("controller_fault"))
	err = load.Pace(ctx, faultRate, len(ids), func(i int) error {
		begun[i] = time.Now()
		return c.Publish(topic(ids[i]), payload)
	}, c.Flush)
	if err != nil {
		return nil, err
	}
	return begun, c.Drain(ctx)
}
