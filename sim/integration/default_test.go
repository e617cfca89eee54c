package integration

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"plantroom"
)

// The demonstration's stack, which is the default set-up: the broker is in the
// server, influxd is its child, and each building has a gateway. The broker of
// the devices is in the process that plays the estate, here as there.
func TestOfTheDemosStackEachPartIsKilledAndNothingIsLostOrHappensTwice(t *testing.T) {
	h := open(t, plan{speed: 40, fast: true, story: busy})
	for range 2 {
		for _, g := range h.Estate.Gateways {
			h.killGateway(g.ID)
		}
		h.killServer()
		h.killInfluxd()
	}
	eachTroubleOnce(h)
	h.audit(0)
}

// killGateway kills a gateway in the midst of its devices' messages. They are
// quiet while it comes back: a broker of this kind loses what it is given in
// the moment in which it hands a kept session to the new connection.
func (h *house) killGateway(id plantroom.GatewayID) {
	h.t.Helper()
	h.hears(60)
	h.tell(h.clock.Now(), "the test", "kills "+string(id))
	h.Gateways[id].Kill()
	h.hears(60)
	again := h.hush()
	defer again()
	h.back(h.Gateways[id])
}

// killServer kills the server, and with it its broker. Its influxd must not
// survive it, or the next server could not have its files.
func (h *house) killServer() {
	h.t.Helper()
	h.hears(60)
	h.child("influxd", 0)
	h.tell(h.clock.Now(), "the test", "kills the server")
	h.Server.Kill()
	within(h.t, soon, "influxd has died with the server", func(context.Context) error {
		left := h.children("influxd")
		return unless(len(left) == 0, "there still is %q", left)
	})
	h.hears(60)
	h.back(h.Server)
}

// killInfluxd kills the server's child, and waits until there is another.
func (h *house) killInfluxd() {
	h.t.Helper()
	h.hears(60)
	pid := h.child("influxd", 0)
	h.tell(h.clock.Now(), "the test", "kills influxd")
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		h.t.Fatal(err)
	}
	h.hears(60)
	h.child("influxd", pid)
}

// child waits until exactly one program with a name runs that is not the old
// one, and returns its process id.
func (h *house) child(name string, old int) (pid int) {
	h.t.Helper()
	within(h.t, soon, "one new "+name+" runs", func(context.Context) error {
		all := h.children(name)
		if len(all) != 1 {
			return fmt.Errorf("there are %d: %q", len(all), all)
		}
		id, _, _ := strings.Cut(all[0], " ")
		var err error
		pid, err = strconv.Atoi(id)
		return errors.Join(err, unless(pid != old, "it is still the old one, %d", pid))
	})
	return pid
}

// SIGTERM ends everything that a program has started, in order. The checks
// that nothing is left behind are in open and audit.
func TestAStoppedStackLeavesNoProcess(t *testing.T) {
	h := open(t, plan{})
	h.say("b1-l1-box", map[string]any{"fault": "none", "mode": "normal"})
	h.arrived()
	h.Stop()
	if left := h.children(""); len(left) > 0 {
		t.Errorf("these still run: %q", left)
	}
	h.stoppedInOrder()
}

// children lists the programs of this house with a name; "": all of them.
func (h *house) children(name string) []string {
	h.t.Helper()
	all, err := processes(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(line string) bool {
		return name != "" && filepath.Base(strings.Fields(line)[1]) != name
	})
}
