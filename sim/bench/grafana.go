package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/store"
	"plantroom/sim/past"
)

// What is behind Grafana's data source, and how long its server may take to read it.
const (
	pastAssets = 1_000
	pastOrders = 1_000_000
	readWithin = 20 * time.Minute
)

func grafana() Measurement {
	const how = "the plugin's built program, asked over gRPC with Grafana's handshake, 50 times after 5 to get warm, asks a plantroom serve over loopback that has " +
		"1,000,000 orders and incidents of 1,000 assets in a year that ends now; until the answer is there; "
	return Measurement{
		Name: "grafana",
		Figures: []Figure{
			{Name: "work_orders, a page of 100 in 90 days, p95", Unit: "ms", Sense: AtMost, Target: 100, How: how + "unfiltered"},
			{Name: "sla_compliance of 90 days, p95", Unit: "ms", Sense: AtMost, Target: 300, How: how + "by contractor, clock and day"},
			{Name: "contractor_league of 90 days, p95", Unit: "ms", Sense: AtMost, Target: 300, How: how + "all contractors"},
			{Name: "asset_state of 50 assets in a week, p95", Unit: "ms", Sense: AtMost, Target: 300, How: how + "the assets of one building, named"},
			{Name: "refresh of the overview, p95", Unit: "ms", Sense: AtMost, Target: 1000, How: how + "all queries that the overview's panels and annotations have for our data source, over its 24 hours, " +
				"a request for each panel and all of them at once, until the last answer; panels of InfluxDB are not among them"},
			{Name: "memory of the plugin", Unit: "MB", Sense: AtMost, Target: 80, How: "VmHWM of that program, the most that it ever had, after all of these"},
			{Name: "history read from the database", Unit: "s", Sense: Recorded, How: "from the exec of that server, which has no history.cache, until it answers about the past"},
			{Name: "history read from its file", Unit: "s", Sense: Recorded, How: "the same, with the file that the server wrote when it was stopped"},
			{Name: "memory of the server with its history", Unit: "MB", Sense: Recorded, How: "VmRSS of the server that took its history from the file, after all of the questions"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			b, err := e.behind(ctx)
			if err != nil {
				return nil, err
			}
			return b.run, nil
		},
	}
}

// behind is a server with a year's past, and the plugin in front of it.
type behind struct {
	*stack
	plugin, asker string // paths of programs
	estate        []byte
	assets        []plantroom.Asset
	text          []byte // of the server's file
	now           time.Time
}

const pastServerFile = `estate: estate.yaml
data: data
web: {listen: %q, viewer_token_file: viewer-token}
broker: {embedded: {listen: %q}}
influxdb: {url: %q, database: %s}
`

func (e *Env) behind(ctx context.Context) (*behind, error) {
	dir, err := e.scratch("grafana")
	if err != nil {
		return nil, err
	}
	b := &behind{stack: &stack{env: e, dir: dir, client: http.Client{Timeout: 10 * time.Second}}}
	if err := b.build(ctx); err != nil { // first, because it is what a machine can lack
		return nil, err
	}
	if _, err := e.program(ctx, "plantroom"); err != nil { // and is in no measured time
		return nil, err
	}
	if err := b.startInfluxd(ctx); err != nil {
		return nil, err
	}
	if b.web, err = freeAddr(); err != nil {
		return nil, err
	}
	broker, err := freeAddr()
	if err != nil {
		return nil, err
	}
	b.text = fmt.Appendf(nil, pastServerFile, b.web, broker, b.influxd.URL(), b.influxd.Database())
	return b, b.fill(ctx)
}

// fill writes the year.
func (b *behind) fill(ctx context.Context) (err error) {
	if b.estate, err = past.File(pastAssets); err != nil {
		return err
	}
	estate, err := past.Load(pastAssets)
	if err != nil {
		return err
	}
	b.assets, b.now = estate.Assets, time.Now()
	if err := os.Mkdir(filepath.Join(b.dir, "data"), 0o700); err != nil {
		return fmt.Errorf("make the server's data directory: %w", err)
	}
	s, err := store.Open(ctx, filepath.Join(b.dir, "data", "plantroom.db"))
	if err != nil {
		return err
	}
	defer s.Close()
	orders := pastOrders
	if b.env.Orders > 0 {
		orders = b.env.Orders
	}
	begin, told := time.Now(), time.Now()
	err = past.Write(ctx, past.Options{Estate: estate, Store: s, Now: plantroom.At(b.now), Orders: orders, Seed: 1, Tell: func(written int) {
		if time.Since(told) > 15*time.Second {
			told = time.Now()
			b.env.Say("grafana: %d of %d orders are written", written, orders)
		}
	}})
	if err == nil {
		b.env.Say("grafana: %d orders are written, in %.0f s", orders, time.Since(begin).Seconds())
	}
	return err
}

func (b *behind) run(ctx context.Context, _ int) ([]float64, error) {
	mark := len(b.env.undo)
	defer b.env.unwind(mark)
	kept := filepath.Join(b.dir, "data", "history.cache")
	if err := os.Remove(kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("forget the history of the run before: %w", err)
	}
	anew, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	b.server.stop()
	if _, err := os.Stat(kept); err != nil {
		return nil, b.server.failed("it has not written " + kept + " when it was stopped")
	}
	again, err := b.begin(ctx)
	if err != nil {
		return nil, err
	}
	token, err := b.token()
	if err != nil {
		return nil, err
	}
	asked, err := b.ask(ctx, token)
	if err != nil {
		return nil, err
	}
	memory, err := resident(b.server.pid())
	if err != nil {
		return nil, err
	}
	return append(asked, anew.Seconds(), again.Seconds(), float64(memory)/1e6), nil
}

// begin starts the server and waits until it answers about the past.
func (b *behind) begin(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	if err := b.serve(ctx, b.web, b.estate, b.text); err != nil {
		return 0, err
	}
	token, err := b.token()
	if err != nil {
		return 0, err
	}
	for told := begin; ; {
		ready, err := b.ready(ctx, token)
		took := time.Since(begin)
		if ready || err != nil {
			return took, err
		}
		select {
		case <-b.server.done:
			return 0, b.server.failed("it has ended while it read its history")
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		if took > readWithin {
			return 0, b.server.failed("it still reads its history after " + readWithin.String())
		}
		if time.Since(told) > 15*time.Second {
			told = time.Now()
			b.env.Say("grafana: the server has been reading its history for %.0f s", took.Seconds())
		}
	}
}

// ready asks what a board would. A server that still reads says 503.
func (b *behind) ready(ctx context.Context, token string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.web+"/api/v1/history/orders?open=true&limit=1", nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := b.client.Do(req)
	if err != nil {
		return false, fmt.Errorf("ask the server about the past: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		return false, b.server.failed("it answers about the past with " + res.Status)
	}
	return res.StatusCode == http.StatusOK, nil
}

// token is the one to look, which the server has made.
func (b *behind) token() (string, error) {
	text, err := os.ReadFile(filepath.Join(b.dir, "viewer-token"))
	if err != nil {
		return "", fmt.Errorf("read the viewer token: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
