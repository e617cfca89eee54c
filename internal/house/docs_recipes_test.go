package house

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
	"plantroom/services/notify/webhook"
)

// only returns the one block of a kind on a page.
func only(t *testing.T, path, kind string) string {
	t.Helper()
	list := blocks(page{path, read(t, path)}, kind)
	if len(list) != 1 {
		t.Fatalf("%s has %d blocks of %s, want one", path, len(list), kind)
	}
	return list[0]
}

// output collects what a child prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// receiver builds the receiver of docs/dispatch.md and runs it on a free port.
func receiver(t *testing.T, secret []byte) (url string, out *output) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"main.go": only(t, "docs/dispatch.md", "go"),
		"go.mod":  "module receiver\n\ngo 1.26\n",
		"secret":  base64.StdEncoding.EncodeToString(secret) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "receiver", ".")
	build.Dir = dir
	if b, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the receiver of the guide does not build: %v\n%s", err, b)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	out = new(output)
	ctx, stop := context.WithCancel(context.Background())
	run := exec.CommandContext(ctx, filepath.Join(dir, "receiver"), filepath.Join(dir, "secret"), addr)
	run.Stdout, run.Stderr = out, out
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = run.Wait() })
	brokertest.Wait(t, 20*time.Second, "the receiver listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return "http://" + addr + "/", out
}

func TestTheReceiverInTheGuideTakesACallOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program: not with -short")
	}
	secret := bytes.Repeat([]byte("s"), 32)
	url, out := receiver(t, secret)
	channel := func(secret []byte, now func() plantroom.Instant) *webhook.Channel {
		c, err := webhook.New(webhook.Options{Secret: func(string) ([]byte, error) { return secret, nil }, Now: now,
			AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	send := func(c *webhook.Channel, id plantroom.MessageID, body string) error {
		return c.Send(t.Context(), plantroom.Call{ID: id, To: url, Body: json.RawMessage(body)})
	}
	ours := channel(secret, nil)
	for range 3 { // the first answer was lost, say
		if err := send(ours, "msg-1", `{"subject":"wo-000001"}`); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(ours, "msg-2", `{"subject":"wo-000002"}`); err != nil {
		t.Fatal(err)
	}
	yesterday := func() plantroom.Instant { return plantroom.At(time.Now().Add(-24 * time.Hour)) }
	for why, c := range map[string]*webhook.Channel{"forged": channel(bytes.Repeat([]byte("x"), 32), nil), "old": channel(secret, yesterday)} {
		if err := send(c, "msg-3", `{"subject":"wo-000003"}`); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("a call that is %s: %v, want 401", why, err)
		}
	}
	want := "{\"subject\":\"wo-000001\"}\n{\"subject\":\"wo-000002\"}\n"
	if got := out.String(); got != want {
		t.Errorf("the receiver took %q, want %q", got, want)
	}
}

// The access list in docs/operations.md, on a real mosquitto: a gateway speaks
// and listens for itself only, and the server hears and answers all.
func TestTheAccessListForMosquittoKeepsGatewaysApart(t *testing.T) {
	acl := filepath.Join(t.TempDir(), "acl")
	if err := os.WriteFile(acl, []byte(only(t, "docs/operations.md", "acl")), 0o600); err != nil {
		t.Fatal(err)
	}
	broker := brokertest.Mosquitto(t, "allow_anonymous true\nacl_file "+acl)
	heard := map[string]chan string{}
	client := func(user, filter string) *mqttconn.Conn {
		inbox := make(chan string, 16)
		heard[user] = inbox
		c, err := mqttconn.Connect(t.Context(), mqttconn.Options{URL: broker.URL(), ClientID: user + "-test", Username: user},
			mqttconn.Session{Handle: func(m paho.Message) { inbox <- m.Topic() + " " + string(m.Payload()); m.Ack() }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		if err := c.SubscribeAll(t.Context(), filter); err != nil {
			t.Fatal(err)
		}
		return c
	}
	server := client("plantroom", "plantroom/1/story/#")
	one, two := client("gw-b1", "plantroom/1/story/#"), client("gw-b2", "plantroom/1/story/#")
	say := func(c *mqttconn.Conn, topic, text string) {
		if err := c.SendAndWait(t.Context(), topic, false, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	up := func(g plantroom.GatewayID) string { return wire.Topic("story", g, wire.Up) }
	ack := func(g plantroom.GatewayID) string { return wire.Topic("story", g, wire.AckLeaf) }
	say(two, up("gw-b1"), "forged") // acknowledged by the broker, and heard by nobody
	say(two, ack("gw-b1"), "forged")
	file := func(g plantroom.GatewayID) string { return wire.Topic("story", g, wire.ConfigLeaf) }
	word := func(g plantroom.GatewayID) string { return wire.Topic("story", g, wire.AnswerLeaf) }
	say(two, file("gw-b1"), "forged")
	say(two, file("gw-b2"), "forged")
	say(two, word("gw-b1"), "forged")
	room := func(g plantroom.GatewayID) string { return wire.Topic("story", g, wire.SpoolLeaf) }
	say(two, room("gw-b1"), "forged")
	say(two, up("gw-b2"), "own")
	say(one, up("gw-b1"), "own")
	say(server, ack("gw-b1"), "for one")
	say(server, ack("gw-b2"), "for two")
	say(one, word("gw-b1"), "own")
	say(one, room("gw-b1"), "own")
	say(server, file("gw-b1"), "for one")
	say(server, file("gw-b2"), "for two")
	for user, want := range map[string][]string{
		"plantroom": {up("gw-b2") + " own", up("gw-b1") + " own", word("gw-b1") + " own", room("gw-b1") + " own"},
		"gw-b1":     {ack("gw-b1") + " for one", file("gw-b1") + " for one"},
		"gw-b2":     {ack("gw-b2") + " for two", file("gw-b2") + " for two"},
	} {
		for _, w := range want {
			select {
			case got := <-heard[user]:
				if got != w {
					t.Errorf("%s heard %q, want %q", user, got, w)
				}
			case <-time.After(5 * time.Second):
				t.Errorf("%s did not hear %q", user, w)
			}
		}
	}
}
