package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"plantroom"
	gateway "plantroom/gateway/app"
	"plantroom/services/influx"
	"plantroom/services/influxd"
)

// stack is Plantroom as a set of processes around a real mosquitto and a real
// influxd.
type stack struct {
	env *Env
	dir string
	site

	broker  string // host:port of mosquitto
	web     string // host:port of the server's pages
	health  string // host:port of the gateway's health page
	influxd *influxd.Server
	reader  *influx.Reader
	server  *process
	gateway *process
	client  http.Client
}

// stack starts everything: devices and services share one mosquitto.
func (e *Env) stack(ctx context.Context, s site) (*stack, error) {
	dir, err := e.scratch("stack")
	if err != nil {
		return nil, err
	}
	k := &stack{env: e, dir: dir, site: s, client: http.Client{Timeout: 5 * time.Second}}
	if k.broker, err = e.mosquitto(ctx, dir); err != nil {
		return nil, err
	}
	if err := k.startInfluxd(ctx); err != nil {
		return nil, err
	}
	if err := k.startServer(ctx, fmt.Sprintf("{url: %q}", "tcp://"+k.broker)); err != nil {
		return nil, err
	}
	k.gateway, k.health, err = e.gateway(ctx, dir, k.broker)
	return k, err
}

// mosquittoConf lifts the bounds of mosquitto that would drop messages or
// throttle a consumer on a broker that has no other guests.
const mosquittoConf = `listener %s %s
allow_anonymous true
max_inflight_messages 0
max_queued_messages 0
persistence false
log_type error
`

// mosquitto starts a broker on a port of its own.
func (e *Env) mosquitto(ctx context.Context, dir string) (addr string, err error) {
	if addr, err = freeAddr(); err != nil {
		return "", err
	}
	host, port, err := splitAddr(addr)
	if err != nil {
		return "", err
	}
	conf := filepath.Join(dir, "mosquitto.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, mosquittoConf, port, host), 0o600); err != nil {
		return "", fmt.Errorf("write mosquitto's configuration: %w", err)
	}
	p, err := e.start(dir, "mosquitto", e.Mosquitto, "-c", conf)
	if err != nil {
		return "", err
	}
	return addr, p.until(ctx, startTimeout, "it listens on "+addr, func() bool { return listens(addr) })
}

func (k *stack) startInfluxd(ctx context.Context) (err error) {
	k.influxd, err = influxd.Start(ctx, influxd.Options{Binary: k.env.Influxd, Dir: filepath.Join(k.dir, "influxdb")})
	if err != nil {
		return err
	}
	k.env.onStop(k.influxd.Stop)
	k.reader = influx.NewReader(influx.Options{URL: k.influxd.URL(), Database: k.influxd.Database(), Timeout: time.Minute})
	return nil
}

const serverFile = `estate: estate.yaml
data: data
web: {listen: %q}
broker: %s
influxdb: {url: %q, database: %s}
webhook: {allow_private: [127.0.0.0/8]}
`

// startServer starts plantroom serve with the given broker section.
func (k *stack) startServer(ctx context.Context, broker string) error {
	web, err := freeAddr()
	if err != nil {
		return err
	}
	estate, err := k.file()
	if err != nil {
		return err
	}
	return k.serve(ctx, web, estate, fmt.Appendf(nil, serverFile, web, broker, k.influxd.URL(), k.influxd.Database()))
}

// serve starts plantroom serve with the texts of its two files, and waits until
// its pages are served on web.
func (k *stack) serve(ctx context.Context, web string, estate, text []byte) error {
	file := filepath.Join(k.dir, "plantroom.yaml")
	for path, text := range map[string][]byte{filepath.Join(k.dir, "estate.yaml"): estate, file: text} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("write the server's files: %w", err)
		}
	}
	program, err := k.env.program(ctx, "plantroom")
	if err != nil {
		return err
	}
	if k.server, err = k.env.start(k.dir, "plantroom", program, "serve", file); err != nil {
		return err
	}
	k.web = web
	return k.server.until(ctx, startTimeout, "it serves "+web, func() bool { return listens(web) })
}

const gatewayFile = `gateway: %s
estate: %s
spool: {dir: spool, max: 1GiB}
clock: {trust: always}
uplink: {broker: "tcp://%s"}
mqtt:
  - name: site
    broker: "tcp://%[3]s"
    client_id: %[1]s-%[5]s
    family: plainjson
    devices: [{match: "*"}]
health: {listen: %[4]q}
`

// gateway starts plantroom-gateway in a directory, with devices and services
// on one broker.
func (e *Env) gateway(ctx context.Context, dir, broker string) (p *process, health string, err error) {
	if health, err = freeAddr(); err != nil {
		return nil, "", err
	}
	text := fmt.Appendf(nil, gatewayFile, gatewayID, estateID, broker, health, filepath.Base(dir))
	p, err = e.gatewayOf(ctx, dir, text, health)
	return p, health, err
}

// gatewayOf starts plantroom-gateway with a file of one source.
func (e *Env) gatewayOf(ctx context.Context, dir string, text []byte, health string) (*process, error) {
	file := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, fmt.Errorf("write the gateway's file: %w", err)
	}
	p, err := e.startGateway(ctx, dir, file)
	if err != nil {
		return nil, err
	}
	var client http.Client
	return p, p.until(ctx, startTimeout, "its source is connected", func() bool {
		h, err := readHealth(ctx, &client, health)
		return err == nil && len(h.Sources) == 1 && h.Sources[0].Connected != nil && *h.Sources[0].Connected
	})
}

// Health reads the gateway's health page.
func (k *stack) Health(ctx context.Context) (gateway.Health, error) {
	return readHealth(ctx, &k.client, k.health)
}

func readHealth(ctx context.Context, c *http.Client, addr string) (h gateway.Health, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/health", nil)
	if err != nil {
		return h, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return h, fmt.Errorf("read the gateway's health: %w", err)
	}
	defer resp.Body.Close()
	return h, json.NewDecoder(resp.Body).Decode(&h)
}

// stored waits until everything that the gateway has accepted is stored, and
// that it has accepted n records in all.
func (k *stack) stored(ctx context.Context, n uint64) error {
	var failed error
	err := k.gateway.until(ctx, time.Minute, fmt.Sprintf("%d readings are stored", n), func() bool {
		h, err := k.Health(ctx)
		failed = err
		return err == nil && h.Uplink.Stored >= n
	})
	if err != nil {
		return errorOr(failed, err)
	}
	return nil
}

// count checks what really is in InfluxDB.
func (k *stack) count(ctx context.Context, want int64) error {
	got, err := k.reader.Count(ctx, "/.*/")
	if err != nil {
		return err
	}
	if got != want {
		return plantroom.Errorf(plantroom.CodeInternal, "InfluxDB holds %d values, not the %d that were sent", got, want)
	}
	return nil
}

func errorOr(err, otherwise error) error {
	if err != nil {
		return fmt.Errorf("%w (%w)", otherwise, err)
	}
	return otherwise
}
