package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/dashboards/gen"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

// pluginModule is the folder of the plugin, a Go module of its own.
const pluginModule = "dashboards/datasource"

// build builds the plugin's program as it is shipped, and the one that asks it.
func (b *behind) build(ctx context.Context) error {
	b.env.Say("build the Grafana plugin, and what asks it")
	b.plugin, b.asker = filepath.Join(b.dir, "gpx_plantroom_facilities_datasource"), filepath.Join(b.dir, "ask-plugin")
	for _, p := range []struct{ out, folder string }{{b.plugin, "./pkg"}, {b.asker, "./bench"}} {
		cmd := exec.CommandContext(ctx, "go", "build", "-tags", "arrow_json_stdlib", "-trimpath", "-ldflags", "-s -w", "-o", p.out, p.folder)
		cmd.Dir = filepath.Join(b.env.Root, pluginModule)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "build " + p.folder + " of the Grafana plugin", Message: strings.TrimSpace(string(out)),
				Hint: "run from the source tree; the modules of " + pluginModule + "/go.mod have to be there: cd " + pluginModule + " && go mod download", Err: err}
		}
	}
	return nil
}

// The plan that the asking program takes, and the lines that it answers with.
// Package main in the plugin's folder bench says what they mean.
type (
	askingPlan struct {
		Program string    `json:"program"`
		URL     string    `json:"url"`
		Token   string    `json:"token"`
		Warm    int       `json:"warm"`
		Rounds  int       `json:"rounds"`
		To      time.Time `json:"to"`
		Asks    []asking  `json:"asks"`
	}
	asking struct {
		Name     string        `json:"name"`
		Last     time.Duration `json:"last"`
		Requests []panel       `json:"requests"`
	}
	panel struct {
		Panel   string `json:"panel"`
		Queries []any  `json:"queries"`
	}
	askedLine struct {
		Name  string  `json:"name"`
		P50   float64 `json:"p50_ms"`
		P95   float64 `json:"p95_ms"`
		Most  float64 `json:"max_ms"`
		Bytes int     `json:"bytes"`
		Rows  int     `json:"rows"`
		Peak  int64   `json:"peak"` // of the last line, which has no name
	}
)

const (
	askWarm   = 5
	askRounds = 50
	day       = 24 * time.Hour
)

// asks lists what is measured, in the order of the figures.
func (b *behind) asks() []asking {
	of := func(name string, last time.Duration, q gen.Query) asking {
		q.RefID = "A"
		return asking{Name: name, Last: last, Requests: []panel{{Panel: name, Queries: []any{q}}}}
	}
	var fifty []string
	for i := range b.assets[:50] {
		fifty = append(fifty, string(b.assets[i].ID))
	}
	return []asking{
		of("work_orders", 90*day, gen.Query{QueryType: gen.WorkOrders, Limit: 100}),
		of("sla_compliance", 90*day, gen.Query{QueryType: gen.SLACompliance, By: []string{"contractor", "clock", "day"}}),
		of("contractor_league", 90*day, gen.Query{QueryType: gen.ContractorLeague}),
		of("asset_state", 7*day, gen.Query{QueryType: gen.AssetState, Asset: fifty}),
		overview(),
	}
}

// overview is what a browser asks at once when it shows the overview with all
// buildings: a request for each panel.
func overview() asking {
	a := asking{Name: "overview", Last: day} // the board's own range
	boards := gen.Boards(gen.Options{Domains: domains.All(), Devices: detect.Devices()}, gen.Provisioned)
	for i, t := range gen.Targets(boards[:1]) {
		q, ours := t.Target.(gen.Query)
		if !ours {
			continue
		}
		if len(q.Building) == 1 && strings.HasPrefix(q.Building[0], "$") { // the front end makes no filter of All
			q.Building = nil
		}
		if q.RefID == "" {
			q.RefID = fmt.Sprint("Q", i)
		}
		if n := len(a.Requests); n > 0 && a.Requests[n-1].Panel == t.Panel {
			a.Requests[n-1].Queries = append(a.Requests[n-1].Queries, q)
			continue
		}
		a.Requests = append(a.Requests, panel{Panel: t.Panel, Queries: []any{q}})
	}
	return a
}

// ask has the other program ask all of it, and returns p95 of each and the
// plugin's memory in MB.
func (b *behind) ask(ctx context.Context, token string) ([]float64, error) {
	plan := askingPlan{Program: b.plugin, URL: "http://" + b.web, Token: token, Warm: askWarm, Rounds: askRounds, To: b.now, Asks: b.asks()}
	text, err := json.Marshal(plan)
	if err != nil {
		return nil, err
	}
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, b.asker)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &out, &said
	dieWithUs(cmd)
	if err := cmd.Run(); err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInternal, Op: "ask the plugin", Message: strings.TrimSpace(said.String()), Hint: "the server's last words: " + b.server.failed("").Error(), Err: err}
	}
	var figures []float64
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		var l askedLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("understand what asked the plugin: %q: %w", lines.Text(), err)
		}
		if l.Name == "" {
			figures = append(figures, float64(l.Peak)/1e6)
			continue
		}
		b.env.Say("grafana: %s: p50 %.1f, p95 %.1f, max %.1f ms; %d rows, %d bytes", l.Name, l.P50, l.P95, l.Most, l.Rows, l.Bytes)
		figures = append(figures, l.P95)
	}
	if want := len(plan.Asks) + 1; len(figures) != want {
		return nil, plantroom.Errorf(plantroom.CodeInternal, "what asked the plugin gave %d figures, not %d", len(figures), want)
	}
	return figures, nil
}
