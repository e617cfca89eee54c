package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/dashboards/gen"
	"plantroom/services/influx"
	"plantroom/sim/stack"
)

// grafana asks as a Grafana would that stands before the house: our data source
// through the built plugin and the small program that hosts it, InfluxDB
// directly. It stands in for one, and is none.
type grafana struct {
	*house
	base         string // of the host
	plugin, host string // the programs
	influx       *influx.Reader
}

// grafana starts the plugin's programs as they are built from their own module.
func (h *house) grafana() *grafana {
	h.t.Helper()
	plugin, host := filepath.Join(h.dir, "gpx_plantroom_facilities_datasource"), filepath.Join(h.dir, "host")
	for out, from := range map[string]string{plugin: "./pkg", host: "./host"} {
		args := []string{"build", "-tags", "arrow_json_stdlib", "-o", out}
		if raced {
			args = append(args, "-race")
		}
		cmd := exec.CommandContext(h.t.Context(), "go", append(args, from)...)
		cmd.Dir = "../../dashboards/datasource"
		if text, err := cmd.CombinedOutput(); err != nil {
			h.t.Fatalf("build %s: %v\n%s", from, err, text)
		}
	}
	g := &grafana{house: h, plugin: plugin, host: host}
	g.base = g.hosted(h.t, h.ViewerTokenFile())
	within(h.t, soon, "the data source is well", stack.Answers(g.source("health")))
	var err error
	if g.influx, err = h.InfluxDB(); err != nil {
		h.t.Fatal(err)
	}
	return g
}

// hosted starts a host for the length of a test, with a token, and returns its
// address.
func (g *grafana) hosted(t *testing.T, tokenFile string) string {
	t.Helper()
	addr := freeAddr(t)
	p := stack.NewProcess("host", []string{g.host, "--listen", addr, "--plugin", g.plugin, "--url", g.URL(), "--public-url", "https://plantroom.example",
		"--token-file", tokenFile}, filepath.Join(g.dir, "host-"+filepath.Base(tokenFile)+".log"), listens(addr))
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // told to, it ends the plugin, too
		p.Stop()
		if err := p.Exit(); err != nil {
			t.Errorf("the host ended with %v:\n%s", err, p.Tail())
		}
	})
	return "http://" + addr
}

// source is the address of something of our data source.
func (g *grafana) source(what string) string {
	return g.base + "/api/datasources/uid/" + gen.PlantroomUID + "/" + what
}

// frame is a frame as Grafana's JSON has it.
type frame struct {
	Schema struct {
		Name string
		Meta struct {
			Channel string
			Notices []struct{ Severity, Text string }
		}
		Fields []column
	}
	Data struct{ Values [][]any }
}

type column struct {
	Name, Type string
	Labels     map[string]string
	Config     struct{ DisplayNameFromDS, Unit string }
}

// result is the answer to one query.
type result struct {
	Status             int
	Error, ErrorSource string
	Frames             []frame
}

// asks sends queries as a panel or, with alert, as alerting does.
func (g *grafana) asks(t *testing.T, from, to time.Time, alert bool, queries ...any) (map[string]result, error) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"from": fmt.Sprint(from.UnixMilli()), "to": fmt.Sprint(to.UnixMilli()), "queries": queries})
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if alert {
		header["FromAlert"] = []string{"true"}
	}
	_, text, err := g.send(t.Context(), g.base+"/api/ds/query", header, body)
	if err != nil {
		return nil, err
	}
	var got struct{ Results map[string]result }
	if err := json.Unmarshal(text, &got); err != nil || len(got.Results) != len(queries) {
		return nil, fmt.Errorf("%d queries are answered with %.500s, %v", len(queries), text, err)
	}
	return got.Results, nil
}

func (g *grafana) send(ctx context.Context, url string, header http.Header, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// token reads a token's file.
func (g *grafana) token(file string) string {
	g.t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		g.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
