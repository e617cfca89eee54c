// Package stack starts the programs of a whole Plantroom on this machine, on
// loopback and in one directory: the server with its influxd, and a gateway
// for each building. The demonstration and the integration tests use it.
//
// It writes configuration, also for somebody who starts the programs by hand,
// and starts processes; it plays nothing and judges nothing.
package stack

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/template"

	"golang.org/x/sync/errgroup"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/estate"
	"plantroom/services/influx"
	"plantroom/sim/estates"
)

// Options of a Stack.
type Options struct {
	Dir       string // made if missing; everything lives below it
	Plantroom string // path of the program plantroom
	Gateway   string // path of the program plantroom-gateway
	Influxd   string // path of the program influxd; "" with InfluxURL
	Estate    string // name of an estate
	Hooks     string // address of the phones that take webhooks
	Web       string // address for the pages; "": any free one

	Edit      func(estate []byte) []byte                   // nil, or what is to be different in the estate's file
	Before    func(ctx context.Context, file string) error // nil, or what is to be done with the server's file before the server starts
	Broker    string                                       // a broker that runs already, without passwords; "": the server's own
	InfluxURL string                                       // an InfluxDB that runs already, without passwords, database plantroom; "": the server's child
	Clock     *app.DemoClock

	Site         string // broker of the devices; "": Broker
	SiteUser     func(plantroom.GatewayID) string
	SitePassword func(plantroom.GatewayID) string // a file
}

// Stack is a Plantroom whose programs run.
type Stack struct {
	Estate   plantroom.Estate
	Server   *Process
	Gateways map[plantroom.GatewayID]*Process

	opt    Options
	web    string
	broker string
	influx string
	health map[plantroom.GatewayID]string
}

// Start writes all files and starts the server, then the gateways.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	s := &Stack{opt: o, Gateways: map[plantroom.GatewayID]*Process{}, health: map[plantroom.GatewayID]string{}, web: o.Web, influx: strings.TrimPrefix(o.InfluxURL, "http://"),
		broker: strings.TrimPrefix(o.Broker, "tcp://")}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if s.opt.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	for _, a := range []*string{&s.web, &s.broker, &s.influx} {
		if *a == "" {
			if *a, err = FreeAddr(); err != nil {
				return nil, err
			}
		}
	}
	if err := s.write(); err != nil {
		return nil, err
	}
	if o.Before != nil {
		if err := o.Before(ctx, s.Path("plantroom.yaml")); err != nil {
			return nil, err
		}
	}
	argv := []string{o.Plantroom}
	if o.Clock != nil {
		argv = append(argv, "--demo-clock", o.Clock.String())
	}
	s.Server = NewProcess("plantroom", append(argv, "serve", s.Path("plantroom.yaml")), s.Path("plantroom.log"), Answers(s.URL()+"/healthz"))
	if err := s.Server.Start(ctx); err != nil {
		return nil, err
	}
	if err := s.startGateways(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// startGateways starts all gateways at once: each waits a random moment before
// it connects.
func (s *Stack) startGateways(ctx context.Context) error {
	for _, g := range s.Estate.Gateways {
		p, err := s.newGateway(g.ID)
		if err != nil {
			return err
		}
		s.Gateways[g.ID] = p
	}
	var all errgroup.Group
	for _, p := range s.Gateways {
		all.Go(func() error { return p.Start(ctx) })
	}
	return all.Wait()
}

// Stop stops the gateways, which drain their spools, and then the server.
func (s *Stack) Stop() {
	var all sync.WaitGroup
	for _, g := range s.Gateways {
		all.Go(g.Stop)
	}
	all.Wait()
	if s.Server != nil {
		s.Server.Stop()
	}
}

// Path is where something of the stack is: plantroom.yaml and estate.yaml,
// <gateway>.yaml, spool-<gateway>, plantroom.log, <gateway>.log, data.
func (s *Stack) Path(name string) string { return filepath.Join(s.opt.Dir, name) }

// URL is where the pages are.
func (s *Stack) URL() string { return "http://" + s.web }

// Broker is where the gateways' broker is, as HOST:PORT.
func (s *Stack) Broker() string { return s.broker }

// Token returns the operator's token.
func (s *Stack) Token() (string, error) { return line(s.Path("data/secrets/operator-token")) }

// ViewerTokenFile is where the server keeps the token of whoever only looks.
func (s *Stack) ViewerTokenFile() string { return s.Path("data/secrets/viewer-token") }

// AlertsTokenFile is where it keeps the token of whoever tells of alerts.
func (s *Stack) AlertsTokenFile() string { return s.Path("data/secrets/alerts-token") }

// Secret returns the webhook secret of contractor-<id> or person-<id>. The
// server makes it with the first call to somebody.
func (s *Stack) Secret(who string) ([]byte, error) {
	text, err := line(s.Path("data/secrets/webhook-" + who))
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// InfluxDB returns a reader of the stack's InfluxDB.
func (s *Stack) InfluxDB() (*influx.Reader, error) {
	o := influx.Options{URL: "http://" + s.influx, Database: "plantroom"}
	if s.opt.InfluxURL == "" {
		password, err := line(s.Path("data/influxdb/password"))
		if err != nil {
			return nil, err
		}
		o.Token = "plantroom:" + password
	}
	return influx.NewReader(o), nil
}

// newGateway writes a gateway's file.
func (s *Stack) newGateway(id plantroom.GatewayID) (*Process, error) {
	health, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	g := estates.Gateway{ID: id, Broker: "tcp://" + s.broker, Spool: s.Path("spool-" + string(id)), SiteBroker: s.opt.Site, Health: health}
	if s.opt.Broker == "" {
		g.Username, g.PasswordFile = string(id), s.Path("data/secrets/mqtt-"+string(id))
	}
	if g.SiteBroker == "" {
		g.SiteBroker = g.Broker
	}
	if s.opt.SiteUser != nil {
		g.SiteUsername, g.SitePassword = s.opt.SiteUser(id), s.opt.SitePassword(id)
	}
	src, err := estates.GatewayFile(s.Estate, g)
	if err != nil {
		return nil, err
	}
	file := s.Path(string(id) + ".yaml")
	if err := os.WriteFile(file, src, 0o600); err != nil {
		return nil, err
	}
	s.health[id] = health
	return NewProcess("plantroom-gateway "+string(id), []string{s.opt.Gateway, "run", file}, s.Path(string(id)+".log"), func(ctx context.Context) error {
		h, err := s.GatewayHealth(ctx, id)
		if err != nil {
			return err
		}
		return h.Err()
	}), nil
}

// write writes the server's file and the estate's, with its webhooks led to
// our phones.
func (s *Stack) write() error {
	if err := os.MkdirAll(s.opt.Dir, 0o700); err != nil {
		return err
	}
	src, err := estates.Source(s.opt.Estate)
	if err != nil {
		return err
	}
	src = bytes.ReplaceAll(src, []byte("127.0.0.1:18099"), []byte(s.opt.Hooks))
	if s.opt.Edit != nil {
		src = s.opt.Edit(src)
	}
	if s.Estate, err = estate.Parse("estate.yaml", src, app.Known()); err != nil {
		return err
	}
	server, err := serverSource(map[string]any{"Web": s.web, "Broker": s.broker, "Remote": s.opt.Broker != "", "Tokens": true, "Influx": s.influx, "Influxd": s.opt.Influxd})
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.Path("estate.yaml"), src, 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.Path("plantroom.yaml"), server, 0o600)
}

func serverSource(data map[string]any) ([]byte, error) {
	var b bytes.Buffer
	if err := serverFile.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("write the server's file: %w", err)
	}
	return b.Bytes(), nil
}

var serverFile = template.Must(template.New("plantroom").Parse(`estate: estate.yaml
data: data
web: {listen: "{{.Web}}", public_url: "http://{{.Web}}", office: "Estate office, 555 0100"{{if .Tokens}}, viewer_token_file: data/secrets/viewer-token, alerts_token_file: data/secrets/alerts-token{{end}}}
{{if .Remote}}broker: {url: "tcp://{{.Broker}}", client_id: plantroom}
{{else}}broker: {embedded: {listen: "{{.Broker}}"}}
{{end}}{{if .Influxd}}influxdb: {child: {binary: {{printf "%q" .Influxd}}, listen: "{{.Influx}}"}}
{{else}}influxdb: {url: "http://{{.Influx}}", database: plantroom}
{{end}}webhook: {allow_private: [127.0.0.0/8]}
`))

func line(path string) (string, error) {
	b, err := os.ReadFile(path)
	text, _, _ := strings.Cut(string(b), "\n")
	return text, err
}

// Listen opens a port on loopback: the usual one where it is free, else any.
func Listen(usual string) (net.Listener, error) {
	if l, err := net.Listen("tcp", usual); err == nil {
		return l, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}
