// Package stack starts the programs of a whole Plantroom on this machine, on
// loopback and in one directory: the server with its influxd, and a gateway
// for each building. The demonstration and the integration tests use it.
//
// It writes configuration and starts processes; it plays nothing and judges
// nothing.
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
	"text/template"

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

	Broker    string // a broker that runs already, without passwords; "": the server's own
	InfluxURL string // an InfluxDB that runs already, without passwords, database plantroom; "": the server's child
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
	order  []plantroom.GatewayID
}

// Start writes all files and starts the server, then the gateways.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	s := &Stack{opt: o, Gateways: map[plantroom.GatewayID]*Process{}, web: o.Web, influx: strings.TrimPrefix(o.InfluxURL, "http://"),
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
	argv := []string{o.Plantroom}
	if o.Clock != nil {
		argv = append(argv, "--demo-clock", o.Clock.String())
	}
	s.Server = &Process{Name: "plantroom", argv: append(argv, "serve", s.path("plantroom.yaml")), log: s.path("plantroom.log"),
		up: answers(s.URL() + "/healthz")}
	if err := s.Server.Start(ctx); err != nil {
		return nil, err
	}
	for _, g := range s.Estate.Gateways {
		if err := s.addGateway(ctx, g.ID); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Stop stops the gateways, which drain their spools, and then the server.
func (s *Stack) Stop() {
	for _, g := range s.order {
		s.Gateways[g].Stop()
	}
	if s.Server != nil {
		s.Server.Stop()
	}
}

func (s *Stack) path(name string) string { return filepath.Join(s.opt.Dir, name) }

// URL is where the pages are.
func (s *Stack) URL() string { return "http://" + s.web }

// Token returns the operator's token.
func (s *Stack) Token() (string, error) { return line(s.path("data/secrets/operator-token")) }

// Secret returns the webhook secret of contractor-<id> or person-<id>. The
// server makes it with the first call to somebody.
func (s *Stack) Secret(who string) ([]byte, error) {
	text, err := line(s.path("data/secrets/webhook-" + who))
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// InfluxDB returns a reader of the stack's InfluxDB.
func (s *Stack) InfluxDB() (*influx.Reader, error) {
	o := influx.Options{URL: "http://" + s.influx, Database: "plantroom"}
	if s.opt.InfluxURL == "" {
		password, err := line(s.path("data/influxdb/password"))
		if err != nil {
			return nil, err
		}
		o.Token = "plantroom:" + password
	}
	return influx.NewReader(o), nil
}

func (s *Stack) addGateway(ctx context.Context, id plantroom.GatewayID) error {
	health, err := FreeAddr()
	if err != nil {
		return err
	}
	g := estates.Gateway{ID: id, Broker: "tcp://" + s.broker, Spool: s.path("spool-" + string(id)), SiteBroker: s.opt.Site, Health: health}
	if s.opt.Broker == "" {
		g.Username, g.PasswordFile = string(id), s.path("data/secrets/mqtt-"+string(id))
	}
	if g.SiteBroker == "" {
		g.SiteBroker = g.Broker
	}
	if s.opt.SiteUser != nil {
		g.SiteUsername, g.SitePassword = s.opt.SiteUser(id), s.opt.SitePassword(id)
	}
	src, err := estates.GatewayFile(s.Estate, g)
	if err != nil {
		return err
	}
	file := s.path(string(id) + ".yaml")
	if err := os.WriteFile(file, src, 0o600); err != nil {
		return err
	}
	p := &Process{Name: "plantroom-gateway " + string(id), argv: []string{s.opt.Gateway, "run", file}, log: s.path(string(id) + ".log"),
		up: healthy("http://" + health + "/health")}
	s.Gateways[id], s.order = p, append(s.order, id)
	return p.Start(ctx)
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
	if s.Estate, err = estate.Parse("estate.yaml", src, app.Known()); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := serverFile.Execute(&b, map[string]any{"Web": s.web, "Broker": s.broker, "Remote": s.opt.Broker != "",
		"Influx": s.influx, "Influxd": s.opt.Influxd}); err != nil {
		return fmt.Errorf("write the server's file: %w", err)
	}
	if err := os.WriteFile(s.path("estate.yaml"), src, 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.path("plantroom.yaml"), b.Bytes(), 0o600)
}

var serverFile = template.Must(template.New("plantroom").Parse(`estate: estate.yaml
data: data
web: {listen: "{{.Web}}", public_url: "http://{{.Web}}", office: "Estate office, 555 0100"}
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
