package integration

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
)

// A gateway is given its file over the network: a good one is put to work, a
// faulty one comes back with its line, one that cuts the gateway off is taken
// back, and none of it costs a reading.
func TestAGatewayIsConfiguredOverTheNetworkAndComesBackWhereThatCutsItOff(t *testing.T) {
	h := open(t, plan{apart: true})
	h.learns("b1-spare", "b1-l2-box")
	gateway := h.Gateways["gw-b1"]
	key, err := exec.CommandContext(t.Context(), program("plantroom"), "key", "gateway-config", h.Path("plantroom.yaml")).Output()
	if err != nil {
		t.Fatal(err)
	}
	write(t, h.Path("server.pub"), string(key))
	file := h.read("gw-b1.yaml") + "remote: {keys: [server.pub], dir: remote-gw-b1, probation: 15s}\n"
	write(t, h.Path("gw-b1.yaml"), file)
	gateway.Stop()
	h.back(gateway)
	stop := h.stream()

	// A good one.
	const rule = `      - {match: "b1-l*-box"}` + "\n"
	good := strings.Replace(file, rule, rule+"      - {address: b1-spare, device: b1-l2-box}\n", 1)
	if code, said := h.configure(good); code != 0 || !strings.Contains(said, "gw-b1: applied") {
		t.Fatalf("a good file: exit code %d, %s", code, said)
	}
	h.listening()
	h.say("b1-spare", map[string]any{"fault": "door_close_fault", "mode": "normal"})
	h.incident("lift.fault", "b1-l2")

	// A faulty one.
	faulty := strings.Replace(good, "family: plainjson", "family: zwave", 1)
	if code, said := h.configure(faulty); code != 1 || !strings.Contains(said, "gw-b1: refused") ||
		!strings.Contains(said, fmt.Sprintf("gateway.yaml:%d:", lineOf(t, faulty, "family: zwave"))) {
		t.Errorf("a faulty file: exit code %d, %s", code, said)
	}

	// One that cuts the gateway off.
	off := strings.Replace(good, h.uplink.url, "tcp://"+freeAddr(t), 1)
	if code, said := h.configure(off); code != 1 || !strings.Contains(said, "gw-b1: pending") || !strings.Contains(said, "gw-b1: reverted") ||
		!strings.Contains(said, "the uplink was not connected within 15s") {
		t.Errorf("a file that cuts it off: exit code %d, %s", code, said)
	}
	h.say("b1-spare", map[string]any{"cycles": 7}) // by the good one

	// What a wiped broker has lost is there again, and changes nothing.
	h.uplink.saved(t, []string{"config"})
	h.uplink.Kill()
	h.uplink.wipe(t)
	h.back(h.uplink.Process)
	within(t, reconnected, "the configuration is retained again", h.retained)
	gateway.Kill()
	h.back(gateway)
	h.say("b1-spare", map[string]any{"cycles": 8})
	stop()
	h.audit(0)
}

// configure does what an operator does, and returns what that says.
func (h *house) configure(text string) (code int, said string) {
	h.t.Helper()
	file := filepath.Join(h.dir, "sent", "gateway.yaml")
	write(h.t, file, text)
	out, err := exec.CommandContext(h.t.Context(), program("plantroom"), "configure", "--wait", "3m", h.Path("plantroom.yaml"), "gw-b1", file).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), string(out)
	case err != nil:
		h.t.Fatal(err)
	}
	return 0, string(out)
}

// retained asks the broker for the configuration of gw-b1.
func (h *house) retained(ctx context.Context) error {
	got := make(chan []byte, 1)
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: h.uplink.url, ClientID: "auditor"}, mqttconn.Session{Handle: func(m paho.Message) {
		select {
		case got <- m.Payload():
		default:
		}
		m.Ack()
	}})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SubscribeAll(ctx, wire.Topic(h.Estate.ID, "gw-b1", wire.ConfigLeaf)); err != nil {
		return err
	}
	// Only what the broker had retained comes at once; SubscribeAll has its
	// acknowledgement before or after it.
	ctx, cancel := context.WithTimeout(ctx, soon/10)
	defer cancel()
	select {
	case b := <-got:
		_, err := wire.DecodeConfig(b)
		return err
	case <-ctx.Done():
		return errors.New("nothing is retained")
	}
}
