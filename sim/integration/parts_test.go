package integration

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"plantroom/internal/mqttconn/brokertest"
	"plantroom/services/influxd/influxdtest"
	"plantroom/sim/stack"
)

// mosquitto is a real broker that keeps sessions and messages on disk.
type mosquitto struct {
	*stack.Process
	url string
	db  string
}

// startMosquitto starts a broker that saves whenever something has changed: a
// subscription, a retained message, a session that is kept. With
// autosave_on_changes the interval is a number of changes, not of seconds, so
// a broker that nobody has come to yet has no database at all.
func startMosquitto(t *testing.T, dir, name string) *mosquitto {
	t.Helper()
	binary := brokertest.MosquittoBinary(t)
	dir = filepath.Join(dir, name)
	addr := freeAddr(t)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "mosquitto.conf")
	write(t, conf, fmt.Sprintf(`listener %s %s
user root
allow_anonymous true
persistence true
persistence_location %s/
autosave_on_changes true
autosave_interval 1
max_queued_messages 0
`, port, host, dir))
	m := &mosquitto{url: "tcp://" + addr, db: filepath.Join(dir, "mosquitto.db"),
		Process: stack.NewProcess(name, []string{binary, "-c", conf}, filepath.Join(dir, "log"), listens(addr))}
	start(t, m.Process)
	return m
}

// saved waits until the broker has each of some words on disk.
func (m *mosquitto) saved(t *testing.T, words []string) {
	t.Helper()
	within(t, reconnected, m.Name+" has it on disk", func(context.Context) error {
		db, err := os.ReadFile(m.db)
		if err != nil {
			return err
		}
		for _, w := range words {
			if !bytes.Contains(db, []byte(w)) {
				return fmt.Errorf("no %q in the %d bytes of its database", w, len(db))
			}
		}
		return nil
	})
}

// wipe deletes all that a broker knows. It must not run, and has to have saved
// something before.
func (m *mosquitto) wipe(t *testing.T) {
	t.Helper()
	if err := os.Remove(m.db); err != nil {
		t.Fatal("the broker had nothing on disk: ", err)
	}
}

// startInfluxd starts InfluxDB as somebody would who runs it apart from
// Plantroom.
func startInfluxd(t *testing.T, dir string) (p *stack.Process, base string) {
	t.Helper()
	binary := influxdtest.Binary(t)
	dir = filepath.Join(dir, "influxdb")
	addr := freeAddr(t)
	base = "http://" + addr
	conf := filepath.Join(dir, "influxdb.conf")
	write(t, conf, fmt.Sprintf(`reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "%[1]s/meta"
[data]
  dir = "%[1]s/data"
  wal-dir = "%[1]s/wal"
  index-version = "tsi1"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "%[2]s"
  log-enabled = false
`, dir, addr))
	p = stack.NewProcess("influxd", []string{binary, "-config", conf}, filepath.Join(dir, "log"), stack.Answers(base+"/ping"))
	start(t, p)
	resp, err := http.PostForm(base+"/query", url.Values{"q": {`CREATE DATABASE "plantroom"`}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal("create the database: ", resp.Status)
	}
	return p, base
}

// start starts a program for the length of a test.
func start(t *testing.T, p *stack.Process) {
	t.Helper()
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
}

func listens(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			c.Close()
		}
		return err
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := stack.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
