package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/app/config"
	"plantroom/services/influx"
	"plantroom/services/influxd"
	"plantroom/services/influxd/influxdtest"
)

// house is a directory with the files of a server, and the server that runs
// in it. Everything is real and on loopback.
type house struct {
	t      *testing.T
	dir    string
	files  files
	log    *logbook
	offset atomic.Int64 // of the house's clock from the world's
	influx *influxd.Server
	*app.Server
}

// files says what stands in a house's files.
type files struct {
	Estate   string // its id
	Gateways []string
	Lifts    []string // assets besides b1-l1, each with a box at gw-b1
	Webhook  string   // address of the contractor's webhook; "": it has none
	Reach    string   // the contractor's channels in place of that, as in the estate's file
	Tests    string   // when e-mail to the manager is tested; "": never, and the manager has none
	Broker   string   // a broker elsewhere; "": embedded
	MQTT     string   // the address of the embedded broker
	Influx   string   // an InfluxDB elsewhere; "": a child
	Binary   string
	Web      string // the address of the pages
	More     string // further lines of the server's file
	MoreWeb  string // further keys of web, each behind a comma
	Covers   string // further domains of the contract, each behind a comma
	Duty     string // further lines of the contractor; "": li is always on duty
}

var serverFile = template.Must(template.New("server").Parse(`estate: estate.yaml
data: data
web: {listen: "{{.Web}}"{{.MoreWeb}}}
broker: {{if .Broker}}{url: "{{.Broker}}"}{{else}}{embedded: {listen: "{{.MQTT}}"}}{{end}}
influxdb: {{if .Influx}}{url: "{{.Influx}}", database: plantroom}{{else}}{child: {binary: "{{.Binary}}"}}{{end}}
webhook: {allow_private: [127.0.0.0/8]}
{{.More}}
`))

var estateFile = template.Must(template.New("estate").Parse(`estate: {{.Estate}}
name: {en: Test House}
time_zone: Asia/Shanghai
profile: cn-urban
currency: CNY
buildings:
  - {id: b1, name: {en: Block 1}, floors: 12}
zones:
  - {id: b1-plant, building: b1, kind: plant_room, floor: -1, name: {en: Plant room}}
gateways:{{range .Gateways}}
  - {id: {{.}}, zone: b1-plant, name: {en: Gateway}}{{end}}
assets:
  - {id: b1-l1, domain: lifts, kind: passenger, building: b1, name: {en: Lift 1}, devices: [{id: b1-l1-box, gateway: gw-b1, model: lift-box}]}
{{range .Lifts}}  - {id: {{.}}, domain: lifts, kind: passenger, building: b1, name: {en: Lift}, devices: [{id: {{.}}-box, gateway: gw-b1, model: lift-box}]}
{{end}}people:
  - {id: lin, name: Lin Mei, role: manager, lang: en, channels: [{channel: mqtt, to: lin}{{if .Tests}}, {channel: email, to: lin@example.org}{{end}}]}
  - {id: li, name: Li Qiang, role: technician, lang: en, channels: [{channel: mqtt, to: li}]}
{{if .Tests}}channel_tests: [{channel: email, person: lin, at: "{{.Tests}}"}]
{{end}}contractors:
  - id: quicklift
    name: {en: Quicklift Services}
    technicians: [li]
    channels: [{{if .Reach}}{{.Reach}}{{else if .Webhook}}{channel: webhook, to: "{{.Webhook}}"}{{else}}{channel: mqtt, to: quicklift}{{end}}]
    {{if .Duty}}{{.Duty}}{{else}}roster: [{start: "00:00", end: "00:00", people: [li]}]{{end}}
contracts:
  - id: quicklift-2026
    contractor: quicklift
    title: {en: Lift maintenance}
    domains: [lifts, devices{{.Covers}}]
    from: 2020-01-01
    windows:
      - {clock: acknowledge, length: 5m, from: dispatched, source: "contract, clause 4.1"}
      - {clock: attend, length: 15m, from: raised, source: "contract, clause 4.2"}
      - {clock: restore, length: 30m, from: raised, source: "contract, clause 4.3"}
    on_site: true
    travel: 5m
    price: {yearly: 190000}
    clean_cycles: 3
    reopen: 4h
    ladder: standard
ladders:
  - id: standard
    levels:
      - {after: 3m}
      - {after: 10m, people: [lin]}
`))

// newHouse writes the files of a house and starts nothing.
func newHouse(t *testing.T, change ...func(*files)) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), log: &logbook{}, files: files{Estate: "story", Gateways: []string{"gw-b1"}, Web: "127.0.0.1:0", MQTT: "127.0.0.1:0"}}
	for _, f := range change {
		f(&h.files)
	}
	if h.files.Influx == "" {
		h.files.Binary = influxdtest.Binary(t)
	}
	h.write()
	return h
}

// withInflux lets a house use an InfluxDB that the test has started.
func (h *house) withInflux() *house {
	h.t.Helper()
	h.influx = influxdtest.Start(h.t, influxd.Options{})
	h.files.Influx = h.influx.URL()
	h.write()
	return h
}

func (h *house) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

func (h *house) write() {
	h.t.Helper()
	for name, tmpl := range map[string]*template.Template{"plantroom.yaml": serverFile, "estate.yaml": estateFile} {
		var b bytes.Buffer
		if err := tmpl.Execute(&b, h.files); err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(h.path(name), b.Bytes(), 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) load() *config.Config {
	h.t.Helper()
	cfg, err := config.Load(h.path("plantroom.yaml"), app.Known())
	if err != nil {
		h.t.Fatal(err)
	}
	return cfg
}

func (h *house) now() plantroom.Instant {
	return plantroom.At(time.Now()).Add(time.Duration(h.offset.Load()))
}

// pass lets so much of the house's time go by at once.
func (h *house) pass(d time.Duration) { h.offset.Add(int64(d)) }

// start starts the server; it stops with the test.
func (h *house) start() *house {
	h.t.Helper()
	s, err := app.Start(h.t.Context(), h.load(), app.Options{Logger: slog.New(slog.NewTextHandler(h.log, nil)), Now: h.now})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Server = s
	h.t.Cleanup(s.Stop)
	return h
}

func (h *house) token() string {
	h.t.Helper()
	b, err := os.ReadFile(h.TokenFile())
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// request asks the server something; "" as token: as a stranger.
func (h *house) request(method, path, token string) (status int, header http.Header, body string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.URL()+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := browser.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		return resp.StatusCode, resp.Header, "" // it has no end
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

// browser follows no redirect and keeps no connection.
var browser = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// get reads a list of the API.
func get[T any](h *house, path string) []T {
	h.t.Helper()
	status, _, body := h.request("GET", path, h.token())
	var list struct{ Items []T }
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK {
		h.t.Fatalf("GET %s: %d %s %v", path, status, body, err)
	}
	return list.Items
}

func (h *house) orders() []plantroom.WorkOrder {
	h.t.Helper()
	return get[plantroom.WorkOrder](h, "/api/v1/orders")
}

// metric returns a number of /metrics, by name and labels as it is written.
func (h *house) metric(name string) float64 {
	h.t.Helper()
	status, _, body := h.request("GET", "/metrics", h.token())
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err != nil {
				h.t.Fatalf("%q: %v", line, err)
			}
			return v
		}
	}
	h.t.Fatalf("/metrics (%d) has no %s:\n%s", status, name, body)
	return 0
}

// points counts the values of a measurement in InfluxDB.
func (h *house) points(measurement string) int64 {
	h.t.Helper()
	o := influx.Options{URL: h.InfluxURL(), Database: "plantroom"}
	if h.files.Influx == "" {
		b, err := os.ReadFile(h.path("data", "influxdb", "password"))
		if err != nil {
			h.t.Fatal(err)
		}
		o.Token = "plantroom:" + strings.TrimSpace(string(b))
	}
	n, err := influx.NewReader(o).Count(h.t.Context(), measurement)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// eventually waits for a condition, up to a limit that only a failure reaches.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	const limit = time.Minute
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !done(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("after %s still not: %s", limit, what)
		}
	}
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// count says how many lines hold a text.
func (l *logbook) count(text string) (n int) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
