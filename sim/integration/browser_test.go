package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/internal/parts"
	"plantroom/services/influxd"
)

// frontEnd is where the plugin's front end is built and its browser's harness lies.
const frontEnd = "../../dashboards/datasource"

// browser lets a real browser with the shipped front end ask through the whole
// chain: HTTP, host, gRPC, plugin, Plantroom; and InfluxDB directly. What it
// checks is in the harness's chain.mjs. With PLANTROOM_PICTURES, the root of the
// sources, it draws the boards instead (make board-pictures).
func (g *grafana) browser(t *testing.T) {
	for what, file := range map[string]string{"the packages of the plugin's front end": "node_modules/.installed-from", "the built front end": "dist/module.js"} {
		if _, err := os.Stat(filepath.Join(frontEnd, file)); err != nil {
			parts.Absent(t, what+" are not there; get them with: PLUGIN_FRONT_STEPS=\"install build\" scripts/plugin-front")
		}
	}
	node := parts.Program(t, "node", "nodejs")
	parts.Program(t, "chromium", "chromium")
	url, token, err := influxd.Known(g.Path("data/influxdb"))
	if err != nil {
		t.Fatal(err)
	}
	stranger := filepath.Join(g.dir, "stranger-token")
	write(t, stranger, strings.Repeat("another", 6)+"\n")
	harness := func(script string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), node, append([]string{"harness/" + script, "--grafana", g.base, "--influx", url}, args...)...)
		cmd.Dir, cmd.Env = frontEnd, append(os.Environ(), "PLANTROOM_INFLUX_TOKEN="+token)
		began := time.Now()
		out, err := cmd.CombinedOutput()
		t.Logf("%s, %.0f s:\n%s", script, time.Since(began).Seconds(), out)
		if err != nil {
			t.Errorf("%s: %v", script, err)
		}
	}
	if root := os.Getenv("PLANTROOM_PICTURES"); root != "" {
		harness("sheets.mjs", "--out", filepath.Join(root, "docs/pictures/boards"), "--img", filepath.Join(root, "dashboards/datasource/src/img"))
		return
	}
	harness("run.mjs", "--refused", g.hosted(t, stranger))
}
