package app_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// served is a gateway that takes configurations.
const served = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: BROKER}
mqtt:
  - {name: one, broker: BROKER, family: plainjson, prefix: one, devices: [{match: "*", interval: 1h}]}
remote: {keys: [server.pub], dir: remote, probation: 10s}
health: {listen: "127.0.0.1:0"}
`

var secret = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32))

func public(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(secret.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// send lets the services retain a configuration.
func send(t *testing.T, b brokertest.Broker, serial uint64, text string) {
	t.Helper()
	m, err := wire.SignConfig(wire.Config{Estate: "story", Gateway: "gw-b1", Serial: serial,
		Files: []wire.ConfigFile{{Name: "gateway.yaml", Body: []byte(strings.ReplaceAll(text, "BROKER", b.URL()))}}}, secret)
	if err != nil {
		t.Fatal(err)
	}
	c, err := mqttconn.Connect(t.Context(), mqttconn.Options{URL: b.URL(), ClientID: "office"}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendAndWait(t.Context(), wire.Topic("story", "gw-b1", wire.ConfigLeaf), true, m); err != nil {
		t.Fatal(err)
	}
}

// remote is what the health page says of configurations.
func (g *gateway) remote() (r struct {
	Running uint64
	Outcome string
	Detail  string
}) {
	g.t.Helper()
	h := struct{ Remote any }{&r}
	if err := json.Unmarshal([]byte(g.get("/health")), &h); err != nil {
		g.t.Fatal(err)
	}
	return r
}

func TestAConfigurationIsPutToWorkAndSurvivesAReloadOfTheOwnFile(t *testing.T) {
	b := brokertest.NewMochi(t)
	listen(t, b)
	g := startWith(t, served, b, map[string]string{"server.pub": public(t)})
	two := strings.Replace(served, "remote:", `  - {name: two, broker: BROKER, family: plainjson, prefix: two, devices: [{match: "*"}]}`+"\nremote:", 1)
	send(t, b, 1, two)
	wait(t, "it is proven, without a reading", func() bool { return g.remote().Outcome == "applied" })
	if n := len(g.state().Sources); n != 2 {
		t.Errorf("%d sources, want two", n)
	}
	send(t, b, 2, strings.Replace(two, "family: plainjson", "family: zwave", 1))
	wait(t, "a faulty one is refused", func() bool {
		r := g.remote()
		return r.Outcome == "refused" && r.Running == 1 && strings.Contains(r.Detail, "gateway.yaml:6:")
	})
	reloads := g.state().Reloads
	g.write(strings.Replace(served, `"*"`, `"b1-*"`, 1), b)
	g.reload <- struct{}{}
	wait(t, "the own file is read again", func() bool { return g.state().Reloads == reloads+1 })
	if r := g.remote(); r.Running != 1 || len(g.state().Sources) != 2 {
		t.Errorf("after a reload %d runs", r.Running)
	}
	g.write(strings.Replace(served, "probation: 10s", "probation: 20s", 1), b)
	refused := g.state().Refused
	g.reload <- struct{}{}
	wait(t, "another remote wants a restart", func() bool { return g.state().Refused == refused+1 })
	if m := g.get("/metrics"); !strings.Contains(m, "plantroom_gateway_remote_running 1\n") || !strings.Contains(m, "plantroom_gateway_remote_probation 0\n") {
		t.Error("the metrics do not tell")
	}
}

func TestADeviceThatIsQuietForTooLongIsNamed(t *testing.T) {
	b := brokertest.NewMochi(t)
	listen(t, b)
	g := start(t, strings.Replace(twoSources, `[{match: "*"}]`, `[{address: never, device: b1-never, interval: 10ms}, {address: often, device: b1-often, interval: 24h}]`, 1), b)
	wait(t, "the device that was never heard is overdue", func() bool {
		h := g.state()
		return h.Devices.Overdue == 1 && h.Devices.List[0].Device == "b1-never" && strings.Contains(strings.Join(h.Problems, " "), "b1-never of source/one, which is to be heard every 10ms")
	})
	m := g.get("/metrics")
	for _, want := range []string{`plantroom_gateway_device_overdue{source="source/one",device="b1-never"} 1`, `plantroom_gateway_device_overdue{source="source/one",device="b1-often"} 0`,
		`plantroom_gateway_device_interval_seconds{source="source/one",device="b1-often"} 86400`} {
		if !strings.Contains(m, want+"\n") {
			t.Errorf("the metrics do not say %s", want)
		}
	}
}
