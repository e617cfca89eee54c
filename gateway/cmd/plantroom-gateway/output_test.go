package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/internal/mqttconn/brokertest"
)

// The gateway is another process, which is killed: what a person has ordered is
// known to the next one.
func TestAnOrderOnTheCommandLineOutlivesAKill(t *testing.T) {
	dir := t.TempDir()
	b := brokertest.NewMochi(t)
	g := write(t, dir, b.URL(), "")
	text := fmt.Sprintf("gateway: gw-b1\nestate: story\nspool: {dir: spool}\nuplink: {broker: %q}\nhealth: {listen: %q}\n"+
		"outputs:\n  - {name: riser, device: b1-valve, kind: valve, pin: GPIO-none, closes: on}\n  - {name: fire, device: b1-fire, kind: valve, main: fire, pin: GPIO-none-2, closes: on}\n",
		b.URL(), g.health)
	if err := os.WriteFile(g.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.start()
	order := func(code int, want string, args ...string) {
		t.Helper()
		var out, errs bytes.Buffer
		got := run(append([]string{"output", g.file}, args...), &out, &errs)
		if all := out.String() + errs.String(); got != code || !strings.Contains(all, want) {
			t.Fatalf("%v: code %d, said %q; want %d, %q", args, got, all, code, want)
		}
	}
	order(exitOK, "riser goes to closed, by person until 2", "riser", "close", "--for", "1h")
	order(exitFailed, "feeds a fire main", "fire", "close")
	order(exitUsage, "there is no output", "flat", "close")
	order(exitUsage, "use open or closed", "riser", "on")
	if _, err := os.Stat(filepath.Join(dir, "spool", "reflex.json")); err != nil {
		t.Error(err)
	}
	g.kill()
	g.start()
	order(exitOK, "riser goes to open, by person until somebody gives it back", "riser", "open")
	g.kill()
	g.start()
	order(exitOK, "riser goes to open, by rest", "riser", "auto")
}
