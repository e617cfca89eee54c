package integration

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom/internal/mqttconn"
	"plantroom/services/influxd/influxdtest"
	"plantroom/sim/stack"
)

// docs/gateway.md, "From zero to a running gateway", from step 4 on: the
// server's files are those that plantroom init writes, the gateway's is the one
// in the guide, and the reading is the one of step 7. Only addresses, paths and
// the broker's TLS are others, since all is on this machine.
func TestTheGuideLeadsFromAFileToAReadingOnTheBoard(t *testing.T) {
	w := &walk{t: t, dir: t.TempDir()}
	w.server()
	w.gateway()
	w.say()

	within(t, soon, "the gateway's line and the order for the bathroom are on the board", func(ctx context.Context) error {
		page, err := w.page(ctx, "/board")
		if err != nil {
			return err
		}
		for _, word := range []string{"Gateway, block 1", "Bathroom 7a", "wo-000001"} {
			if !strings.Contains(page, word) {
				return fmt.Errorf("the board does not show %q", word)
			}
		}
		if strings.Contains(page, `class="line unknown"`) {
			return fmt.Errorf("a gateway was never heard")
		}
		return nil
	})
	asset, err := w.page(t.Context(), "/assets/b1-07a-wc")
	if err != nil || !strings.Contains(asset, "b1-07a-leak") || !strings.Contains(asset, "Water leak") {
		t.Errorf("the page of the bathroom does not show leak and sensor: %v\n%s", err, asset)
	}
}

// walk is a person who follows the guide.
type walk struct {
	t       *testing.T
	dir     string
	board   string
	broker  string // of the server
	local   string // of the gateway
	account string // password of the device
}

func (w *walk) path(name string) string { return filepath.Join(w.dir, name) }

// does runs a program as the guide says, and returns what it prints.
func (w *walk) does(name string, args ...string) string {
	w.t.Helper()
	out, err := exec.CommandContext(w.t.Context(), program(name), args...).Output()
	if err != nil {
		w.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// change replaces texts of a file, which have to be there.
func (w *walk) change(path string, pairs ...string) {
	w.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(b), pairs[i]) {
			w.t.Fatalf("%s does not say %q", path, pairs[i])
		}
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(b))), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// server sets a server up as docs/operations.md says.
func (w *walk) server() {
	w.t.Helper()
	web, broker := freeAddr(w.t), freeAddr(w.t)
	w.board, w.broker = "http://"+web, "tcp://"+broker
	w.does("plantroom", "init", w.dir)
	file := w.path("plantroom.yaml")
	w.change(file, "127.0.0.1:8080", web, "127.0.0.1:1883", broker, "binary: influxd, listen: 127.0.0.1:8086", "binary: "+influxdtest.Binary(w.t))
	w.change(w.path("estate.yaml"), "from: 2026-01-01", "from: 2020-01-01")
	w.does("plantroom", "check", file)
	start(w.t, stack.NewProcess("plantroom", []string{program("plantroom"), "serve", file}, w.path("plantroom.log"), stack.Answers(w.board+"/healthz")))
}

// gateway sets up the one of the guide.
func (w *walk) gateway() {
	w.t.Helper()
	local, health := freeAddr(w.t), freeAddr(w.t)
	w.local = "tcp://" + local
	file := w.path("gateway.yaml")
	text := w.guide("(?ms)^   ```yaml\n(.*?)^   ```")
	write(w.t, file, regexp.MustCompile("(?m)^   ").ReplaceAllString(text, ""))
	w.change(file, "/var/lib/plantroom-gateway/spool", w.path("spool"), "tls://broker.example.org:8883", w.broker,
		"password_file: uplink-password", "password_file: "+w.path("data/secrets/mqtt-gw-b1"), "127.0.0.1:1884", local, "127.0.0.1:9101", health)
	w.account = strings.TrimSpace(w.does("plantroom-gateway", "device", "add", "b1-07a-leak", "--accounts", w.path("accounts.yaml")))
	w.does("plantroom-gateway", "check", file)
	start(w.t, stack.NewProcess("plantroom-gateway", []string{program("plantroom-gateway"), "run", file}, w.path("gateway.log"), stack.Answers("http://"+health+"/health")))
	within(w.t, soon, "the health page says ok", func(ctx context.Context) error {
		text, err := get(ctx, "http://"+health+"/health", "")
		if err != nil || !strings.Contains(text, `"status": "ok"`) && !strings.Contains(text, `"status":"ok"`) {
			return fmt.Errorf("it says %s, %v", text, err)
		}
		return nil
	})
}

// guide returns what a pattern finds in the guide.
func (w *walk) guide(pattern string) string {
	w.t.Helper()
	text, err := os.ReadFile("../../docs/gateway.md")
	if err != nil {
		w.t.Fatal(err)
	}
	m := regexp.MustCompile(pattern).FindSubmatch(text)
	if m == nil {
		w.t.Fatalf("docs/gateway.md has no %s", pattern)
	}
	return string(m[1])
}

// say publishes as mosquitto_pub of the guide does.
func (w *walk) say() {
	w.t.Helper()
	topic, text := w.guide(`mosquitto_pub .* -t (\S+) -m`), w.guide(`mosquitto_pub .* -m '([^']+)'`)
	password := w.path("password")
	write(w.t, password, w.account+"\n")
	c, err := mqttconn.Connect(w.t.Context(), mqttconn.Options{URL: w.local, ClientID: "b1-07a-leak", Username: "b1-07a-leak", PasswordFile: password},
		mqttconn.Session{Handle: func(m paho.Message) { m.Ack() }})
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendAndWait(w.t.Context(), topic, false, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
}

// page reads a page as the operator.
func (w *walk) page(ctx context.Context, path string) (string, error) {
	token, err := os.ReadFile(w.path("data/secrets/operator-token"))
	if err != nil {
		return "", err
	}
	return get(ctx, w.board+path, strings.TrimSpace(string(token)))
}

func get(ctx context.Context, url, token string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return string(b), err
}
