package integration

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"plantroom"
	"plantroom/sim/stack"
)

// newLift is an asset that a changed estate has.
const newLift = `  - {id: b1-l3, domain: lifts, kind: goods, building: b1, name: {en: "Lift 3, block 1"}, devices: [{id: b1-l3-box, gateway: gw-b1, model: lift-box, interval: 60s}]}
`

func TestAFaultyEstateChangesNothingAndAGoodOneCostsNoReading(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run reloads nothing; services/app does in its own tests")
	}
	h := open(t, plan{apart: true})
	h.learns("b1-l3-box", "b1-l3-box")
	good := h.read("estate.yaml")
	stop := h.stream()

	faults := []struct{ old, new, want string }{
		{"time_zone: Asia/Shanghai", "time_zone: Mars/Base", "time_zone"},
		{"{id: gw-b2, zone: b2-plant,", "{id: gw-b2, zoone: b2-plant,", "zoone"},
		{"kind: firefighters, building: b1,", "kind: rocket, building: b1,", "kind"},
	}
	for _, f := range faults {
		from := h.sofar(h.Server)
		text := h.change("estate.yaml", good, f.old, f.new)
		h.hangup(h.Server)
		h.logged(h.Server, from, "the running estate stays", fmt.Sprintf("estate.yaml:%d:", lineOf(t, text, f.new)), f.want)
	}
	two := strings.Replace(good, faults[0].old, "time_zone: 8", 1)
	from := h.sofar(h.Server)
	two = h.change("estate.yaml", two, faults[1].old, faults[1].new)
	h.hangup(h.Server)
	h.logged(h.Server, from, fmt.Sprintf("estate.yaml:%d:", lineOf(t, two, "time_zone: 8")))
	h.logged(h.Server, from, fmt.Sprintf("estate.yaml:%d:", lineOf(t, two, faults[1].new)))

	from = h.sofar(h.Server)
	after := "model: lift-box, interval: 60s}]}\n"
	h.change("estate.yaml", good, after, after+newLift)
	h.hangup(h.Server)
	h.logged(h.Server, from, "the changed estate is in force")
	h.say("b1-l3-box", map[string]any{"fault": "door_close_fault", "mode": "normal"})
	h.incident("lift.fault", "b1-l3")
	stop()
	h.audit(0)
}

func TestAGatewaysFaultyFileChangesNothingAndAGoodOneCostsNoReading(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run reloads nothing; gateway/app does in its own tests")
	}
	h := open(t, plan{apart: true})
	h.learns("b1-spare", "b1-l2-box")
	gateway := h.Gateways["gw-b1"]
	good := h.read("gw-b1.yaml")
	stop := h.stream()

	from := h.sofar(gateway)
	text := h.change("gw-b1.yaml", good, "client_id: gw-b1-zigbee", "klient_id: gw-b1-zigbee")
	text = h.change("gw-b1.yaml", text, "max: 256MiB", "max: 9")
	h.hangup(gateway)
	h.logged(gateway, from, fmt.Sprintf("line=%d ", lineOf(t, text, "klient_id")), "column=", "remedy=")
	h.logged(gateway, from, fmt.Sprintf("line=%d ", lineOf(t, text, "max: 9")), "column=", "remedy=")
	h.logged(gateway, from, "the gateway goes on as before", "faults=2")

	from = h.sofar(gateway)
	text = h.change("gw-b1.yaml", good, "family: plainjson", "family: zwave")
	h.hangup(gateway)
	h.logged(gateway, from, fmt.Sprintf("line=%d ", lineOf(t, text, "family: zwave")), "column=", "remedy=")

	from = h.sofar(gateway)
	rule := `      - {match: "b1-l*-box"}` + "\n"
	h.change("gw-b1.yaml", good, rule, rule+`      - {address: b1-spare, device: b1-l2-box}`+"\n")
	h.hangup(gateway)
	h.logged(gateway, from, "the file is at work", "parts_started=1")
	h.listening()
	h.say("b1-spare", map[string]any{"fault": "door_close_fault", "mode": "normal"})
	h.incident("lift.fault", "b1-l2")
	stop()
	within(t, soon, "the gateway tells of both", func(ctx context.Context) error {
		g, err := h.GatewayHealth(ctx, "gw-b1")
		if err != nil {
			return err
		}
		return unless(g.Reloads == 1 && g.Refused == 2, "%d files at work, %d refused", g.Reloads, g.Refused)
	})
	h.audit(0)
}

// learns tells the book whose readings come under an address.
func (h *house) learns(address string, device plantroom.DeviceID) {
	h.book.mu.Lock()
	defer h.book.mu.Unlock()
	h.book.devices[address] = device
}

// stream lets a box speak without a pause, until stop is called.
func (h *house) stream() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			topic, payload := box("b1-l1-box", time.Now(), map[string]any{"cycles": n})
			if err := h.publish(ctx, topic, payload); err != nil {
				ended <- err
				return
			}
		}
	}()
	h.t.Cleanup(cancel)
	h.hears(100)
	return func() {
		h.t.Helper()
		h.hears(100)
		cancel()
		if err := <-ended; ctx.Err() == nil {
			h.t.Error(err)
		}
	}
}

func (h *house) hangup(p *stack.Process) {
	h.t.Helper()
	if err := p.Signal(syscall.SIGHUP); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(name string) string {
	h.t.Helper()
	b, err := os.ReadFile(h.Path(name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// change writes a file of the stack with one thing changed in it.
func (h *house) change(name, text, from, to string) string {
	h.t.Helper()
	if !strings.Contains(text, from) {
		h.t.Fatalf("%s holds no %q", name, from)
	}
	text = strings.Replace(text, from, to, 1)
	write(h.t, h.Path(name), text)
	return text
}

// lineOf is the line on which a text first stands, from 1.
func lineOf(t *testing.T, text, what string) int {
	t.Helper()
	before, _, found := strings.Cut(text, what)
	if !found {
		t.Fatalf("no %q", what)
	}
	return strings.Count(before, "\n") + 1
}
