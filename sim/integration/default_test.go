package integration

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The default set-up: broker in the server, influxd as its child. A child does
// not survive its parent, or the next server could not have its files.
func TestTheServersInfluxDBDiesAndComesBackWithIt(t *testing.T) {
	h := open(t, plan{speed: 40, fast: true, story: busy})
	h.hears(60)
	for range 2 {
		before := h.children("influxd")
		h.Server.Kill()
		within(t, soon, "influxd has died with the server", func(context.Context) error {
			left := h.children("influxd")
			return unless(len(before) == 1 && len(left) == 0, "there was %q and is %q", before, left)
		})
		h.hears(60)
		h.back(h.Server)
		h.hears(60)
	}
	eachTroubleOnce(h)
	h.audit(0)
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

// An influxd that dies by itself is started again by the server, and nothing
// is lost.
func TestTheServersInfluxDBIsRestarted(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run kills the influxd that runs apart")
	}
	h := open(t, plan{speed: 40, fast: true, story: busy})
	for range 3 {
		h.hears(60)
		h.killChild("influxd")
		h.hears(60)
	}
	h.audit(0)
}

// killChild kills a program that one of ours has started.
func (h *house) killChild(word string) {
	h.t.Helper()
	for _, line := range h.children(word) {
		id, _, _ := strings.Cut(line, " ")
		pid, err := strconv.Atoi(id)
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGKILL)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
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
