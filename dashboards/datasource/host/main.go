// Command host stands in for Grafana where none can be had: it starts the built
// plugin with Grafana's handshake, and answers over HTTP what the front end of a
// data source asks Grafana, with one data source in one organisation.
//
//	POST     /api/ds/query                         queries, as Grafana sends them
//	GET POST /api/datasources/uid/UID/resources/…  resource calls
//	GET      /api/datasources/uid/UID/health       Save & test
//	GET      /api/live/ds/UID/PATH                 a live channel, as server-sent events
//
// It is for tests and not a Grafana: it knows no users, no boards, no variables
// and no alerts, evaluates no expressions, and streams where Grafana has a web
// socket. It listens on loopback only, since whoever reaches it asks with the
// token that it was given.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"plantroom/dashboards/datasource/launch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	listen, program, tokenFile string
	source                     source
}

func flags(args []string) (options, error) {
	o := options{}
	f := flag.NewFlagSet("host", flag.ContinueOnError)
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback address; port 0: any free one")
	f.StringVar(&o.program, "plugin", "", "the plugin's built program")
	f.StringVar(&o.source.URL, "url", "", "where the plugin reaches Plantroom")
	f.StringVar(&o.source.Public, "public-url", "", "where browsers reach Plantroom; empty: the same")
	f.StringVar(&o.source.UID, "uid", "plantroom", "of the data source")
	f.StringVar(&o.tokenFile, "token-file", "", "file of the viewer token")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.program == "" || o.source.URL == "" || o.tokenFile == "" {
		return o, errors.New("wanted are --plugin, --url and --token-file; --help tells of the others")
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := flags(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	token, err := os.ReadFile(o.tokenFile)
	if err != nil {
		return fmt.Errorf("read the viewer token: %w", err)
	}
	o.source.Token = strings.TrimSpace(string(token))
	l, err := listen(o.listen)
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // the server closes it before
	p, err := launch.Start(o.program, os.Stderr)
	if err != nil {
		return err
	}
	defer p.Kill()
	fmt.Printf("stands in for Grafana at http://%s\n", l.Addr())
	return serve(ctx, l, newHost(p, o.source))
}

// listen opens a port that only this machine reaches.
func listen(addr string) (net.Listener, error) {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	if !a.IP.IsLoopback() {
		return nil, fmt.Errorf("listen on %s: it is no loopback address, and whoever reaches this program asks with its token: choose 127.0.0.1:PORT", addr)
	}
	return net.ListenTCP("tcp", a)
}

// serve answers until ctx ends, which ends live channels, too.
func serve(ctx context.Context, l net.Listener, h *host) error {
	defer h.live.end()
	s := &http.Server{Handler: h.routes(), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.Shutdown(last)
}
