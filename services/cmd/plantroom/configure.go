package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/app"
	"plantroom/services/app/config"
)

// printKey prints the key that a gateway needs to believe the server.
func printKey(name, file string, out io.Writer) error {
	if name != "gateway-config" {
		return usageError{fmt.Errorf("there is no key %q: plantroom key gateway-config FILE", name)}
	}
	cfg, err := load(file)
	if err != nil {
		return err
	}
	b, err := app.GatewayKey(cfg.Data)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return err
}

// usualWait is longer than a gateway's usual probation.
const usualWait = 10 * time.Minute

// configure sends a gateway its file through the API of a server that runs,
// and prints what the gateway makes of it.
func configure(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("configure", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	wait := fs.Duration("wait", usualWait, "")
	if err := fs.Parse(args); err != nil {
		return usageError{err}
	}
	if fs.NArg() < 3 {
		return usageError{errors.New("plantroom configure FILE GATEWAY GATEWAYFILE [BESIDE…]")}
	}
	cfg, err := load(fs.Arg(0))
	if err != nil {
		return err
	}
	body, err := bundle(fs.Args()[2:])
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := office{cfg: cfg, path: "/api/v1/gateways/" + fs.Arg(1) + "/configuration"}
	sent, err := o.ask(ctx, http.MethodPost, body)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "configuration %d is on its way to %s\n", sent.Serial, sent.Gateway)
	if *wait <= 0 {
		return nil
	}
	return o.follow(ctx, sent, *wait, out)
}

// bundle reads the files and makes the body of a request of them.
func bundle(paths []string) ([]byte, error) {
	type file struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	var files []file
	size := 0
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, usageError{err}
		}
		name := filepath.Base(path)
		if err := plantroom.ValidID(name); err != nil {
			return nil, usageError{fmt.Errorf("the name of %s cannot be sent: %w", path, err)}
		}
		if size += len(b); size > wire.MaxConfigBytes {
			return nil, usageError{fmt.Errorf("the files are too large: %d bytes in all is the most", wire.MaxConfigBytes)}
		}
		files = append(files, file{name, string(b)})
	}
	return json.Marshal(map[string]any{"files": files})
}

// office asks the server in the operator's name.
type office struct {
	cfg  *config.Config
	path string
}

// configured is what the API says of a configuration.
type configured struct {
	Gateway plantroom.GatewayID `json:"gateway"`
	Serial  uint64              `json:"serial"`
	Outcome string              `json:"outcome"`
	Detail  string              `json:"detail"`
}

func (o office) ask(ctx context.Context, method string, body []byte) (c configured, err error) {
	err = askAPI(ctx, o.cfg, method, o.path, body, &c)
	return c, err
}

// maxAnswer bounds what is read of the server's answer.
const maxAnswer = 16 << 20

// askAPI asks a server that runs, in the operator's name, and reads its answer
// into v. What the server refuses is a fault of the command line.
func askAPI(ctx context.Context, cfg *config.Config, method, path string, body []byte, v any) error {
	token, err := os.ReadFile(filepath.Join(cfg.Data, "secrets", "operator-token"))
	if err != nil {
		return fmt.Errorf("read the operator token: %w; the server makes it at its first start", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+cfg.Web.Listen+path, bytes.NewReader(body))
	if err != nil {
		return usageError{err}
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w; see that it runs", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		var p struct{ Detail string }
		if json.Unmarshal(b, &p) != nil || p.Detail == "" {
			p.Detail = resp.Status
		}
		err = errors.New(p.Detail)
		if resp.StatusCode < 500 && resp.StatusCode != http.StatusUnauthorized {
			err = usageError{err}
		}
		return err
	}
	return json.Unmarshal(b, v)
}

// askAgain is how often the server is asked for the gateway's answer.
const askAgain = 500 * time.Millisecond

// follow prints what the gateway says until that is its last word.
func (o office) follow(ctx context.Context, sent configured, wait time.Duration, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	last, trouble := "sent", error(nil)
	for {
		select {
		case <-ctx.Done():
			if trouble != nil {
				return trouble
			}
			return fmt.Errorf("the gateway has not given its last word yet (%s): it judges the file when it is connected; GET %s tells later", last, o.path)
		case <-tick.C:
		}
		c, err := o.ask(ctx, http.MethodGet, nil)
		if ctx.Err() != nil {
			continue
		}
		if trouble = err; err != nil { // the server may be restarting
			continue
		}
		if c.Serial != sent.Serial {
			return fmt.Errorf("somebody has sent configuration %d meanwhile", c.Serial)
		}
		if c.Outcome != last {
			fmt.Fprintf(out, "%s: %s\n", c.Gateway, c.Outcome)
			last = c.Outcome
		}
		switch c.Outcome {
		case "applied":
			return nil
		case "refused", "reverted":
			fmt.Fprintln(out, c.Detail)
			return errBroken
		}
	}
}
