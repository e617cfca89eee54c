// Command bench asks the plugin's built program over gRPC, as Grafana does, and
// says how long that takes. It is a part of Plantroom's figures (make bench) and
// not of what is shipped.
//
// It reads one JSON object, a plan, from standard input and writes a JSON object a
// line: one for each ask, then one about the process. It judges nothing: targets
// are its caller's.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// plan is what is asked, and whom.
type plan struct {
	Program string    `json:"program"` // path of the plugin's program
	URL     string    `json:"url"`     // of Plantroom
	Token   string    `json:"token"`   // to look
	Warm    int       `json:"warm"`    // how often each ask is made before it counts
	Rounds  int       `json:"rounds"`  // how often it counts
	To      time.Time `json:"to"`      // the end of every range
	Asks    []ask     `json:"asks"`
}

// ask is what is measured as one: requests that are made at once, as a browser
// makes one for each panel of a board.
type ask struct {
	Name     string        `json:"name"`
	Last     time.Duration `json:"last"` // how far back the range goes, in nanoseconds
	Requests []request     `json:"requests"`
}

// request is the queries of one panel.
type request struct {
	Panel   string            `json:"panel"`
	Queries []json.RawMessage `json:"queries"` // each with a refId
}

// outcome is how long an ask took: the whole of it, until the last answer was there.
type outcome struct {
	Name  string  `json:"name"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	Most  float64 `json:"max_ms"`
	Bytes int     `json:"bytes"` // of the frames of one ask
	Rows  int     `json:"rows"`  // the same
}

// taken is what the plugin's process took.
type taken struct {
	Resident int64 `json:"resident"` // bytes at the end
	Peak     int64 `json:"peak"`     // at most
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	var p plan
	if err := json.NewDecoder(in).Decode(&p); err != nil {
		return fmt.Errorf("read the plan from standard input: %w", err)
	}
	g, err := start(p)
	if err != nil {
		return err
	}
	defer g.Kill()
	lines := json.NewEncoder(out)
	for _, a := range p.Asks {
		o, err := g.measure(ctx, a, p.Warm, p.Rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		if err := lines.Encode(o); err != nil {
			return err
		}
	}
	t, err := g.taken()
	if err != nil {
		return err
	}
	return lines.Encode(t)
}
