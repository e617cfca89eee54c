// Package brokertest runs MQTT brokers for tests on loopback: mochi in the
// process, and mosquitto as a child. Both can be stopped, wiped and started
// again on the same port. It is for tests only and asserts nothing itself.
package brokertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom/internal/parts"
)

// Broker is a broker that a test can stop and start.
type Broker interface {
	URL() string
	Addr() string
	// Stop ends it. What it holds in memory is gone; mosquitto's database
	// stays where its configuration keeps one.
	Stop()
	Start()
	// Cut ends a client's connection without its goodbye, as a network does
	// that fails: the broker publishes the client's will.
	Cut(client string)
}

// Wait polls until done holds, and fails the test after limit.
func Wait(t testing.TB, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s still not: %s", limit, what)
		}
	}
}

// freeAddr returns a loopback address that nobody listens on at the moment.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// mosquitto is a child process.
type mosquitto struct {
	t    testing.TB
	addr string
	conf string
	cmd  *exec.Cmd
}

// MosquittoBinary finds mosquitto, or ends the test as parts.Program does.
func MosquittoBinary(t testing.TB) string {
	t.Helper()
	return parts.Program(t, "mosquitto", "mosquitto")
}

// Mosquitto starts a real mosquitto with a configuration (the listener is
// added), or ends the test where it is not installed. It ends with the test.
func Mosquitto(t testing.TB, conf string) Broker {
	t.Helper()
	path := MosquittoBinary(t)
	m := &mosquitto{t: t, addr: freeAddr(t), conf: filepath.Join(t.TempDir(), "mosquitto.conf")}
	host, port, _ := net.SplitHostPort(m.addr)
	text := fmt.Sprintf("listener %s %s\nuser root\n%s\n", port, host, conf)
	if err := os.WriteFile(m.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.cmd = exec.Command(path, "-c", m.conf)
	m.Start()
	t.Cleanup(m.Stop)
	return m
}

func (m *mosquitto) Addr() string { return m.addr }
func (m *mosquitto) URL() string  { return "tcp://" + m.addr }

func (m *mosquitto) Start() {
	m.t.Helper()
	log, err := os.OpenFile(m.conf+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer log.Close()
	m.cmd = exec.Command(m.cmd.Path, m.cmd.Args[1:]...)
	m.cmd.Stdout, m.cmd.Stderr = log, log
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	Wait(m.t, time.Minute, "mosquitto listens on "+m.addr, func() bool {
		c, err := net.Dial("tcp", m.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// Cut connects once under the client's id with a clean session, which throws it
// out. (One that goes on with its session would be no loss to mosquitto.)
func (m *mosquitto) Cut(client string) {
	m.t.Helper()
	o := mqtt.NewClientOptions().AddBroker(m.URL()).SetClientID(client).SetAutoReconnect(false)
	rival := mqtt.NewClient(o)
	token := rival.Connect()
	if !token.WaitTimeout(time.Minute) || token.Error() != nil {
		m.t.Fatalf("nobody can be connected as %s: %v", client, token.Error())
	}
	rival.Disconnect(250)
}

// Stop kills it: nothing is written in an orderly way.
func (m *mosquitto) Stop() {
	if m.cmd == nil || m.cmd.Process == nil || m.cmd.ProcessState != nil {
		return
	}
	_ = m.cmd.Process.Kill() // it may have ended by itself
	_ = m.cmd.Wait()         // reports the kill
}
